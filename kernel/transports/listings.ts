/**
 * The four lists in the words of the protocol. Pages of tools, prompts and templates are written once and kept as bytes
 * until a registry changes, so that a list costs the same however long it is.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { listResources, promptListing, templateListing } from "../catalog.ts";
import type { JsonObject } from "../content.ts";
import { ErrorCode, isKernelError, messageOf, ProtocolError } from "../errors.ts";
import type { PromptEntry, ResourceEntry, ToolEntry } from "../items.ts";
import type { Kernel } from "../kernel.ts";
import type { ItemKind } from "../plugin.ts";
import type { Encoded } from "../http_answer.ts";
import type { Era } from "./revisions.ts";

/** Most entries on a page of a list. */
export const PAGE_SIZE = 500;

/** Methods that list. */
export type ListMethod = "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list";

/** Whom a page is for, and where it begins. */
export interface PageRequest {
  readonly call: Call;
  readonly era: Era;
  readonly cursor: string | undefined;
}

type AnyEntry = ToolEntry | PromptEntry | ResourceEntry;

/** How one of the lists that are kept is made. */
interface ListKind {
  readonly kind: ItemKind;
  /** The field of the result. */
  readonly field: string;
  /** Describes an entry. */
  write(entry: AnyEntry, options: { readonly era: Era; readonly tasks: boolean }): object;
}

const LISTS: Readonly<Record<Exclude<ListMethod, "resources/list">, ListKind>> = {
  "tools/list": { kind: "tool", field: "tools", write: (entry, options) => toolListing(entry as ToolEntry, options) },
  "prompts/list": { kind: "prompt", field: "prompts", write: (entry) => promptListing(entry as PromptEntry) },
  "resources/templates/list": {
    kind: "resource",
    field: "resourceTemplates",
    write: (entry) => templateListing(entry as ResourceEntry),
  },
};

/** What is kept of one list, as one kind of viewer sees it. */
interface KeptList {
  readonly version: string;
  readonly entries: readonly AnyEntry[];
  /** Pages by the place of their first entry. */
  readonly pages: Map<number, Uint8Array>;
}

// viewers that see different things are few; more than this are served all the same
const MAX_KEPT = 64;

const ENCODER = new TextEncoder();

/** Writes the lists of a kernel. */
export class Listings {
  readonly #kernel: Kernel;
  /** Adds what every result of an era says, to JSON. */
  readonly #finish: (json: string, era: Era) => string;
  readonly #kept = new Map<string, KeptList>();

  constructor(kernel: Kernel, finish: (json: string, era: Era) => string) {
    this.#kernel = kernel;
    this.#finish = finish;
  }

  /**
   * Gives one page of a list.
   *
   * @throws {ProtocolError} `-32602` when the cursor is not one of ours.
   */
  page(method: ListMethod, request: PageRequest): Encoded | Promise<Encoded> {
    if (method === "resources/list") return this.#resources(request);
    const { call, era, cursor } = request;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const list = LISTS[method];
    const { entries, pages } = this.#keptList(method, { call, era });
    const start = after === undefined ? 0 : firstAfter(entries, after);
    const kept = pages.get(start);
    if (kept !== undefined) return kept;
    const page = ENCODER.encode(this.#finish(this.#write(list, { entries, start, era }), era));
    // cursors come from clients: only the pages of a list that is read from its start are kept
    if (start % PAGE_SIZE === 0) pages.set(start, page);
    return page;
  }

  #keptList(method: Exclude<ListMethod, "resources/list">, { call, era }: { call: Call; era: Era }): KeptList {
    const kernel = this.#kernel;
    const { kind } = LISTS[method];
    const registry = kernel[`${kind}s`];
    const view = kernel.view(call);
    const key = `${method} ${era} ${view.key}`;
    const version = `${registry.version} ${kernel.extensions.version}`;
    const kept = this.#kept.get(key);
    if (kept?.version === version) return kept;
    const entries = (registry.entries() as readonly AnyEntry[]).filter((entry) =>
      view.has(kind, entry.key, entry.owner) && (method !== "resources/templates/list" || isTemplateEntry(entry))
    );
    const fresh = { version, entries, pages: new Map() };
    this.#kept.delete(key);
    this.#kept.set(key, fresh);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return fresh;
  }

  #write(list: ListKind, { entries, start, era }: { entries: readonly AnyEntry[]; start: number; era: Era }): string {
    const tasks = this.#kernel.extensions.list().some(({ legacy }) => legacy?.capabilities?.["tasks"] !== undefined);
    const slice = entries.slice(start, start + PAGE_SIZE);
    const items = slice.flatMap((entry) => {
      try {
        return [JSON.stringify(list.write(entry, { era, tasks }))];
      } catch (thrown) {
        // a schema that cannot be shown holds back its own item, not the list
        this.#kernel.log.error(`"${entry.key}" is not listed: ${messageOf(thrown)}`, {
          plugin: entry.owner,
          ...(!isKernelError(thrown) && { error: thrown }),
        });
        return [];
      }
    });
    const last = slice.at(-1);
    const next = last !== undefined && start + PAGE_SIZE < entries.length ? encodeCursor(last.key) : undefined;
    return `{${JSON.stringify(list.field)}:[${items.join(",")}]${next === undefined ? "" : `,"nextCursor":"${next}"`}}`;
  }

  // what templates list is asked for anew each time, and may differ from caller to caller
  async #resources({ call, era, cursor }: PageRequest): Promise<string> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const list = await listResources(this.#kernel, call);
    const rest = after === undefined ? list : list.filter(({ uri }) => uri > after);
    const resources = rest.slice(0, PAGE_SIZE);
    const last = resources.at(-1);
    const nextCursor = last !== undefined && rest.length > PAGE_SIZE ? encodeCursor(last.uri) : undefined;
    return this.#finish(JSON.stringify({ resources, nextCursor }), era);
  }
}

function isTemplateEntry(entry: AnyEntry): boolean {
  return (entry as ResourceEntry).compiled.template !== undefined;
}

// undefined fields are left out by JSON
function toolListing(
  { key, definition, compiled }: ToolEntry,
  { era, tasks }: { readonly era: Era; readonly tasks: boolean },
): JsonObject {
  const { title, description, annotations, icons, meta, execution } = definition;
  const outputSchema = compiled.output?.jsonSchema;
  // before 2026-07-28 an output schema describes an object
  const isListable = outputSchema !== undefined && (era === "modern" || outputSchema["type"] === "object");
  const taskSupport = execution === "async" ? "optional" : execution;
  const isTask = tasks && era === "legacy" && (taskSupport === "optional" || taskSupport === "required");
  return {
    name: key,
    title,
    description,
    inputSchema: compiled.input.jsonSchema,
    outputSchema: isListable ? outputSchema : undefined,
    annotations,
    icons,
    execution: isTask ? { taskSupport } : undefined,
    _meta: meta,
  };
}

// entries are sorted by key
function firstAfter(entries: readonly AnyEntry[], after: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.key > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

// a cursor is the key of the last entry: a page stays right when entries come and go between requests
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
