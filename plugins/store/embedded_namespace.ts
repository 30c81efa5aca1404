/**
 * A namespace over an embedded engine: what entries, times, conditions and quotas mean.
 *
 * @module
 */
import { type Disposer, ToolError } from "../../kernel/mod.ts";
import type { WatchedKeys } from "./change_feed.ts";
import {
  type BatchResult,
  type ChangeListener,
  type Entry,
  type EntryInfo,
  type Namespace,
  type Operation,
  type OverQuota,
  type Page,
  type Quota,
  type ScanOptions,
  type SetOptions,
  STORE_LIMITS,
  type Usage,
} from "./contract.ts";
import type { Row, RowInfo, Rows } from "./engine.ts";
import {
  checkKey,
  checkLimit,
  decodeValue,
  type EncodedValue,
  encodeValue,
  expiryOf,
  type KeyRange,
  prefixRange,
  quote,
  scanRange,
  spanRange,
} from "./keys.ts";

/** What namespaces share: the clock, the engine, and the feed of changes. */
export interface NamespaceHost {
  /** Tells the time in milliseconds since 1970. */
  now(): number;
  /** Runs a reading. */
  read<T>(work: (rows: Rows) => T): Promise<T>;
  /** Runs a transaction. */
  write<T>(work: (rows: Rows) => T): Promise<T>;
  /** Reports changes to keys. */
  watch(keys: WatchedKeys, listener: ChangeListener): Promise<Disposer>;
}

/** A namespace of an embedded store. */
export class EmbeddedNamespace implements Namespace {
  readonly name: string;
  readonly #store: NamespaceHost;
  readonly #quota: Quota;

  constructor(store: NamespaceHost, name: string, quota: Quota = {}) {
    this.name = name;
    this.#store = store;
    this.#quota = quota;
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    const row = await this.#store.read((rows) => this.#find(rows, key));
    return row && toEntry(row);
  }

  async set(key: string, value: unknown, options: SetOptions = {}): Promise<number> {
    const step = this.#prepare({ type: "set", key, value, ...options });
    return await this.#write((rows) => this.#apply(rows, step));
  }

  async compareAndSet(
    key: string,
    value: unknown,
    options: SetOptions & { readonly ifVersion: number },
  ): Promise<number | undefined> {
    const result = await this.batch([{ type: "set", key, value, ...options }]);
    return result.committed ? result.versions[0] : undefined;
  }

