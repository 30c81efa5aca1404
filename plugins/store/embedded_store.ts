/**
 * The store over an embedded engine. What entries, times, conditions and quotas mean is decided in
 * {@linkcode EmbeddedNamespace}; here is what all namespaces share: the feed of changes, and the purge.
 *
 * @module
 */
import { type Disposer, KernelError, type Log, messageOf } from "../../kernel/mod.ts";
import { repeat, sleep } from "./time.ts";
import { ChangeFeed, type WatchedKeys } from "./change_feed.ts";
import type { ChangeListener, Namespace, NamespaceInfo, Page, Quota, ScanOptions, Store } from "./contract.ts";
import { EmbeddedNamespace, type NamespaceHost } from "./embedded_namespace.ts";
import type { Engine, Rows } from "./engine.ts";
import { checkLimit, checkName, scanRange } from "./keys.ts";

const PURGE_INTERVAL_MS = 10_000;
const PURGE_ROWS = 500;
const PURGE_STEPS = 20;

/** What a store is made with. */
export interface EmbeddedStoreOptions {
  readonly log: Log;
  /** Tells the time in milliseconds since 1970; the clock of the machine by default. */
  readonly now?: () => number;
}

/** A store over an engine that this process holds. */
export class EmbeddedStore implements Store, NamespaceHost {
  readonly now: () => number;
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #feed: ChangeFeed;
  #stopPurging: Disposer | undefined;
  #isClosed = false;

  constructor(engine: Engine, options: EmbeddedStoreOptions) {
    this.now = options.now ?? Date.now;
    this.#engine = engine;
    this.#log = options.log;
    this.#feed = new ChangeFeed(engine, options.log);
  }

  namespace(name: string, options: { readonly quota?: Quota } = {}): Namespace {
    checkName(name);
    return new EmbeddedNamespace(this, name, options.quota);
  }

  async namespaces(options: Pick<ScanOptions, "prefix" | "limit" | "cursor"> = {}): Promise<Page<NamespaceInfo>> {
    const limit = checkLimit(options.limit);
    const query = { ...scanRange(options), now: this.now(), limit: limit + 1 };
    const found = await this.read((rows) => rows.namespaces(query));
    const items = found.slice(0, limit);
    return { items, cursor: found.length > limit ? items.at(-1)?.name : undefined };
  }

  /** Runs a reading. */
  read<T>(work: (rows: Rows) => T): Promise<T> {
    this.#begin();
    return this.#engine.read(work);
  }

  /** Runs a transaction. */
  async write<T>(work: (rows: Rows) => T): Promise<T> {
    this.#begin();
    const result = await this.#engine.write(work);
    this.#feed.wake();
    return result;
  }

  /** Reports changes to keys. */
  watch(keys: WatchedKeys, listener: ChangeListener): Promise<Disposer> {
    this.#begin();
    return this.#feed.watch(keys, listener);
  }

  /** Tells every watcher that what it knows is out of date. */
  reset(): void {
    this.#feed.reset();
  }

  /** Releases the engine and every timer; the store is of no use afterwards. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#feed.close();
    await this.#stopPurging?.();
    await this.#engine.close();
  }

  #begin(): void {
    if (this.#isClosed) throw new KernelError("SCOPE_CLOSED", "Cannot use the store: it is closed");
    this.#stopPurging ??= repeat(PURGE_INTERVAL_MS, () => this.#purge());
  }

  // small transactions with pauses, so that neither this process nor another waits
  async #purge(): Promise<void> {
    try {
      for (let step = 0; step < PURGE_STEPS && !this.#isClosed; step++) {
        if (await this.purge(PURGE_ROWS) < PURGE_ROWS) return;
        await sleep(1);
      }
    } catch (error) {
      if (!this.#isClosed) this.#log.warn("Cannot purge expired entries", { error: messageOf(error) });
    }
  }

  /** Removes up to `limit` entries whose time is over; gives how many. */
  async purge(limit: number): Promise<number> {
    const now = this.now();
    const isDue = await this.read((rows) => (rows.nextExpiry() ?? Infinity) <= now);
    if (!isDue) return 0;
    return await this.write((rows) => {
      const expired = rows.expired(now, limit);
      for (const { namespace, key } of expired) rows.remove(namespace, key);
      return expired.length;
    });
  }
}
