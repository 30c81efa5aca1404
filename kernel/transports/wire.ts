/**
 * The registries as the wire has them: list entries in the shape of each protocol era, pages, and results cut to what
 * a revision knows. No protocol library is needed here.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { type Content, isObject, type JsonObject, type PromptResult, type ToolResult } from "../content.ts";
import { ErrorCode, isKernelError, messageOf, ProtocolError } from "../errors.ts";
import type { PromptEntry, ResourceEntry, ToolEntry } from "../items.ts";
import type { Kernel } from "../kernel.ts";
import type { ResourceListing } from "../plugin.ts";

/** `legacy` are the revisions up to 2025-11-25, which open with `initialize`; `modern` is 2026-07-28. */
export type Era = "legacy" | "modern";

/** Most entries on a page of a list. */
export const PAGE_SIZE = 500;

/** Lists the tools that a call's client sees. */
export function listTools(kernel: Kernel, call: Call, era: Era): JsonObject[] {
  return listable(
    kernel,
    visible(kernel, kernel.tools.entries(), { kind: "tool", call }),
    (it) => toolListing(it, era),
  );
}

function toolListing({ key, definition, compiled }: ToolEntry, era: Era): JsonObject {
  const outputSchema = compiled.output?.jsonSchema;
  // before 2026-07-28 an output schema describes an object
  const isListable = outputSchema !== undefined && (era === "modern" || outputSchema["type"] === "object");
  return withoutUndefined({
    name: key,
    title: definition.title,
    description: definition.description,
    inputSchema: compiled.input.jsonSchema,
    outputSchema: isListable ? outputSchema : undefined,
    annotations: definition.annotations,
    icons: definition.icons,
    _meta: definition.meta,
  });
}

/** Lists the prompts that a call's client sees. */
export function listPrompts(kernel: Kernel, call: Call): JsonObject[] {
  const entries = visible(kernel, kernel.prompts.entries(), { kind: "prompt", call });
  return listable(kernel, entries, ({ key, definition, compiled }) => {
    const { properties, required } = compiled.args?.jsonSchema ?? {};
    const args = Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) =>
      withoutUndefined({
        name,
        title: isObject(schema) ? schema["title"] : undefined,
        description: isObject(schema) ? schema["description"] : undefined,
        required: Array.isArray(required) && required.includes(name),
      })
    );
    return withoutUndefined({
      name: key,
      title: definition.title,
      description: definition.description,
      arguments: args,
      icons: definition.icons,
      _meta: definition.meta,
    });
  });
}

/** Lists the resources that a call's client sees: fixed ones, and what templates list. Sorted by URI. */
export async function listResources(kernel: Kernel, call: Call): Promise<JsonObject[]> {
  const entries = visible(kernel, kernel.resources.entries(), { kind: "resource", call });
  const lists = await Promise.all(entries.map((entry) => listedBy(entry, { kernel, call })));
  return lists.flat().map((it) => withoutUndefined({ ...it })).sort((
    a,
    b,
  ) => (String(a["uri"]) < String(b["uri"]) ? -1 : 1));
}

async function listedBy(
  { definition, compiled, key, owner }: ResourceEntry,
  { kernel, call }: { readonly kernel: Kernel; readonly call: Call },
): Promise<readonly ResourceListing[]> {
  if (compiled.template === undefined) {
    const { name, title, description, mimeType, icons, annotations, size, meta } = definition;
    return [{ uri: key, name, title, description, mimeType, icons, annotations, size, _meta: meta } as ResourceListing];
  }
  try {
    return await definition.list?.(call) ?? [];
  } catch (thrown) {
    kernel.log.error(`Resources of "${key}" are not listed: ${messageOf(thrown)}`, { plugin: owner, error: thrown });
    return [];
  }
}

/** Lists the resource templates that a call's client sees. */
export function listTemplates(kernel: Kernel, call: Call): JsonObject[] {
  return visible(kernel, kernel.resources.entries(), { kind: "resource", call })
    .filter(({ compiled }) => compiled.template !== undefined)
    .map(({ key, definition }) =>
      withoutUndefined({
        uriTemplate: key,
        name: definition.name,
        title: definition.title,
        description: definition.description,
        mimeType: definition.mimeType,
        icons: definition.icons,
        annotations: definition.annotations,
        _meta: definition.meta,
      })
    );
}

