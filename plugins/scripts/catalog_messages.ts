/**
 * The messages of the script protocol about what the server has: resources, prompts, tools, and what completes their
 * arguments; and about the client's roots. A script sees what the client of its call sees.
 *
 * @module
 */
import {
  type CompletionRef,
  type JsonObject,
  type ResourceContents,
  ToolError,
  type ToolSummary,
} from "../../kernel/mod.ts";
import type { MessageHost, Request } from "./message_host.ts";
import { InvalidParams, readObject, readOptional, readText } from "./params.ts";

/** As many as MCP lets a completion have. */
const MOST_VALUES = 100;

/** The messages, by method. */
export const CATALOG_REQUESTS: readonly (readonly [string, Request])[] = [
  ["resources/list", async (_, host) => ({ resources: described(await host.catalog.listResources(host.call), host) })],
  [
    "resources/templates/list",
    (_, host) => ({ resourceTemplates: described(host.catalog.listTemplates(host.call), host) }),
  ],
  ["resources/read", async (params, host) => ({ contents: described(await readResource(params, host), host) })],
  ["prompts/list", (_, { catalog, call }) => ({ prompts: catalog.listPrompts(call) })],
  [
    "prompts/get",
    async (params, { catalog, call }) => ({
      ...await catalog.renderPrompt(
        readText(params, "name"),
        readOptional(params, "arguments", readObject) ?? {},
        call,
      ),
    }),
  ],
  ["tools/list", listTools],
  ["completion/complete", complete],
  ["roots/list", async (_, { roots }) => ({ roots: await roots() })],
];

function readResource(params: JsonObject, { catalog, call }: MessageHost): Promise<readonly ResourceContents[]> {
  return catalog.readResource(readText(params, "uri"), call);
}

/** Writes what MCP calls `mimeType` in skillz's spelling as well, unless the script speaks revision 2. */
function described<T extends { readonly mimeType?: string }>(
  items: readonly T[],
  { protocol }: MessageHost,
): readonly JsonObject[] {
  if (protocol >= 2) return items.map((it) => ({ ...it }));
  return items.map((it) => it.mimeType === undefined ? { ...it } : { ...it, mime_type: it.mimeType });
}

function listTools(_: JsonObject, { toolbox, call, tools }: MessageHost): JsonObject {
  return { tools: toolbox.list(call).filter(({ name }) => tools?.has(name) ?? true).map(describeTool) };
}

function describeTool({ name, title, description, inputSchema, outputSchema, annotations, meta }: ToolSummary) {
  return { name, title, description, inputSchema, outputSchema, annotations, _meta: meta };
}

async function complete(params: JsonObject, { catalog, call, tools }: MessageHost): Promise<JsonObject> {
  const argument = readObject(params, "argument");
  const typed = { argument: readText(argument, "name"), value: readOptional(argument, "value", readText) ?? "" };
  const ref = readRef(readObject(params, "ref"));
  if (ref.type === "tool" && tools?.has(ref.name) === false) throw new ToolError(tools.refusal(ref.name));
  const values = await catalog.complete(ref, typed, call);
  const hasMore = values.length > MOST_VALUES;
  return { completion: { values: values.slice(0, MOST_VALUES), total: values.length, hasMore } };
}

/** Reads what is completed; `ref/tool` is ours, MCP completes no arguments of tools. */
function readRef(ref: JsonObject): CompletionRef {
  switch (ref["type"]) {
    case "ref/prompt":
      return { type: "prompt", name: readText(ref, "name") };
    case "ref/tool":
      return { type: "tool", name: readText(ref, "name") };
    case "ref/resource":
      return { type: "resource", uri: readText(ref, "uri") };
    default:
      throw new InvalidParams('"ref.type" is none of ref/prompt, ref/resource and ref/tool');
  }
}
