/**
 * The tools `list_resources` and `read_resource`.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  type Catalog,
  type PluginContext,
  rankCompletions,
  type ResourceListing,
  type TemplateListing,
  toolResult,
} from "../../kernel/mod.ts";
import { pageOf, pageText } from "./pages.ts";
import { toContent } from "./pieces.ts";

/** Names of the tools. */
export const RESOURCE_TOOLS: readonly string[] = Object.freeze(["list_resources", "read_resource"]);

/** What the tools need. */
export interface ResourceToolsOptions {
  readonly catalog: Catalog;
  /** Most characters of an answer. */
  readonly limit: number;
}

// about ten thousand tokens
const PIECE_LENGTH = 40_000;
// for where a piece stands
const NOTE_LENGTH = 200;

/** Registers the tools. */
export function registerResourceTools(tool: PluginContext["tool"], options: ResourceToolsOptions): void {
  registerList(tool, options);
  registerRead(tool, options);
}

type Listed = ResourceListing | TemplateListing;

async function listAll(catalog: Catalog, call: Call): Promise<Listed[]> {
  return [...await catalog.listResources(call), ...catalog.listTemplates(call)];
}

function uriOf(item: Listed): string {
  return "uri" in item ? item.uri : item.uriTemplate;
}

function registerList(tool: PluginContext["tool"], { catalog }: ResourceToolsOptions): void {
  tool({
    name: "list_resources",
    description: "List what read_resource can read. In a template, replace {…} by a value.",
    input: v.strictObject({
      query: v.optional(v.pipe(v.string(), v.description("Words in the URI, name or description")), ""),
      cursor: v.optional(v.string(), ""),
    }),
    annotations: { title: "List resources", readOnlyHint: true },
    run: async ({ query, cursor }, call) => {
      const page = pageOf(await listAll(catalog, call), {
        query,
        cursor,
        key: uriOf,
        texts: (item) => [uriOf(item), item.name, item.title, item.description],
      });
      const empty = query.trim() === "" ? "There are no resources" : `No resource matches "${query}"`;
      const items = page.items.map(withoutPictures);
      return toolResult({
        content: [{ type: "text", text: pageText(page, { line: lineOf, empty }) }],
        structuredContent: {
          resources: items.filter((item) => "uri" in item),
          resourceTemplates: items.filter((item) => "uriTemplate" in item),
          ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
        },
      });
    },
  });
}

function lineOf(item: Listed): string {
  const { name, title = name, description, mimeType } = item;
  const about = description === undefined ? title : `${title}: ${description.split("\n")[0]}`;
  return `${uriOf(item)} ${about}${mimeType === undefined ? "" : ` (${mimeType})`}`;
}

function withoutPictures({ icons: _icons, _meta, ...item }: Listed): Omit<Listed, "icons" | "_meta"> {
  return item;
}

function registerRead(tool: PluginContext["tool"], { catalog, limit }: ResourceToolsOptions): void {
  const mostCharacters = limit - NOTE_LENGTH;
  tool({
    name: "read_resource",
    description: "Read a resource by its URI. A long text comes in pieces; each says where the next begins.",
    input: v.strictObject({
      uri: v.string(),
      offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      length: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Characters")),
        Math.min(PIECE_LENGTH, mostCharacters),
      ),
    }),
    annotations: { title: "Read a resource", readOnlyHint: true },
    complete: async (argument, value, call) =>
      argument === "uri" ? rankCompletions(value, (await listAll(catalog, call)).map(uriOf)) : [],
    run: async ({ uri, offset, length }, call) => {
      const contents = await catalog.readResource(uri, call);
      return toContent(contents, { offset, length: Math.min(length, mostCharacters), maxBase64: mostCharacters });
    },
  });
}
