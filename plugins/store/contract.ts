/**
 * The contract `Store`: a namespaced key-value store for the state of a server.
 *
 * @module
 */
import { type Contract, contract, type Disposer, type Json } from "../../kernel/mod.ts";

export { Lease, type LeaseOptions } from "./lease.ts";
export { after, sleep } from "./time.ts";

/** What a store takes at most. Bytes are those of UTF-8; the bytes of a value are those of its JSON text. */
export interface StoreLimits {
  /** Longest name of a namespace. */
  readonly namespaceBytes: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Most operations in one batch. */
  readonly batchOperations: number;
  /** Most bytes of the values of one batch together. */
  readonly batchBytes: number;
  readonly pageEntries: number;
  /** The size at which a page ends early. */
  readonly pageBytes: number;
}

/** The limits of every provider. */
export const STORE_LIMITS: StoreLimits = Object.freeze({
  namespaceBytes: 256,
  keyBytes: 1024,
  valueBytes: 16 * 1024 * 1024,
  batchOperations: 1000,
  batchBytes: 64 * 1024 * 1024,
  pageEntries: 1000,
  pageBytes: 8 * 1024 * 1024,
});

/** A key, without its value. */
export interface EntryInfo {
  readonly key: string;
  /**
   * Changes with every write, and is never used again in this store: not for another key, nor when the key is removed
   * and made anew. At least 1; where a version is asked for, 0 stands for a key that is absent.
   */
  readonly version: number;
  /** When the entry becomes invisible, in milliseconds since 1970; `undefined` when it stays. */
  readonly expiresAt: number | undefined;
}

/** A key and its value. */
export interface Entry extends EntryInfo {
  /** A copy of its own, as JSON gives it. */
  readonly value: Json;
}

/** What a write can set beside the value. */
export interface SetOptions {
  /** Makes the entry invisible after this many milliseconds; without it the entry stays, even if it had a time before. */
  readonly ttlMs?: number;
}

/** Which keys a scan gives, and how many. */
export interface ScanOptions {
  /** Gives only keys that begin with this; all keys by default. */
  readonly prefix?: string;
  /** Gives only keys that sort after this one. */
  readonly after?: string;
  /** Gives only keys that sort before this one. */
  readonly before?: string;
  /** Begins at the last key; `false` by default. */
  readonly reverse?: boolean;
  /** Most entries on this page: 1 to 1,000, default 100. */
  readonly limit?: number;
  /** Goes on where the page that gave this cursor ended. */
  readonly cursor?: string;
}

/** One page of a scan. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Asks for the next page, with the other options unchanged; `undefined` on the last one. */
  readonly cursor: string | undefined;
}

/** One step of a batch. With `ifVersion` the whole batch depends on the key's version; 0 wants it absent. */
export type Operation =
  | {
    readonly type: "set";
    readonly key: string;
    readonly value: unknown;
    readonly ttlMs?: number;
    readonly ifVersion?: number;
  }
  | { readonly type: "delete"; readonly key: string; readonly ifVersion?: number }
  | { readonly type: "check"; readonly key: string; readonly ifVersion: number };

/** What became of a batch. */
export type BatchResult =
  /** The version of each operation's key, as the operation left it; 0 when it is absent. */
  | { readonly committed: true; readonly versions: readonly number[] }
  /** The place, from 0, of the first operation whose `ifVersion` did not hold. Nothing was written. */
  | { readonly committed: false; readonly conflict: number };

/** One thing that happened to a key. */
export interface Change {
  /**
   * `set` and `delete` say what was done to `key`; an entry whose time ran out is a `delete` once it is purged.
   * `missed` says that more happened than is kept, or that the store was restored: `key` is the watched prefix, and
   * whoever mirrors it reads it again.
   */
  readonly kind: "set" | "delete" | "missed";
  readonly key: string;
  /** Rises from change to change; of a `set`, the version of the entry. */
  readonly version: number;
}

/** Hears of changes in the order in which they were made. The next ones wait until a promise it gives is settled. */
export type ChangeListener = (changes: readonly Change[]) => void | Promise<void>;

/** How much a namespace may hold. What would go beyond it is refused, and changes nothing. */
export interface Quota {
  readonly entries?: number;
  /** Bytes of keys and values together. */
  readonly bytes?: number;
}

/** How much a namespace holds. */
export interface Usage {
  readonly entries: number;
  /** Bytes of keys and values together. */
  readonly bytes: number;
}

/** Data of the `ToolError` that refuses what goes beyond a quota. */
export interface OverQuota {
  readonly quota: keyof Usage;
  readonly limit: number;
  /** How much there would be. */
  readonly wanted: number;
}

/** A namespace, and how much it holds. */
export interface NamespaceInfo extends Usage {
  readonly name: string;
}

