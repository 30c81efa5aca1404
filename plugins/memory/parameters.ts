/**
 * The parameters of the tool `memory`. Those of skillz are `action`, `tool_name`, `key` and `value`.
 *
 * @module
 */
import type { JsonObject } from "../../kernel/mod.ts";

/** The actions; `set` is another name of `store`, `clear` of `delete`. */
export const ACTION_NAMES = [
  "store",
  "set",
  "get",
  "update",
  "delete",
  "clear",
  "list",
  "entries",
  "search",
  "stats",
  "increment",
  "bulk_store",
  "bulk_update",
  "export",
  "import",
  "restore",
] as const;

/** One of several entries to write. */
export interface WriteParameters {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number;
  readonly if_version?: number;
}

/** What the tool is called with. */
export interface MemoryParameters {
  readonly action: typeof ACTION_NAMES[number];
  readonly tool_name?: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly ttl?: number;
  readonly if_version?: number;
  readonly by?: number;
  readonly entries?: readonly WriteParameters[] | JsonObject;
  readonly prefix?: string;
  readonly query?: string;
  readonly values?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly document?: JsonObject;
  readonly overwrite?: boolean;
}

const TTL = { type: "number", minimum: 0, maximum: 1e11 };
const VERSION = { type: "integer", minimum: 0 };
const WRITE = {
  type: "object",
  properties: { key: { type: "string" }, value: {}, ttl: TTL, if_version: VERSION },
  required: ["key", "value"],
  additionalProperties: false,
};

// written out: what `entries` is must not be guessed, and a record of valibot takes lists as well
const PROPERTIES: Readonly<Record<keyof MemoryParameters, JsonObject>> = {
  action: {
    type: "string",
    enum: ACTION_NAMES,
    description:
      "update merges into an object; clear is delete, set is store; list gives keys, entries keys with values; " +
      "restore brings back what a deleted tool remembered",
  },
  tool_name: { type: "string", description: "Whose memory: name of a tool, or any other. Only stats can do without" },
  key: { type: "string", description: "Without it, delete deletes all entries of the tool" },
  value: { description: "store: any JSON. update: an object of members to set, or null to remove them" },
  ttl: {
    ...TTL,
    description:
      "Seconds until the entry is removed, 0 for never. Left out, store keeps it, update leaves its time as is",
  },
  if_version: {
    ...VERSION,
    description: "store, update, delete: only if the entry has this version, as get gives it; 0 if it must be absent",
  },
  by: { type: "integer", description: "increment: what is added to the whole number, 1 by default" },
  entries: {
    type: ["object", "array"],
    items: WRITE,
    maxItems: 1000,
    description: "bulk_store, bulk_update, all or none: an object of values by key, or a list with options for each",
  },
  prefix: { type: "string", description: "list, entries, search, export, delete: only keys that begin with this" },
  query: { type: "string", description: "search: words that must all be in key or value, upper or lower case" },
  values: { type: "boolean", description: "list: also values; false by default" },
  limit: {
    type: "integer",
    minimum: 1,
    maximum: 1000,
    description: "Most entries: 1000 for list, 100 for entries, 20 for search, all for export by default",
  },
  cursor: { type: "string", description: "Goes on where the answer with this cursor ended" },
  document: { type: "object", description: "import: what export gave" },
  overwrite: { type: "boolean", description: "import: replace what exists; by default it is kept" },
};

/** The input of the tool. */
export const PARAMETERS: JsonObject = {
  type: "object",
  properties: PROPERTIES,
  required: ["action"],
  additionalProperties: false,
};
