/**
 * The contract `Memory`: what tools remember from one call to the next, for each principal apart.
 *
 * @module
 */
import { type Contract, contract, type Disposer, type Folder, type Json, type Principal } from "../../kernel/mod.ts";
import type { ChangeListener, Entry, EntryInfo, Page, ScanOptions, Usage } from "../store/contract.ts";

/** How an entry is written. */
export interface MemoryWriteOptions {
  /**
   * Removes the entry after this many milliseconds; 0 keeps it for good. Left out, a new value is kept for good, and one
   * that is changed keeps the time it has.
   */
  readonly ttlMs?: number | undefined;
  /** Writes only if the entry has this version; 0 wants it absent. */
  readonly ifVersion?: number | undefined;
}

/** One of several writes. */
export interface MemoryWrite extends MemoryWriteOptions {
  readonly key: string;
  readonly value: unknown;
}

/** An entry that was written. */
export interface WrittenEntry {
  readonly key: string;
  readonly version: number;
}

/** An entry that was changed. */
export interface UpdatedEntry extends WrittenEntry {
  readonly value: Json;
}

/**
 * What one tool remembers for one principal. It exists as long as it holds an entry.
 *
 * Every method is atomic, also towards other servers with the same home. What breaks a limit, and a version that is
 * another than `ifVersion`, is refused with a `ToolError`, and nothing is written.
 */
export interface ToolMemory {
  /** Gives an entry, or `undefined` when it is absent or its time is over. */
  get(key: string): Promise<Entry | undefined>;
  /** Writes an entry. */
  set(key: string, value: unknown, options?: MemoryWriteOptions): Promise<WrittenEntry>;
  /** Writes several entries, or none. */
  setAll(writes: readonly MemoryWrite[]): Promise<readonly WrittenEntry[]>;
  /**
   * Changes the members of an object by a merge patch (RFC 7386), however many do the same at once; what is absent counts
   * as `{}`.
   *
   * @throws {ToolError} when the patch, or what is there, is no object.
   */
  update(key: string, patch: unknown, options?: MemoryWriteOptions): Promise<UpdatedEntry>;
  /** Changes several objects, or none. */
  updateAll(patches: readonly MemoryWrite[]): Promise<readonly UpdatedEntry[]>;
  /** Adds to a whole number, which is 0 when it is absent; gives the sum. `ttlMs` counts when the entry is made. */
  increment(key: string, by?: number, options?: Pick<MemoryWriteOptions, "ttlMs">): Promise<number>;
  /** Removes an entry; tells whether it was there. */
  delete(key: string, options?: Pick<MemoryWriteOptions, "ifVersion">): Promise<boolean>;
  /** Removes several entries, or none; gives how many were there. */
  deleteAll(keys: readonly string[]): Promise<number>;
  /** Removes all entries whose keys begin with a prefix, all of them by default; gives how many. */
  clear(prefix?: string): Promise<number>;
  /** Gives a page of keys, in order. */
  keys(options?: ScanOptions): Promise<Page<EntryInfo>>;
  /** Gives a page of entries, in order of their keys. */
  entries(options?: ScanOptions): Promise<Page<Entry>>;
  /** Counts what is there. */
  usage(): Promise<Usage>;
  /** Reports changes to keys that begin with a prefix, also those by another server; see `Namespace.watch` of the store. */
  watch(prefix: string, listener: ChangeListener): Promise<Disposer>;
}

/** What went to the trash. */
export interface TrashedMemory {
  readonly entries: number;
  /** Takes it out again. */
  restore(): Promise<void>;
}

/** Keeps what tools remember. */
export interface Memory {
  /**
   * Opens the memory of a tool.
   *
   * @param tool 1 to 100 bytes; the tool need not exist.
   * @param principal Whose memory: that of `call.principal`. Calls without a principal have one of their own.
   */
  open(tool: string, principal: Principal | undefined): ToolMemory;
  /** Moves the memory that a tool has for anyone to a trash, which keeps it until a time. */
  trash(tool: string, until: Date): Promise<TrashedMemory>;
  /** Takes over, once, what skillz keeps in a folder of tools for `local`; what is there already stays. Never throws. */
  adopt(tools: Folder): Promise<void>;
}
export const Memory: Contract<Memory> = contract("memory");
