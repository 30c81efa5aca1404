/**
 * The tools of the library itself: list, search, call and delete; that of versions is in a module of its own.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  didYouMean,
  type JsonObject,
  type PluginContext,
  rankCompletions,
  type Toolbox,
  ToolError,
  toolResult,
} from "../../kernel/mod.ts";
import type { ToolLibrary } from "./contract.ts";
import {
  BUILT_IN,
  type Described,
  entryOf,
  foundText,
  KINDS,
  listText,
  searchableOf,
  type ToolEntry,
} from "./listing.ts";
import { rank } from "./search.ts";
import { allVersions, registerVersion } from "./version_tool.ts";

/** What the tools need. */
export interface ToolsContext {
  readonly tool: PluginContext["tool"];
  readonly library: ToolLibrary & { refresh(): Promise<void> };
  readonly toolbox: Toolbox;
}

const Entry = v.object({
  name: v.string(),
  kind: v.string(),
  version: v.optional(v.string()),
  description: v.string(),
  tags: v.optional(v.array(v.string())),
  interpreter: v.optional(v.string()),
  state: v.picklist(["ready", "unavailable", "broken"]),
  reason: v.optional(v.string()),
  input_schema: v.optional(v.record(v.string(), v.unknown())),
  output_schema: v.optional(v.record(v.string(), v.unknown())),
});
const Entries = v.object({ tools: v.array(Entry) });

const SCHEMAS = v.optional(
  v.pipe(v.boolean(), v.description("Also give their schemas")),
  false,
);
const READS = { readOnlyHint: true, openWorldHint: false } as const;

/** Registers the tools. */
export function registerTools(context: ToolsContext): void {
  registerList(context);
  registerSearch(context);
  registerCall(context);
  registerDelete(context);
  registerVersion(context);
}

function registerList({ tool, library, toolbox }: ToolsContext): void {
  tool({
    name: "list_tools",
    description: "List the tools that were made at run time, by kind, with those that are broken or not available.",
    input: v.strictObject({
      filter: v.optional(v.pipe(
        v.string(),
        v.description(`Only this kind: script, wasm, pipeline, mcp, or ${BUILT_IN}: those that came with the server`),
      )),
      search: v.optional(v.pipe(v.string(), v.description("Only tools that these words match"))),
      schemas: SCHEMAS,
    }),
    output: Entries,
    annotations: { title: "List tools", ...READS },
    complete: (argument, value) => argument === "filter" ? rankCompletions(value, KINDS) : [],
    run: async ({ filter, search = "", schemas }) => {
      const all = filter === BUILT_IN
        ? builtIn(await describeAll(library, toolbox))
        : await describeMade(library, toolbox);
      const matching = search.trim() === "" ? all : found(search, all);
      const tools = matching.map((it) => entryOf(it, schemas)).filter((it) => it.kind === (filter ?? it.kind));
      const which = filter === undefined ? "" : ` of kind "${filter}"`;
      const empty = search.trim() === ""
        ? `There are no tools${which} yet. Make one with \`register_script\`.`
        : `No tool${which} matches "${search}".`;
      return answer(listText(tools, empty), tools);
    },
  });
}

function registerSearch({ tool, library, toolbox }: ToolsContext): void {
  tool({
    name: "search_tools",
    description:
      "Find tools by what they do, among all that can be called: made at run time or built in, listed or not.",
    input: v.strictObject({
      query: v.pipe(v.string(), v.trim(), v.minLength(1), v.description("Such as: resize an image")),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 10),
      schemas: SCHEMAS,
    }),
    output: Entries,
    annotations: { title: "Search tools", ...READS },
    run: async ({ query, limit, schemas }) => {
      const all = (await describeAll(library, toolbox)).filter((it) => it.summary !== undefined);
      const tools = found(query, all).slice(0, limit).map((it) => entryOf(it, schemas));
      if (tools.length > 0) return answer(foundText(tools), tools);
      const near = didYouMean(query, all.map((it) => it.summary?.name ?? ""));
      return answer(`No tool matches "${query}"${near === "" ? "; try other words, or `list_tools`" : near}`, tools);
    },
  });
}

