/**
 * Tells watchers of changes. The queue of each watcher is the engine's own list of changes and a place in it, so that
 * a slow listener holds up nobody and takes no memory.
 *
 * @module
 */
import { type Disposer, type Log, messageOf } from "../../kernel/mod.ts";
import { repeat } from "./time.ts";
import type { Change, ChangeListener } from "./contract.ts";
import type { Engine } from "./engine.ts";
import { type KeyRange, prefixRange } from "./keys.ts";

const POLL_MS = 100;
const CHANGES_PER_CALL = 500;

/** Which keys a watcher hears of. */
export interface WatchedKeys {
  readonly namespace: string;
  readonly prefix: string;
}

interface Watcher extends WatchedKeys {
  readonly range: KeyRange;
  readonly listener: ChangeListener;
  /** The version of the last change that was looked at. */
  after: number;
  isDelivering: boolean;
  /** Whether there may be news since the last look. */
  isBehind: boolean;
  hasMissed: boolean;
}

/** Hands the changes that an engine notes to whoever watches. */
export class ChangeFeed {
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #watchers = new Set<Watcher>();
  #stopPolling: Disposer | undefined;

  constructor(engine: Engine, log: Log) {
    this.#engine = engine;
    this.#log = log;
  }

  async watch({ namespace, prefix }: WatchedKeys, listener: ChangeListener): Promise<Disposer> {
    const range = prefixRange(prefix);
    const after = await this.#engine.read((rows) => rows.lastVersion());
    const state = { after, isDelivering: false, isBehind: false, hasMissed: false };
    const watcher: Watcher = { namespace, prefix, range, listener, ...state };
    this.#watchers.add(watcher);
    if (this.#engine.hasForeignWrites !== undefined) this.#stopPolling ??= repeat(POLL_MS, () => this.#poll());
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.close();
    };
  }

  /** Looks for changes; called after a write. */
  wake(): void {
    for (const watcher of this.#watchers) {
      watcher.isBehind = true;
      if (!watcher.isDelivering) void this.#deliver(watcher);
    }
  }

  /** Tells every watcher that it missed changes. */
  reset(): void {
    for (const watcher of this.#watchers) watcher.hasMissed = true;
    this.wake();
  }

  close(): void {
    this.#watchers.clear();
    this.#stopPolling?.();
    this.#stopPolling = undefined;
  }

  async #poll(): Promise<void> {
    try {
      if (await this.#engine.hasForeignWrites?.()) this.wake();
    } catch (error) {
      this.#log.warn("Cannot look for changes by other processes", { error: messageOf(error) });
    }
  }

  async #deliver(watcher: Watcher): Promise<void> {
    watcher.isDelivering = true;
    while (watcher.isBehind && this.#watchers.has(watcher)) {
      watcher.isBehind = false;
      try {
        const changes = await this.#next(watcher);
        if (changes.length > 0 && this.#watchers.has(watcher)) await watcher.listener(changes);
      } catch (error) {
        const { namespace, prefix } = watcher;
        this.#log.warn("A watcher of the store failed", { namespace, prefix, error: messageOf(error) });
      }
    }
    watcher.isDelivering = false;
  }

  #next(watcher: Watcher): Promise<readonly Change[]> {
    const { namespace, range, prefix } = watcher;
    return this.#engine.read((rows) => {
      const through = rows.lastVersion();
      const query = { namespace, ...range, after: watcher.after, through, limit: CHANGES_PER_CALL };
      const changes = rows.changes(query);
      // asked last: a change that another process dropped before it was listed is noticed
      const hasMissed = watcher.hasMissed || rows.oldestChange() > watcher.after + 1 || through < watcher.after;
      const last = changes.length === CHANGES_PER_CALL && !hasMissed ? changes.at(-1) : undefined;
      watcher.hasMissed = false;
      watcher.after = last?.version ?? through;
      watcher.isBehind ||= last !== undefined;
      return hasMissed ? [{ kind: "missed", key: prefix, version: through }] : changes;
    });
  }
}
