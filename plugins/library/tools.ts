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
  relay,
  type Toolbox,
  ToolError,
  toolResult,
} from "../../kernel/mod.ts";
import type { CandidateSource, SkillCandidate, ToolLibrary } from "./contract.ts";
import { FORMAT_PARAMETERS, type FoundTools, foundTools } from "./declared_answer.ts";
import { BUILT_IN, candidatesText, entryOf, foundText, isAdded, KINDS, listText, SKILL } from "./listing.ts";
import { describeTools, ToolSearch } from "./search.ts";
import { allVersions, registerVersion } from "./version_tool.ts";

/** What the tools need. */
export interface ToolsContext {
  readonly tool: PluginContext["tool"];
  readonly library: ToolLibrary & {
    readonly candidates: ReadonlySet<CandidateSource>;
    refresh(): Promise<void>;
  };
  readonly toolbox: Toolbox;
}

interface SearchContext extends ToolsContext {
  readonly tools: ToolSearch;
}

const Entry = v.object({
  name: v.string(),
  kind: v.string(),
  namespace: v.optional(v.string()),
  skill_name: v.optional(v.string()),
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
const Found = v.object({
  // one of the two, by the format that was asked for
  tools: v.optional(v.array(Entry)),
  declarations: v.optional(v.string()),
  skill_candidates: v.optional(v.array(v.looseObject({}))),
});

const SCHEMAS = v.optional(
  v.pipe(v.boolean(), v.description("Also give their schemas")),
  false,
);
const READS = { readOnlyHint: true, openWorldHint: false } as const;

/** Registers the tools. */
export function registerTools(context: ToolsContext): void {
  const tools = new ToolSearch(context);
  registerList({ ...context, tools });
  registerSearch({ ...context, tools });
  registerCall(context);
  registerDelete(context);
  registerVersion(context);
}

function registerList({ tool, library, toolbox, tools: search }: SearchContext): void {
  tool({
    name: "list_tools",
    description: "List the tools that were made or imported, by kind, with those that are broken or not available.",
    input: v.strictObject({
      filter: v.optional(v.pipe(
        v.string(),
        v.description(
          `Only this kind: script, wasm, pipeline, mcp, ${SKILL} or ${BUILT_IN}`,
        ),
      )),
      search: v.optional(v.pipe(v.string(), v.description("Only tools that these words match"))),
      schemas: SCHEMAS,
    }),
    output: Entries,
    annotations: { title: "List tools", ...READS },
    complete: (argument, value) => argument === "filter" ? rankCompletions(value, KINDS) : [],
    run: async ({ filter, search: query = "", schemas }) => {
      const wantsAdded = filter !== BUILT_IN && filter !== SKILL;
      const all = query.trim() !== "" ? await search.find(query) : describeTools(await library.list(), toolbox);
      const wanted = all.filter((it) => isAdded(it) === wantsAdded);
      const tools = wanted.map((it) => entryOf(it, schemas)).filter((it) => it.kind === (filter ?? it.kind));
      const which = filter === undefined ? "" : ` of kind "${filter}"`;
      const empty = query.trim() === ""
        ? `There are no tools${which} yet. Make one with \`register_script\`.`
        : `No tool${which} matches "${query}".`;
      return answer(listText(tools, empty), { tools });
    },
  });
}

function registerSearch({ tool, library, toolbox, tools: search }: SearchContext): void {
  tool({
    name: "search_tools",
    description:
      "Find tools by what they do, among all that can be called: made at run time or built in, listed or not.",
    input: v.strictObject({
      query: v.pipe(v.string(), v.trim(), v.minLength(1), v.description("Such as: resize an image")),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 10),
      schemas: SCHEMAS,
      include_unloaded_skills: v.optional(
        v.pipe(v.boolean(), v.description("Also find skills whose tools come with load_skill")),
        true,
      ),
      ...FORMAT_PARAMETERS,
    }),
    output: Found,
    annotations: { title: "Search tools", ...READS },
    run: async ({ query, limit, schemas, include_unloaded_skills: withSkills, format, detail }, call) => {
      const best = (await search.find(query)).filter((it) => it.summary !== undefined).slice(0, limit);
      const candidates = withSkills
        ? candidatesOf(library.candidates, query, { limit: Math.ceil(limit / 2), call })
        : [];
      const tools = foundTools(best, { format, detail, schemas, toolbox });
      const found = { ...tools, ...(candidates.length > 0 && { skill_candidates: candidates }) };
      const texts = [tools.declarations ?? foundText(tools.tools), candidatesText(candidates)].filter((it) =>
        it !== ""
      );
      if (texts.length > 0) return answer(texts.join("\n\n"), found);
      const near = didYouMean(query, toolbox.list().map((it) => it.name));
      return answer(`No tool matches "${query}"${near === "" ? "; try other words, or `list_tools`" : near}`, found);
    },
  });
}

function candidatesOf(
  sources: Iterable<CandidateSource>,
  query: string,
  options: { readonly limit: number; readonly call: Call },
): readonly SkillCandidate[] {
  return [...sources].flatMap((source) => source.search(query, options)).slice(0, options.limit);
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
      const passed = relay(call, name);
      if (version !== undefined) return await library.callVersion(name, version as string, { args, call: passed });
      await assertCallable(name, { library, toolbox });
      return toolResult(await toolbox.call(name, args, passed));
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

function answer(text: string, found: FoundTools) {
  return toolResult({ content: [{ type: "text", text }], structuredContent: found });
}
