/**
 * Export of a memory to a document, and import of such a document.
 *
 * @module
 */
import { type Json, type JsonObject, messageOf, ToolError } from "../../kernel/mod.ts";
import { type Entry, STORE_LIMITS } from "../store/contract.ts";
import type { MemoryWrite, ToolMemory } from "./contract.ts";
import { byteLength } from "./names.ts";

/** The revision of the document. */
export const DOCUMENT_FORMAT = 1;
/** The size, in characters of JSON, at which a document ends and another begins. */
const DOCUMENT_SIZE = 16 * 1024 * 1024;
/** The size, in bytes, at which one batch of an import ends. */
const BATCH_BYTES = STORE_LIMITS.batchBytes / 2;

/** A memory as a document. */
export interface MemoryDocument {
  readonly format: typeof DOCUMENT_FORMAT;
  readonly tool_name: string;
  /** ISO 8601. */
  readonly exported_at: string;
  readonly entries: readonly EntryJson[];
  /** Asks for the rest, if there is more. */
  readonly cursor?: string;
}

/** An entry, as tools show it. */
export interface EntryJson {
  readonly key: string;
  readonly value: Json;
  readonly version: number;
  /** ISO 8601; absent where the entry stays. */
  readonly expires_at?: string;
}

/** An entry to import. */
export interface ImportEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

/** What became of an import. */
export interface Imported {
  readonly imported: number;
  /** Keys that were left as they are, since they exist. */
  readonly kept: readonly string[];
  /** How many were left out, since their time is over. */
  readonly expired: number;
}

/** Shows an entry. */
export function entryJson({ key, value, version, expiresAt }: Entry): EntryJson {
  return { key, value, version, ...expiryJson(expiresAt) };
}

/** Shows when an entry ends, if it does. */
export function expiryJson(expiresAt: number | undefined): { readonly expires_at?: string } {
  return expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() };
}

/** What of a memory is exported. */
export interface ExportOptions {
  readonly tool: string;
  readonly prefix?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
}

/** Exports a memory, or as much of it as one document takes; what is written meanwhile may or may not be in it. */
export async function exportMemory(memory: ToolMemory, options: ExportOptions): Promise<MemoryDocument> {
  const { tool, prefix = "", limit = Infinity, signal } = options;
  const entries: EntryJson[] = [];
  let { cursor } = options;
  let size = 0;
  do {
    signal.throwIfAborted();
    const page = await memory.entries({
      prefix,
      limit: Math.min(limit - entries.length, STORE_LIMITS.pageEntries),
      ...(cursor !== undefined && { cursor }),
    });
    for (const entry of page.items) {
      const shown = entryJson(entry);
      size += JSON.stringify(shown).length;
      entries.push(shown);
    }
    cursor = page.cursor;
  } while (cursor !== undefined && entries.length < limit && size < DOCUMENT_SIZE);
  const exported_at = new Date().toISOString();
  return { format: DOCUMENT_FORMAT, tool_name: tool, exported_at, entries, ...(cursor !== undefined && { cursor }) };
}

/**
 * Reads a document; its tool name, versions and unknown fields do not count.
 *
 * @throws {ToolError} naming the first entry that is not well formed.
 */
export function readDocument(document: JsonObject): ImportEntry[] {
  const { format = DOCUMENT_FORMAT, entries } = document;
  if (format !== DOCUMENT_FORMAT) {
    throw new ToolError(`Cannot import: the format of the document is ${JSON.stringify(format)}, it must be 1`);
  }
  if (!Array.isArray(entries)) throw new ToolError('Cannot import: "entries" of the document is no list');
  const places = new Map<string, number>();
  return entries.map((entry: unknown, place) => {
    const read = readEntry(entry, place);
    const before = places.get(read.key);
    if (before !== undefined) refuseEntry(place, `it has the key of entry ${before}`);
    places.set(read.key, place);
    return read;
  });
}

function readEntry(entry: unknown, place: number): ImportEntry {
  if (typeof entry !== "object" || entry === null) return refuseEntry(place, "it is no object");
  const { key, value, expires_at: ends } = entry as JsonObject;
  if (typeof key !== "string") return refuseEntry(place, '"key" is no text');
  if (value === undefined) return refuseEntry(place, '"value" is missing');
  if (ends === undefined || ends === null) return { key, value, expiresAt: undefined };
  const expiresAt = typeof ends === "string" ? Date.parse(ends) : NaN;
  if (Number.isNaN(expiresAt)) return refuseEntry(place, '"expires_at" is no time of ISO 8601');
  return { key, value, expiresAt };
}

function refuseEntry(place: number, why: string): never {
  throw new ToolError(`Cannot import: entry ${place} (from 0): ${why}; nothing was imported`);
}

/**
 * Writes entries, up to a thousand at once, each of these batches whole or not at all.
 *
 * @param options.overwrite Whether entries that exist are replaced, or kept.
 * @throws {ToolError} saying how many were imported before it.
 */
export async function importEntries(
  memory: ToolMemory,
  entries: readonly ImportEntry[],
  { overwrite }: { readonly overwrite: boolean },
): Promise<Imported> {
  const kept: string[] = [];
  let expired = 0;
  let imported = 0;
  for (const batch of batchesOf(entries)) {
    const now = Date.now();
    const living = batch.filter(({ expiresAt = Infinity }) => expiresAt > now);
    expired += batch.length - living.length;
    const writes = living.map(({ key, value, expiresAt }) => ({ key, value, ttlMs: expiresAt && expiresAt - now }));
    try {
      const refused = overwrite ? await writeAll(memory, writes) : await writeAbsent(memory, writes);
      kept.push(...refused);
      imported += writes.length - refused.length;
    } catch (error) {
      if (imported === 0) throw error;
      throw new ToolError(`${messageOf(error)}; ${imported} entries were imported before that`, { cause: error });
    }
  }
  return { imported, kept, expired };
}

function* batchesOf(entries: readonly ImportEntry[]): Generator<readonly ImportEntry[]> {
  let batch: ImportEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = byteLength(JSON.stringify(entry.value));
    if (batch.length === STORE_LIMITS.batchOperations || bytes + size > BATCH_BYTES && batch.length > 0) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function writeAll(memory: ToolMemory, writes: readonly MemoryWrite[]): Promise<readonly string[]> {
  if (writes.length > 0) await memory.setAll(writes);
  return [];
}

/** Writes the entries whose keys are absent; gives the keys of the others. */
async function writeAbsent(memory: ToolMemory, writes: readonly MemoryWrite[]): Promise<readonly string[]> {
  const taken = new Set<string>();
  const find = async (key: string) => {
    if (await memory.get(key) !== undefined) taken.add(key);
  };
  while (true) {
    await Promise.all(writes.map(({ key }) => find(key)));
    const absent = writes.filter(({ key }) => !taken.has(key)).map((write) => ({ ...write, ifVersion: 0 }));
    try {
      await writeAll(memory, absent);
      return [...taken];
    } catch (error) {
      if (!isConflict(error)) throw error;
      // somebody was faster: what is there now is kept as well
    }
  }
}

function isConflict(error: unknown): boolean {
  return (error as { data?: JsonObject } | undefined)?.data?.["conflict"] !== undefined;
}