function registerCall({ tool, library, toolbox }: ToolsContext): void {
  tool({
    name: "call_tool",
    description: "Call any tool by its name, also one that your list of tools does not show, such as one just made. " +
      'Example: `{"tool_name": "adder", "arguments": {"a": 1, "b": 2}}`.',
    // written out: a record of valibot takes lists as well
    input: {
      type: "object",
      properties: {
        tool_name: { type: "string", description: "As search_tools and list_tools give it" },
        arguments: {
          type: ["object", "string"],
          description: "An object as the tool's input schema wants it, or one written as JSON text",
          default: {},
        },
        version: {
          type: "string",
          description: "Of a tool made at run time, as `version` lists them; the current one by default",
        },
      },
      required: ["tool_name"],
      additionalProperties: false,
    },
    annotations: { title: "Call a tool", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    complete: async (argument, value) => {
      if (argument === "tool_name") return rankCompletions(value, toolbox.list().map((it) => it.name));
      return argument === "version" ? rankCompletions(value, await allVersions(library)) : [];
    },
    run: async ({ tool_name, arguments: given = {}, version }, call) => {
      const name = tool_name as string;
      const args = readArguments(name, given);
      if (version !== undefined) return await library.callVersion(name, version as string, { args, call });
      await assertCallable(name, { library, toolbox });
      return toolResult(await toolbox.call(name, args, call));
    },
  });
}

/** Makes sure that a name can be called; a tool that another server made meanwhile is found here. */
async function assertCallable(name: string, { library, toolbox }: Omit<ToolsContext, "tool">): Promise<void> {
  if (toolbox.get(name) !== undefined) return;
  await library.refresh();
  const stored = library.get(name);
  if (stored === undefined || stored.state === "ready") return;
  throw new ToolError(`Cannot call "${name}": the tool is ${stored.state}: ${stored.reason}`);
}

function readArguments(name: string, given: unknown): JsonObject {
  const value = typeof given === "string" ? parseArguments(name, given) : given;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ToolError(`Cannot call "${name}": "arguments" is no object`);
}

function parseArguments(name: string, text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ToolError(`Cannot call "${name}": "arguments" is a text that is not JSON; pass an object`, {
      cause: error,
    });
  }
}

function registerDelete({ tool, library, toolbox }: ToolsContext): void {
  tool({
    name: "delete_tool",
    description:
      "Delete a tool that was made at run time, with its versions and memory. It is kept in a trash for some days, and " +
      "its name is free at once.",
    input: v.strictObject({ tool_name: v.string() }),
    output: v.object({ deleted: v.string(), trash: v.string(), kept_until: v.string() }),
    annotations: { title: "Delete a tool", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    complete: async (argument, value) =>
      argument === "tool_name" ? rankCompletions(value, (await library.list()).map((it) => it.name)) : [],
    run: async ({ tool_name: name }, call: Call) => {
      call.signal.throwIfAborted();
      const removed = await library.remove(name);
      if (removed === undefined) throw new ToolError(await whyNotDeleted(name, { library, toolbox }));
      const keptUntil = removed.keptUntil.toISOString();
      return toolResult({
        content: [{
          type: "text",
          text: `Deleted tool "${name}". Until ${
            keptUntil.slice(0, 10)
          } it is kept in ${library.path}/${removed.trash}`,
        }],
        structuredContent: { deleted: name, trash: removed.trash, kept_until: keptUntil },
      });
    },
  });
}

async function whyNotDeleted(name: string, { library, toolbox }: Omit<ToolsContext, "tool">): Promise<string> {
  const summary = toolbox.get(name);
  if (summary !== undefined) {
    return `Cannot delete "${name}": it came with plugin "${summary.owner}"; only tools made at run time can be deleted`;
  }
  const names = (await library.list()).map((it) => it.name);
  return `Cannot delete "${name}": no tool of that name was made at run time${didYouMean(name, names)}`;
}

async function describeMade(library: ToolLibrary, toolbox: Toolbox): Promise<Described[]> {
  return (await library.list()).map((stored) => ({
    stored,
    summary: stored.state === "ready" ? toolbox.get(stored.name) : undefined,
  }));
}

async function describeAll(library: ToolLibrary, toolbox: Toolbox): Promise<Described[]> {
  const stored = new Map((await library.list()).filter((it) => it.state === "ready").map((it) => [it.name, it]));
  return toolbox.list().map((summary) => ({ stored: stored.get(summary.name), summary }));
}

function builtIn(tools: readonly Described[]): Described[] {
  return tools.filter((it) => it.stored === undefined);
}

function found(query: string, tools: readonly Described[]): Described[] {
  const items = tools.map((described) => ({ ...searchableOf(described), described }));
  return rank(query, items).map(({ item }) => item.described);
}

function answer(text: string, tools: readonly ToolEntry[]) {
  return toolResult({ content: [{ type: "text", text }], structuredContent: { tools } });
}