/**
 * A namespace of the store. It exists as long as it holds an entry.
 *
 * Keys are strings of 1 to 1,024 bytes in UTF-8, without U+0000 and lone surrogates. They sort by code point, which is
 * also the order of their UTF-8 bytes; so a number in a key is padded with zeros. Values are what `JSON.stringify`
 * writes of them. What breaks a rule or a limit is refused with a `ToolError`, as it may be a model's doing.
 *
 * Every method is atomic, also towards other processes with the same store. A write whose promise is fulfilled
 * survives the death of the process.
 */
export interface Namespace {
  readonly name: string;
  /** Gives an entry, or `undefined` when the key is absent. */
  get(key: string): Promise<Entry | undefined>;
  /**
   * Writes an entry; gives its version.
   *
   * @throws {ToolError} when the key, the value or the time is not allowed, or the quota is used up ({@linkcode OverQuota}).
   */
  set(key: string, value: unknown, options?: SetOptions): Promise<number>;
  /**
   * Writes an entry if the key still has the version `ifVersion`, 0 for absent; gives the new version, or `undefined`
   * when it has another.
   */
  compareAndSet(
    key: string,
    value: unknown,
    options: SetOptions & { readonly ifVersion: number },
  ): Promise<number | undefined>;
  /** Removes an entry, with `ifVersion` only if it has that version; tells whether it did. */
  delete(key: string, options?: { readonly ifVersion?: number }): Promise<boolean>;
  /**
   * Adds to a whole number, which is 0 when the key is absent; gives the sum. A time that the entry has stays;
   * `ttlMs` counts when the entry is made, so that a counter can stand for a window of time.
   *
   * @throws {ToolError} when the value, `by` or the sum is not a safe integer.
   */
  increment(key: string, by?: number, options?: SetOptions): Promise<number>;
  /** Gives a page of entries in the order of their keys. */
  scan(options?: ScanOptions): Promise<Page<Entry>>;
  /** Gives a page as `scan` does, without reading values. */
  keys(options?: ScanOptions): Promise<Page<EntryInfo>>;
  /** Does all operations in order, or none. A condition sees what the operations before it did. */
  batch(operations: readonly Operation[]): Promise<BatchResult>;
  /** Removes every entry whose key begins with `prefix`, all of the namespace for `""`; gives how many. */
  deletePrefix(prefix: string): Promise<number>;
  /**
   * Reports changes to keys that begin with `prefix`, made here or by another process, from the moment the promise is
   * fulfilled. A listener that fails is logged and hears the next changes.
   *
   * @returns what ends it.
   */
  watch(prefix: string, listener: ChangeListener): Promise<Disposer>;
  /** Counts what the namespace holds. */
  usage(): Promise<Usage>;
}

/**
 * A store of namespaces.
 *
 * @example Count in a namespace
 * ```ts
 * import { memoryStore } from "./mod.ts";
 *
 * const store = memoryStore();
 * const counts = store.namespace("visits/pages", { quota: { entries: 1000 } });
 * await counts.increment("home");
 * await counts.increment("home");
 * if ((await counts.get("home"))?.value !== 2) throw new Error("unexpected");
 * await store.close();
 * ```
 */
export interface Store {
  /**
   * Gives a namespace. The quota holds for what is written through this handle.
   *
   * @param name 1 to 256 bytes; begins with the name of the plugin that keeps it, such as `memory/word_count`.
   * @throws {ToolError} when the name is not allowed.
   */
  namespace(name: string, options?: { readonly quota?: Quota }): Namespace;
  /** Lists the namespaces that hold entries, in order of name, with what they hold. */
  namespaces(options?: Pick<ScanOptions, "prefix" | "limit" | "cursor">): Promise<Page<NamespaceInfo>>;
}
export const Store: Contract<Store> = contract("store");

/** Gives all entries of a scan, page by page; what is written meanwhile may or may not be among them. */
export async function* scanAll(namespace: Namespace, options: Omit<ScanOptions, "cursor"> = {}): AsyncGenerator<Entry> {
  let cursor: string | undefined;
  do {
    const page = await namespace.scan(cursor === undefined ? options : { ...options, cursor });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/**
 * Changes a value by what it is now, however many do the same at once.
 *
 * @param options.change Gives the new value, or `undefined` to leave things as they are. It is called again when
 * another writer was faster.
 * @returns whether it wrote.
 */
export async function update(
  namespace: Namespace,
  key: string,
  options: SetOptions & { readonly change: (value: Json | undefined) => unknown },
): Promise<boolean> {
  const { change, ...setOptions } = options;
  while (true) {
    const entry = await namespace.get(key);
    const value = change(entry?.value);
    if (value === undefined) return false;
    const ifVersion = entry?.version ?? 0;
    if (await namespace.compareAndSet(key, value, { ...setOptions, ifVersion }) !== undefined) return true;
  }
}
