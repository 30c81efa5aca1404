/**
 * The messages of the script protocol about memory. A script has the memory of its own name, as its caller has it.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { MemoryWriteOptions, ToolMemory } from "../memory/contract.ts";
import type { Request } from "./messages.ts";

/** Serves a message about a memory. */
type MemoryRequest = (params: JsonObject, memory: ToolMemory) => Promise<JsonObject>;

/** The messages, by method. */
export const MEMORY_REQUESTS: readonly (readonly [string, Request])[] = [
  ["memory/get", served(async (params, memory) => ({ value: (await memory.get(keyOf(params)))?.value ?? null }))],
  [
    "memory/set",
    served(async (params, memory) => {
      await memory.set(keyOf(params), valueOf(params), writeOptions(params));
      return { success: true };
    }),
  ],
  ["memory/list", served(async ({ prefix }, memory) => ({ keys: await keysOf(memory, prefix ?? "") }))],
  ["memory/delete", served(async (params, memory) => ({ deleted: await memory.delete(keyOf(params)) }))],
  [
    "memory/update",
    served(async (params, memory) => {
      const { value } = await memory.update(keyOf(params), valueOf(params), writeOptions(params));
      return { value };
    }),
  ],
  [
    "memory/increment",
    served(async (params, memory) => {
      const { by = 1 } = params;
      if (typeof by !== "number") throw new ToolError('"by" is no number');
      return { value: await memory.increment(keyOf(params), by, writeOptions(params)) };
    }),
  ],
];

function served(serve: MemoryRequest): Request {
  return async (params, { memory }) => {
    if (memory === undefined) {
      throw new ToolError('Memory cannot be used: the server runs without the plugin "memory"');
    }
    return await serve(params, memory);
  };
}

async function keysOf(memory: ToolMemory, prefix: unknown): Promise<string[]> {
  if (typeof prefix !== "string") throw new ToolError('"prefix" is no text');
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await memory.keys({ prefix, limit: 1000, ...(cursor !== undefined && { cursor }) });
    for (const { key } of page.items) keys.push(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

function keyOf({ key }: JsonObject): string {
  if (typeof key !== "string") throw new ToolError('"key" is missing, or no text');
  return key;
}

function valueOf({ value }: JsonObject): unknown {
  if (value === undefined) throw new ToolError('"value" is missing');
  return value;
}

/** Reads `ttl`, in seconds; 0 and null are as if it was left out. */
function writeOptions({ ttl }: JsonObject): MemoryWriteOptions {
  if (ttl === undefined || ttl === null || ttl === 0) return {};
  if (typeof ttl === "number" && ttl > 0) return { ttlMs: ttl * 1000 };
  throw new ToolError('"ttl" is no number of seconds');
}