function visible<E extends { readonly key: string; readonly owner: string }>(
  kernel: Kernel,
  entries: readonly E[],
  { kind, call }: { readonly kind: "tool" | "resource" | "prompt"; readonly call: Call },
): E[] {
  const view = kernel.view(call);
  return entries.filter(({ key, owner }) => view.has(kind, key, owner));
}

// a schema that cannot be shown holds back its own item, not the list
function listable<E extends ToolEntry | PromptEntry>(
  kernel: Kernel,
  entries: readonly E[],
  listing: (entry: E) => JsonObject,
): JsonObject[] {
  return entries.flatMap((entry) => {
    try {
      return [listing(entry)];
    } catch (thrown) {
      if (!isKernelError(thrown)) throw thrown;
      kernel.log.error(`"${entry.key}" is not listed: ${thrown.message}`, { plugin: entry.owner });
      return [];
    }
  });
}

/**
 * Cuts a sorted list into pages. The cursor is the key of the last entry, so that a page stays right when entries come
 * and go between requests.
 *
 * @throws {ProtocolError} `-32602` when the cursor is not one of ours.
 */
export function pageOf(
  list: readonly JsonObject[],
  { cursor, key }: { readonly cursor: string | undefined; readonly key: string },
): { readonly items: readonly JsonObject[]; readonly nextCursor?: string } {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const rest = after === undefined ? list : list.filter((item) => String(item[key]) > after);
  if (rest.length <= PAGE_SIZE) return { items: rest };
  const items = rest.slice(0, PAGE_SIZE);
  return { items, nextCursor: encodeCursor(String(items.at(-1)?.[key])) };
}

const CURSOR_PREFIX = "after:";

function encodeCursor(key: string): string {
  return btoa(encodeURIComponent(CURSOR_PREFIX + key));
}

function decodeCursor(cursor: string): string {
  try {
    const text = decodeURIComponent(atob(cursor));
    if (text.startsWith(CURSOR_PREFIX)) return text.slice(CURSOR_PREFIX.length);
  } catch {
    // falls through to the error below
  }
  throw new ProtocolError(ErrorCode.invalidParams, "Invalid cursor: use the nextCursor of the page before");
}

/** The revision of a request, when it is known, and its era. */
export interface Revision {
  readonly version: string | undefined;
  readonly era: Era;
}

/**
 * Cuts a result to what a protocol revision knows: structured content that is no object only in 2026-07-28, links
 * since 2025-06-18, sound since 2025-03-26. What a revision lacks is told as text, so that nothing is lost.
 */
export function resultFor(result: ToolResult, { version, era }: Revision): JsonObject {
  if (era === "modern") return { ...result };
  const { structuredContent, content, ...rest } = result;
  return {
    ...rest,
    content: content.map((block) => contentFor(block, version ?? "2025-11-25")),
    ...(isObject(structuredContent) && { structuredContent }),
  };
}

/** Cuts the messages of a prompt to what a protocol revision knows, as {@linkcode resultFor} does. */
export function promptFor(result: PromptResult, { version, era }: Revision): JsonObject {
  if (era === "modern") return { ...result };
  const messages = result.messages.map(({ role, content }) => ({
    role,
    content: contentFor(content, version ?? "2025-11-25"),
  }));
  return { ...result, messages };
}

function contentFor(block: Content, version: string): Content {
  if (block.type === "resource_link" && version < "2025-06-18") {
    const about = block.description === undefined ? "" : ` - ${block.description}`;
    return { type: "text", text: `${block.title ?? block.name}: ${block.uri}${about}` };
  }
  if (block.type === "audio" && version < "2025-03-26") {
    const blob = { uri: "audio:", mimeType: block.mimeType, blob: block.data };
    return { type: "resource", resource: blob };
  }
  return block;
}

function withoutUndefined(object: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
