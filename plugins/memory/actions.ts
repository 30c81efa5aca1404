/**
 * What the tool `memory` can do: one entry of {@linkcode ACTIONS} for each action.
 *
 * @module
 */
import { type Call, type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { Entry, Page, ScanOptions } from "../store/contract.ts";
import type { MemoryWrite, MemoryWriteOptions, ToolMemory } from "./contract.ts";
import type { Memories } from "./memories.ts";
import type { MemoryParameters, WriteParameters } from "./parameters.ts";
import { searchMemory } from "./search.ts";
import { entryJson, expiryJson, exportMemory, importEntries, readDocument } from "./transfer.ts";

/** The revision of the memory's layout, as `stats` tells it. */
const SCHEMA_VERSION = 1;
const LIST_LIMIT = 1000;
const ENTRIES_LIMIT = 100;
const SEARCH_LIMIT = 20;
/** Most characters of a value in a line of text. */
const LINE_LENGTH = 500;

/** Stands for an empty list: clients are at a loss with an empty text. */
const NOTHING = "No entries";

/** What an action works with. */
export interface ActionContext {
  readonly memories: Memories;
  readonly call: Call;
}

/** What an action answers with. */
export interface Answer {
  readonly text: string;
  readonly data: JsonObject;
}

/** An action on the memory of one tool. */
export interface Action {
  /** Parameters beside `action`, `tool_name`, `key` and `value`, which every action takes, though it may have no use for them. */
  readonly takes: readonly (keyof MemoryParameters)[];
  run(parameters: ToolParameters, context: ActionContext & { readonly memory: ToolMemory }): Promise<Answer>;
}

/** Parameters of an action on the memory of one tool. */
export type ToolParameters = MemoryParameters & { readonly tool_name: string };

const store: Action = {
  takes: ["ttl", "if_version"],
  async run(parameters, { memory }) {
    const written = await memory.set(keyOf(parameters), valueOf(parameters), writeOptions(parameters));
    return { text: `Stored ${quoted(written.key)}`, data: { ...written } };
  },
};

const remove: Action = {
  takes: ["prefix", "if_version"],
  async run({ key, prefix, if_version: ifVersion, tool_name: tool }, { memory }) {
    if (key !== undefined) {
      if (prefix !== undefined) {
        throw new ToolError('Cannot delete by "key" and "prefix" at once: leave one of them out');
      }
      const isDeleted = await memory.delete(key, { ifVersion });
      const text = isDeleted ? `Deleted ${quoted(key)}` : `There is no ${quoted(key)}`;
      return { text, data: { key, deleted: isDeleted ? 1 : 0 } };
    }
    if (ifVersion !== undefined) throw new ToolError('Cannot delete by "if_version" without "key"');
    const deleted = await memory.clear(prefix);
    return { text: `Deleted ${counted(deleted)} of ${quoted(tool)}`, data: { deleted } };
  },
};

/** Actions on the memory of one tool, by name. */
export const ACTIONS: Readonly<Record<Exclude<MemoryParameters["action"], "stats">, Action>> = {
  store,
  set: store,
  get: {
    takes: [],
    async run(parameters, { memory }) {
      const key = keyOf(parameters);
      const entry = await memory.get(key);
      const text = JSON.stringify(entry?.value ?? null, null, 2);
      return { text, data: { key, found: entry !== undefined, value: null, ...(entry && entryJson(entry)) } };
    },
  },
  update: {
    takes: ["ttl", "if_version"],
    async run(parameters, { memory }) {
      const updated = await memory.update(keyOf(parameters), valueOf(parameters), writeOptions(parameters));
      return { text: JSON.stringify(updated.value, null, 2), data: { ...updated } };
    },
  },
  delete: remove,
  clear: remove,
  list: {
    takes: ["prefix", "limit", "cursor", "values"],
    async run(parameters, { memory }) {
      const scan = scanOptions(parameters, LIST_LIMIT);
      if (parameters.values) {
        const page = await memory.entries(scan);
        const { text, data } = answerEntries(page);
        return { text, data: { keys: page.items.map((it) => it.key), ...data } };
      }
      const { items, cursor } = await memory.keys(scan);
      const keys = items.map((it) => it.key);
      return {
        text: withMore(keys.join(", ") || NOTHING, cursor),
        data: { keys, ...(cursor !== undefined && { cursor }) },
      };
    },
  },
  entries: {
    takes: ["prefix", "limit", "cursor"],
    run: async (parameters, { memory }) => answerEntries(await memory.entries(scanOptions(parameters, ENTRIES_LIMIT))),
  },
  search: {
    takes: ["query", "prefix", "limit", "cursor"],
    async run({ query, prefix, limit = SEARCH_LIMIT, cursor }, { memory, call }) {
      if (query === undefined || query.trim() === "") throw missing("query", "search");
      const found = await searchMemory(memory, { query, prefix, limit, cursor, signal: call.signal });
      const { text, data } = answerEntries({ items: found.entries, cursor: found.cursor });
      const head = `Found ${counted(found.entries.length)} among ${found.searched}`;
      return {
        text: found.entries.length === 0 ? withMore(head, found.cursor) : `${head}\n${text}`,
        data: { ...data, searched: found.searched },
      };
    },
  },
  increment: {
    takes: ["by", "ttl"],
    async run(parameters, { memory }) {
      const key = keyOf(parameters);
      const value = await memory.increment(key, parameters.by, writeOptions(parameters));
      return { text: String(value), data: { key, value } };
    },
  },
  bulk_store: {
    takes: ["entries", "ttl"],
    async run(parameters, { memory }) {
      const entries = await memory.setAll(writesOf(parameters));
      return { text: `Stored ${counted(entries.length)}`, data: { stored: entries.length, entries } };
    },
  },
  bulk_update: {
    takes: ["entries", "ttl"],
    async run(parameters, { memory }) {
      const entries = await memory.updateAll(writesOf(parameters));
      return { text: `Updated ${counted(entries.length)}`, data: { updated: entries.length, entries } };
    },
  },
  export: {
    takes: ["prefix", "limit", "cursor"],
    async run({ tool_name: tool, prefix, limit, cursor }, { memory, call }) {
      const document = await exportMemory(memory, { tool, prefix, limit, cursor, signal: call.signal });
      return { text: JSON.stringify(document), data: { ...document } };
    },
  },
  import: {
    takes: ["document", "overwrite"],
    async run({ document, overwrite = false }, { memory }) {
      if (document === undefined) throw missing("document", "import");
      const { imported, kept, expired } = await importEntries(memory, readDocument(document), { overwrite });
      const text = `Imported ${
        counted(imported)
      }, kept ${kept.length} that exist, left out ${expired} that have expired`;
      return { text, data: { imported, kept, expired } };
    },
  },
  restore: {
    takes: [],
    async run({ tool_name: tool }, { memories, call }) {
      const restored = await memories.restore(tool, call.principal);
      if (restored === undefined) throw new ToolError(`Cannot restore: no memory of ${quoted(tool)} is in the trash`);
      const { imported, kept, expired } = restored;
      const text = `Restored ${
        counted(imported)
      }, kept ${kept.length} that exist, left out ${expired} that have expired`;
      return { text, data: { restored: imported, kept, expired } };
    },
  },
};

/** Counts what the caller has, and what the memory of one tool holds. */
export async function stats(
  { tool_name: tool }: MemoryParameters,
  { memories, call }: ActionContext,
): Promise<Answer> {
  const totals = { total_entries: 0, total_bytes: 0, namespaces: 0, schema_version: SCHEMA_VERSION };
  const tools: JsonObject[] = [];
  let named = { tool_name: tool, entries: 0, bytes: 0 };
  for await (const { tool: name, entries, bytes } of memories.list(call.principal)) {
    totals.namespaces++;
    totals.total_entries += entries;
    totals.total_bytes += bytes;
    if (name === tool) named = { tool_name: name, entries, bytes };
    if (tools.length < LIST_LIMIT) tools.push({ tool_name: name, entries, bytes });
  }
  const { entries, bytes, valueBytes, memories: most } = memories.limits;
  const limits = { max_entries: entries, max_bytes: bytes, max_value_bytes: valueBytes, max_namespaces: most };
  const lines = [
    `Total entries: ${totals.total_entries}`,
    `Namespaces: ${totals.namespaces}`,
    `Schema version: ${SCHEMA_VERSION}`,
  ];
  if (tool !== undefined) {
    lines.push(`Of ${quoted(tool)}: ${named.entries} of ${entries} entries, ${named.bytes} of ${bytes} bytes`);
  }
  return {
    text: lines.join("\n"),
    data: { ...totals, ...(tool !== undefined && { tool: named }), tools, limits },
  };
}

/** Says that a parameter is missing. */
export function missing(parameter: string, action: string): ToolError {
  return new ToolError(`Cannot do "${action}": the parameter "${parameter}" is missing`);
}

function keyOf({ key, action }: MemoryParameters): string {
  if (key === undefined) throw missing("key", action);
  return key;
}

function valueOf({ value, action }: MemoryParameters): unknown {
  if (value === undefined) throw missing("value", action);
  return value;
}

function writeOptions(
  { ttl, if_version: ifVersion }: { readonly ttl?: number | undefined; readonly if_version?: number | undefined },
): MemoryWriteOptions {
  return { ttlMs: ttl === undefined ? undefined : ttl * 1000, ifVersion };
}

function writesOf({ entries, ttl, action }: MemoryParameters): readonly MemoryWrite[] {
  if (entries === undefined) throw missing("entries", action);
  const list: readonly WriteParameters[] = isList(entries)
    ? entries
    : Object.entries(entries).map(([key, value]) => ({ key, value }));
  return list.map(({ key, value, ...options }) => ({ key, value, ...writeOptions({ ttl, ...options }) }));
}

// `Array.isArray` does not see that a list may be read-only
function isList(entries: readonly WriteParameters[] | JsonObject): entries is readonly WriteParameters[] {
  return Array.isArray(entries);
}

function scanOptions({ prefix = "", limit, cursor }: MemoryParameters, defaultLimit: number): ScanOptions {
  return { prefix, limit: limit ?? defaultLimit, ...(cursor !== undefined && { cursor }) };
}

function answerEntries({ items, cursor }: Page<Entry>): Answer {
  const lines = items.map(({ key, value, expiresAt }) => {
    const { expires_at: end } = expiryJson(expiresAt);
    return `${key}: ${cut(JSON.stringify(value))}${end === undefined ? "" : ` (until ${end})`}`;
  });
  const data = { entries: items.map(entryJson), ...(cursor !== undefined && { cursor }) };
  return { text: withMore(lines.join("\n") || NOTHING, cursor), data };
}

function cut(text: string): string {
  return text.length > LINE_LENGTH ? `${text.slice(0, LINE_LENGTH)}… (${text.length} characters)` : text;
}

function withMore(text: string, cursor: string | undefined): string {
  return cursor === undefined ? text : `${text}\nThere is more: pass "cursor": ${JSON.stringify(cursor)}`;
}

function counted(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