  async delete(key: string, options: { readonly ifVersion?: number } = {}): Promise<boolean> {
    checkKey(key);
    return await this.#write((rows) => {
      const row = this.#find(rows, key);
      if (row === undefined || row.version !== (options.ifVersion ?? row.version)) return false;
      rows.remove(this.name, key);
      return true;
    });
  }

  async increment(key: string, by = 1, options: SetOptions = {}): Promise<number> {
    const keyBytes = checkKey(key);
    const expiresAt = expiryOf(options.ttlMs, this.#store.now());
    return await this.#write((rows) => {
      const row = this.#find(rows, key);
      const sum = add(key, row === undefined ? 0 : decodeValue(row.text), by);
      const text = String(sum);
      rows.put(this.name, { key, text, bytes: keyBytes + text.length, expiresAt: row ? row.expiresAt : expiresAt });
      return sum;
    });
  }

  async scan(options: ScanOptions = {}): Promise<Page<Entry>> {
    const { items, cursor } = await this.#list(options, STORE_LIMITS.pageBytes);
    const [first, last] = [items[0], items.at(-1)];
    if (first === undefined || last === undefined) return { items: [], cursor };
    const range = spanRange(first.key, last.key);
    const rows = await this.#store.read((rows) => rows.read(this.#query(range, items.length, options)));
    return { items: rows.map(toEntry), cursor };
  }

  async keys(options: ScanOptions = {}): Promise<Page<EntryInfo>> {
    const { items, cursor } = await this.#list(options, Infinity);
    return { items: items.map(toInfo), cursor };
  }

  async batch(operations: readonly Operation[]): Promise<BatchResult> {
    if (operations.length > STORE_LIMITS.batchOperations) {
      throw new ToolError(
        `Cannot write a batch of ${operations.length} operations: it may have ${STORE_LIMITS.batchOperations}`,
      );
    }
    const steps = operations.map((operation, place) => this.#prepare(operation, place));
    const bytes = steps.reduce((sum, step) => sum + (step.encoded?.bytes ?? 0), 0);
    if (bytes > STORE_LIMITS.batchBytes) {
      throw new ToolError(`Cannot write a batch of ${bytes} bytes: it may have ${STORE_LIMITS.batchBytes}`);
    }
    try {
      const versions = await this.#write((rows) => steps.map((step) => this.#apply(rows, step)));
      return { committed: true, versions };
    } catch (error) {
      if (error instanceof Conflict) return { committed: false, conflict: error.place };
      throw error;
    }
  }

  async deletePrefix(prefix: string): Promise<number> {
    const query = { ...prefixRange(prefix), namespace: this.name, now: this.#store.now() };
    return await this.#store.write((rows) => rows.removeRange(query));
  }

  async watch(prefix: string, listener: ChangeListener): Promise<Disposer> {
    return await this.#store.watch({ namespace: this.name, prefix }, listener);
  }

  async usage(): Promise<Usage> {
    return await this.#store.read((rows) => rows.usage(this.name, this.#store.now()));
  }

  #find(rows: Rows, key: string): Row | undefined {
    const row = rows.get(this.name, key);
    return row !== undefined && (row.expiresAt ?? Infinity) > this.#store.now() ? row : undefined;
  }

  #query(range: KeyRange, limit: number, options: ScanOptions) {
    return { ...range, namespace: this.name, now: this.#store.now(), limit, reverse: options.reverse ?? false };
  }

  async #list(options: ScanOptions, bytes: number): Promise<Page<RowInfo>> {
    const limit = checkLimit(options.limit);
    const query = this.#query(scanRange(options), limit + 1, options);
    const found = await this.#store.read((rows) => rows.list(query));
    let room = bytes;
    // the first entry is given whatever its size
    const end = found.findIndex((info, place) => place === limit || ((room -= info.bytes) < 0 && place > 0));
    const items = end < 0 ? found : found.slice(0, end);
    return { items, cursor: end < 0 ? undefined : items.at(-1)?.key };
  }

  // what can be refused without looking at rows is refused before the transaction
  #prepare(operation: Operation, place = 0): Step {
    const { type, key, ifVersion } = operation;
    const step = { type, key, keyBytes: checkKey(key), ifVersion, place };
    if (operation.type !== "set") return step;
    const encoded = encodeValue(key, operation.value);
    return { ...step, encoded, expiresAt: expiryOf(operation.ttlMs, this.#store.now()) };
  }

  // gives the version of the key afterwards
  #apply(rows: Rows, step: Step): number {
    const { type, key, keyBytes, ifVersion, encoded } = step;
    const version = ifVersion === undefined && encoded ? 0 : this.#find(rows, key)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) throw new Conflict(step.place);
    if (encoded) {
      const { text, bytes } = encoded;
      return rows.put(this.name, { key, text, bytes: keyBytes + bytes, expiresAt: step.expiresAt });
    }
    if (type === "check") return version;
    if (version !== 0) rows.remove(this.name, key);
    return 0;
  }

  #write<T>(work: (rows: Rows) => T): Promise<T> {
    const { entries = Infinity, bytes = Infinity } = this.#quota;
    if (entries === Infinity && bytes === Infinity) return this.#store.write(work);
    return this.#store.write((rows) => {
      const now = this.#store.now();
      const before = rows.usage(this.name, now);
      const result = work(rows);
      const after = rows.usage(this.name, now);
      // a namespace that is already too large may shrink
      const isOver = (what: keyof Usage, limit: number) => after[what] > limit && after[what] > before[what];
      if (isOver("entries", entries)) throw this.#overQuota("entries", { limit: entries, wanted: after.entries });
      if (isOver("bytes", bytes)) throw this.#overQuota("bytes", { limit: bytes, wanted: after.bytes });
      return result;
    });
  }

  #overQuota(quota: keyof Usage, { limit, wanted }: Omit<OverQuota, "quota">): ToolError {
    const what = `it would hold ${wanted} ${quota}, it may hold ${limit}`;
    return new ToolError(`Cannot write to ${quote(this.name)}: ${what}; delete some first`, {
      data: { quota, limit, wanted } satisfies OverQuota,
    });
  }
}

/** An operation, checked and encoded. */
interface Step {
  readonly type: Operation["type"];
  readonly key: string;
  readonly keyBytes: number;
  readonly ifVersion: number | undefined;
  /** Its place in the batch. */
  readonly place: number;
  readonly encoded?: EncodedValue;
  readonly expiresAt?: number | undefined;
}

/** Undoes a batch of which a condition does not hold. */
class Conflict extends Error {
  readonly place: number;

  constructor(place: number) {
    super("A condition does not hold");
    this.place = place;
  }
}

function toInfo({ key, version, expiresAt }: RowInfo): EntryInfo {
  return { key, version, expiresAt };
}

function toEntry(row: Row): Entry {
  return { ...toInfo(row), value: decodeValue(row.text) };
}

function add(key: string, value: unknown, by: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new ToolError(`Cannot increment ${quote(key)}: its value is no whole number`);
  }
  const sum = (value as number) + by;
  if (Number.isSafeInteger(by) && Number.isSafeInteger(sum)) return sum;
  throw new ToolError(`Cannot increment ${quote(key)} by ${by}: the step and the sum must be safe integers`);
}
