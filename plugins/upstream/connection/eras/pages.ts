/**
 * Lists of a server, page by page.
 *
 * @module
 */
import { ErrorCode, isObject, isProtocolError, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { ListKind, ListOptions } from "../connection.ts";

const LISTS: Readonly<
  Record<ListKind, { readonly method: string; readonly field: string; readonly capability: string }>
> = {
  tools: { method: "tools/list", field: "tools", capability: "tools" },
  resources: { method: "resources/list", field: "resources", capability: "resources" },
  templates: { method: "resources/templates/list", field: "resourceTemplates", capability: "resources" },
  prompts: { method: "prompts/list", field: "prompts", capability: "prompts" },
};

// a server that gives a new cursor for ever
const MOST_PAGES = 1_000;
/** Most characters of all pages of a list, as JSON. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

/** How pages are asked for. */
export interface PageOptions extends Pick<ListOptions, "most"> {
  /** Of the server. */
  readonly capabilities: JsonObject;
  /** Sends a request. */
  request(method: string, params: JsonObject): Promise<JsonObject>;
}

/**
 * Lists all pages.
 *
 * @throws {ToolError} when a page is none.
 * @throws {ProtocolError} what the server answered.
 */
export async function listPages(
  kind: ListKind,
  { most, capabilities, request }: PageOptions,
): Promise<readonly JsonObject[]> {
  const { method, field, capability } = LISTS[kind];
  if (capabilities[capability] === undefined) return [];
  const entries: JsonObject[] = [];
  let characters = 0;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && entries.length < most; page++) {
    const result = await askPage(method, { cursor, request });
    // many servers with resources know no templates
    if (result === undefined) return entries;
    const listed = result[field];
    if (!Array.isArray(listed)) throw new ToolError(`The server answered "${method}" without a list "${field}"`);
    characters += JSON.stringify(listed).length;
    if (characters > MOST_CHARACTERS) {
      throw new ToolError(`The server's "${method}" gives more than ${MOST_CHARACTERS / 1024 / 1024} MiB`);
    }
    entries.push(...listed.filter(isObject) as JsonObject[]);
    const { nextCursor } = result;
    if (typeof nextCursor !== "string" || nextCursor === cursor) break;
    cursor = nextCursor;
  }
  return entries.slice(0, most);
}

async function askPage(
  method: string,
  { cursor, request }: { readonly cursor: string | undefined } & Pick<PageOptions, "request">,
): Promise<JsonObject | undefined> {
  try {
    return await request(method, cursor === undefined ? {} : { cursor });
  } catch (error) {
    if (isProtocolError(error) && error.code === ErrorCode.methodNotFound) return undefined;
    throw error;
  }
}
