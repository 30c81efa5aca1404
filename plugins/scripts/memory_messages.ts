/**
 * The messages of the script protocol about memory. A script has the memory of its own name, as its caller has it.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { MemoryWrite, MemoryWriteOptions, ToolMemory } from "../memory/contract.ts";
import type { Entry, ScanOptions } from "../store/contract.ts";
import type { Request } from "./message_host.ts";
import { InvalidParams, isJsonObject, readOptional, readText, readTexts } from "./params.ts";

/** Serves a message about a memory. */
type MemoryRequest = (params: JsonObject, memory: ToolMemory) => Promise<JsonObject>;

/** The messages about one entry. */
const ENTRY: Readonly<Record<string, MemoryRequest>> = {
  "memory/get": async (params, memory) => ({ value: (await memory.get(readText(params, "key")))?.value ?? null }),
  "memory/set": async (params, memory) => {
    await memory.set(readText(params, "key"), readValue(params), readWriteOptions(params));
    return { success: true };
  },
  "memory/delete": async (params, memory) => ({ deleted: await memory.delete(readText(params, "key")) }),
  "memory/update": async (params, memory) => {
    const { value } = await memory.update(readText(params, "key"), readValue(params), readWriteOptions(params));
    return { value };
  },
  "memory/increment": async (params, memory) => {
    const { by = 1 } = params;
    if (typeof by !== "number") throw new InvalidParams('"by" is no number');
    return { value: await memory.increment(readText(params, "key"), by, readWriteOptions(params)) };
  },
};

/** The messages about many. Those that write do all of it or nothing. */
const BULK: Readonly<Record<string, MemoryRequest>> = {
  "memory/list": async (params, memory) => ({ keys: await keysOf(memory, readPrefix(params)) }),
  "memory/entries": async (params, memory) => {
    const { items, cursor } = await memory.entries(readScan(params));
    return { entries: items.map(entryJson), cursor };
  },
  "memory/bulk_get": async (params, memory) => {
    const keys = readTexts(params, "keys");
    const entries = await Promise.all(keys.map((key) => memory.get(key)));
    return { values: Object.fromEntries(keys.map((key, i) => [key, entries[i]?.value ?? null])) };
  },
  "memory/bulk_set": async (params, memory) => {
    const written = await memory.setAll(readWrites(params));
    return { success: true, stored: written.length };
  },
  "memory/bulk_delete": async (params, memory) => {
    if (params["keys"] === undefined && params["prefix"] !== undefined) {
      return { deleted: await memory.clear(readPrefix(params)) };
    }
    return { deleted: await memory.deleteAll(readTexts(params, "keys")) };
  },
};

/** The messages, by method. */
export const MEMORY_REQUESTS: readonly (readonly [string, Request])[] = Object.entries({ ...ENTRY, ...BULK })
  .map(([method, serve]) => [method, served(serve)] as const);

function served(serve: MemoryRequest): Request {
  return async (params, { memory }) => {
    if (memory === undefined) {
      throw new ToolError('Memory cannot be used: the server runs without the plugin "memory"');
    }
    return await serve(params, memory);
  };
}

async function keysOf(memory: ToolMemory, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await memory.keys({ prefix, limit: 1000, ...(cursor !== undefined && { cursor }) });
    for (const { key } of page.items) keys.push(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

function entryJson({ key, value, version, expiresAt }: Entry): JsonObject {
  return { key, value, version, ...(expiresAt !== undefined && { expires_at: new Date(expiresAt).toISOString() }) };
}

function readPrefix({ prefix }: JsonObject): string {
  if (prefix === undefined || prefix === null) return "";
  if (typeof prefix !== "string") throw new InvalidParams('"prefix" is no text');
  return prefix;
}

function readScan(params: JsonObject): ScanOptions {
  const limit = params["limit"] ?? 100;
  if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > 1000) {
    throw new InvalidParams('"limit" is no whole number from 1 to 1000');
  }
  const cursor = readOptional(params, "cursor", readText);
  return { prefix: readPrefix(params), limit: Number(limit), ...(cursor !== undefined && { cursor }) };
}

/** Reads `entries`: an object of values by key, or a list with options for each; `ttl` is for those without their own. */
function readWrites({ entries, ttl }: JsonObject): readonly MemoryWrite[] {
  const writes = isJsonObject(entries) ? Object.entries(entries).map(([key, value]) => ({ key, value })) : entries;
  if (!Array.isArray(writes)) throw new InvalidParams('"entries" is missing, or neither object nor list');
  return writes.map((write: unknown, i) => {
    if (!isJsonObject(write)) throw new InvalidParams(`"entries[${i}]" is no object`);
    const options = readWriteOptions({ ...write, ttl: write["ttl"] ?? ttl });
    return { key: readText(write, "key"), value: readValue(write), ...options };
  });
}

function readValue({ value }: JsonObject): unknown {
  if (value === undefined) throw new InvalidParams('"value" is missing');
  return value;
}

/** Reads `ttl`, in seconds, and `if_version`; a `ttl` of 0 and null are as if it was left out. */
function readWriteOptions({ ttl, if_version: ifVersion }: JsonObject): MemoryWriteOptions {
  if (ttl !== undefined && ttl !== null && !(typeof ttl === "number" && ttl >= 0)) {
    throw new InvalidParams('"ttl" is no number of seconds');
  }
  if (ifVersion !== undefined && ifVersion !== null && !(Number.isInteger(ifVersion) && Number(ifVersion) >= 0)) {
    throw new InvalidParams('"if_version" is no whole number');
  }
  return {
    ...(typeof ttl === "number" && ttl > 0 && { ttlMs: ttl * 1000 }),
    ...(typeof ifVersion === "number" && { ifVersion }),
  };
}
