/**
 * The tools `list_prompts` and `get_prompt`.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Catalog,
  type Content,
  type PluginContext,
  type PromptListing,
  type PromptResult,
  rankCompletions,
  toolResult,
} from "../../kernel/mod.ts";
import { pageOf, pageText } from "./pages.ts";

/** Names of the tools. */
export const PROMPT_TOOLS: readonly string[] = Object.freeze(["list_prompts", "get_prompt"]);

/** Registers the tools. */
export function registerPromptTools(tool: PluginContext["tool"], catalog: Catalog): void {
  registerList(tool, catalog);
  registerGet(tool, catalog);
}

function registerList(tool: PluginContext["tool"], catalog: Catalog): void {
  tool({
    name: "list_prompts",
    description: "List the prompts that get_prompt gives, with their arguments.",
    input: v.strictObject({
      query: v.optional(v.pipe(v.string(), v.description("Words in the name or description")), ""),
      cursor: v.optional(v.string(), ""),
    }),
    annotations: { title: "List prompts", readOnlyHint: true },
    run: ({ query, cursor }, call) => {
      const page = pageOf(catalog.listPrompts(call), {
        query,
        cursor,
        key: ({ name }) => name,
        texts: ({ name, title, description }) => [name, title, description],
      });
      const empty = query.trim() === "" ? "There are no prompts" : `No prompt matches "${query}"`;
      return toolResult({
        content: [{ type: "text", text: pageText(page, { line: lineOf, empty }) }],
        structuredContent: {
          prompts: page.items.map(({ icons: _icons, _meta, ...item }) => item),
          ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
        },
      });
    },
  });
}

function lineOf({ name, description, arguments: args }: PromptListing): string {
  const names = args.map((it) => it.required ? it.name : `${it.name}?`);
  return `${name}(${names.join(", ")}) ${description.split("\n")[0]}`;
}

function registerGet(tool: PluginContext["tool"], catalog: Catalog): void {
  tool({
    name: "get_prompt",
    description: "Get the messages of a prompt.",
    input: v.strictObject({
      name: v.string(),
      arguments: v.optional(v.record(v.string(), v.unknown()), {}),
    }),
    annotations: { title: "Get a prompt", readOnlyHint: true },
    complete: (argument, value, call) =>
      argument === "name" ? rankCompletions(value, catalog.listPrompts(call).map(({ name }) => name)) : [],
    run: async ({ name, arguments: args }, call) => {
      const { description, messages } = await catalog.renderPrompt(name, toTexts(args), call);
      return toolResult({
        content: toContent(messages),
        structuredContent: { ...(description !== undefined && { description }), messages },
      });
    },
  });
}

// as `prompts/get` has them; models do not always write a number as text
function toTexts(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function toContent(messages: PromptResult["messages"]): Content[] {
  const isTalk = messages.length > 1 || messages.some(({ role }) => role !== "user");
  return messages.flatMap(({ role, content }): Content[] =>
    isTalk ? [{ type: "text", text: `[${role}]` }, content] : [content]
  );
}
