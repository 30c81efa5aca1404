/**
 * How much a memory may hold, and what is said to whoever wants more.
 *
 * @module
 */
import { isToolError, ToolError } from "../../kernel/mod.ts";
import type { OverQuota } from "../store/contract.ts";
import { byteLength } from "./names.ts";

/** How much there may be. Bytes of an entry are those of its key and of its value as JSON. */
export interface MemoryLimits {
  /** Most entries of one memory. */
  readonly entries: number;
  /** Most bytes of one memory. */
  readonly bytes: number;
  /** Most bytes of one value. */
  readonly valueBytes: number;
  /** Most memories of one principal. */
  readonly memories: number;
}

/** Most bytes that a value may be allowed: what the trash adds to it must still have room in the store. */
export const MOST_VALUE_BYTES = 16_000_000;
/** Longest time of an entry, in milliseconds, some 3,000 years: what is later is no date everywhere. */
const MOST_MS = 1e14;
/** Deepest nesting of a value: what every client and language can still read. */
const MOST_LEVELS = 200;

/** Shows a key in a message; a long one is cut. */
export function quote(key: string): string {
  return JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
}

/**
 * Makes sure that a value can be kept.
 *
 * @param verb What is done with it, for the message: `store`, `update`.
 * @throws {ToolError} when it is no JSON, too large or too deep.
 */
export function checkValue(
  value: unknown,
  { key, verb, limits }: { readonly key: string; readonly verb: string; readonly limits: MemoryLimits },
): void {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ToolError(`Cannot ${verb} ${quote(key)}: ${why}`, { cause });
  };
  const tooDeep = `the value is nested deeper than ${MOST_LEVELS} levels; store it in parts`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // what has no room on the stack is too deep for anyone
    refuse(error instanceof RangeError ? tooDeep : `the value is no JSON: ${(error as Error).message}`, error);
  }
  if (text === undefined) return refuse(`the value is no JSON: it is ${typeof value}`);
  const bytes = byteLength(text);
  if (bytes > limits.valueBytes) {
    const mend = 'store it in parts, or have "max_value_bytes" of the plugin "memory" raised';
    refuse(`the value has ${bytes} bytes as JSON, it may have ${limits.valueBytes}; ${mend}`);
  }
  if (isDeeper(value, MOST_LEVELS)) refuse(tooDeep);
}

/**
 * Makes sure that a time can be kept.
 *
 * @throws {ToolError} when it is negative, no number, or too long.
 */
export function checkTime(ttlMs: number | undefined, key: string): void {
  if (ttlMs === undefined || ttlMs >= 0 && ttlMs <= MOST_MS) return;
  const seconds = `${ttlMs / 1000} seconds, it must be 0 to ${MOST_MS / 1000}`;
  throw new ToolError(`Cannot store ${quote(key)}: its time is ${seconds}`);
}

function isDeeper(value: unknown, levels: number): boolean {
  let layer: unknown[] = [value];
  for (let level = 0; level <= levels; level++) {
    layer = layer.flatMap((it) => typeof it === "object" && it !== null ? Object.values(it) : []);
    if (layer.length === 0) return false;
  }
  return true;
}

/** Runs a write, and explains what the store refuses for lack of room. */
export async function explainQuota<T>(tool: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { quota, limit, wanted }: Partial<OverQuota> = isToolError(error) && error.data || {};
    if (quota !== "entries" && quota !== "bytes") throw error;
    // the store names a namespace, of which a model knows nothing
    throw new ToolError(
      `Cannot write to the memory of ${quote(tool)}: it would hold ${wanted} ${quota}, it may hold ${limit}; ` +
        `delete entries, give them a "ttl", or have "max_${quota}" of the plugin "memory" raised`,
      { cause: error, data: { quota: `max_${quota}`, limit, wanted } },
    );
  }
}

/** Says that a principal has as many memories as there may be. */
export function tooManyMemories(tool: string, limit: number): ToolError {
  return new ToolError(
    `Cannot begin a memory of ${quote(tool)}: there are ${limit} memories, which is the limit; delete one that is no ` +
      'longer wanted (action "stats" lists them), or have "max_namespaces" of the plugin "memory" raised',
    { data: { quota: "max_namespaces", limit } },
  );
}
