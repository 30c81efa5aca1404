/**
 * The engine in memory: for tests, and for platforms without files. Nothing outlives the process.
 *
 * @module
 */
import type { Change, NamespaceInfo, Usage } from "./contract.ts";
import {
  type ChangeQuery,
  type Engine,
  KEPT_CHANGES,
  type Row,
  type RowInfo,
  type RowQuery,
  type Rows,
} from "./engine.ts";
import { compareKeys, isInRange, type KeyRange } from "./keys.ts";

/** Keeps rows in memory. */
export class MemoryEngine implements Engine {
  readonly #rows = new MemoryRows();

  read<T>(work: (rows: Rows) => T): Promise<T> {
    return new Promise((resolve) => resolve(work(this.#rows)));
  }

  write<T>(work: (rows: Rows) => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#rows.transact(work)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Space {
  /** Sorted. */
  readonly keys: string[];
  readonly rows: Map<string, Row>;
}

interface NotedChange extends Change {
  readonly namespace: string;
}

class MemoryRows implements Rows {
  readonly #spaces = new Map<string, Space>();
  #changes: NotedChange[] = [];
  /** How to undo what the present transaction did, last step last. */
  #undo: (() => void)[] = [];

  transact<T>(work: (rows: Rows) => T): T {
    this.#undo = [];
    try {
      return work(this);
    } catch (error) {
      const steps = this.#undo.reverse();
      // undoing notes steps of its own, which nobody wants
      this.#undo = [];
      for (const undo of steps) undo();
      throw error;
    } finally {
      if (this.#changes.length >= 2 * KEPT_CHANGES) this.#changes = this.#changes.slice(-KEPT_CHANGES);
    }
  }

  get(namespace: string, key: string): Row | undefined {
    return this.#spaces.get(namespace)?.rows.get(key);
  }

  put(namespace: string, row: Omit<Row, "version">): number {
    const version = this.#note(namespace, row.key, "set");
    this.#replace(namespace, row.key, { ...row, version });
    return version;
  }

  remove(namespace: string, key: string): void {
    this.#note(namespace, key, "delete");
    this.#replace(namespace, key, undefined);
  }

  removeRange({ namespace, now, ...range }: Omit<RowQuery, "limit">): number {
    const rows = this.#select(namespace, range);
    for (const { key } of rows) this.remove(namespace, key);
    return rows.filter(isLiveAt(now)).length;
  }

  list(query: RowQuery): readonly RowInfo[] {
    return this.read(query);
  }

  read({ namespace, now, limit, reverse = false, ...range }: RowQuery): readonly Row[] {
    const rows = this.#select(namespace, range).filter(isLiveAt(now));
    return (reverse ? rows.reverse() : rows).slice(0, limit);
  }

  usage(namespace: string, now: number): Usage {
    const rows = [...this.#spaces.get(namespace)?.rows.values() ?? []].filter(isLiveAt(now));
    return { entries: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) };
  }

  namespaces({ now, limit, ...range }: Omit<RowQuery, "namespace">): readonly NamespaceInfo[] {
    return [...this.#spaces.keys()]
      .filter((name) => isInRange(name, range))
      .sort(compareKeys)
      .map((name) => ({ name, ...this.usage(name, now) }))
      .filter(({ entries }) => entries > 0)
      .slice(0, limit);
  }

  expired(now: number, limit: number): readonly { readonly namespace: string; readonly key: string }[] {
    const isLive = isLiveAt(now);
    return [...this.#spaces].flatMap(([namespace, { rows }]) =>
      [...rows.values()].filter((row) => !isLive(row)).map(({ key }) => ({ namespace, key }))
    ).slice(0, limit);
  }

  nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const { rows } of this.#spaces.values()) {
      for (const { expiresAt } of rows.values()) {
        if (expiresAt !== undefined && expiresAt < (next ?? Infinity)) next = expiresAt;
      }
    }
    return next;
  }

  lastVersion(): number {
    return this.#changes.at(-1)?.version ?? 0;
  }

  oldestChange(): number {
    return this.#changes[0]?.version ?? 0;
  }

  changes({ namespace, after, through, limit, ...range }: ChangeQuery): readonly Change[] {
    // versions have no gaps
    const first = Math.max(0, after + 1 - this.oldestChange());
    const found: Change[] = [];
    for (let i = first; i < this.#changes.length && found.length < limit; i++) {
      const { namespace: owner, ...change } = this.#changes[i]!;
      if (change.version > through) break;
      if (owner === namespace && isInRange(change.key, range)) found.push(change);
    }
    return found;
  }

  #select(namespace: string, range: KeyRange): Row[] {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return [];
    const end = range.to === undefined ? undefined : findPlace(space.keys, range.to);
    return space.keys.slice(findPlace(space.keys, range.from), end).map((key) => space.rows.get(key)!);
  }

  #note(namespace: string, key: string, kind: Change["kind"]): number {
    const version = this.lastVersion() + 1;
    this.#changes.push({ namespace, key, kind, version });
    this.#undo.push(() => this.#changes.pop());
    return version;
  }

  #replace(namespace: string, key: string, row: Row | undefined): void {
    let space = this.#spaces.get(namespace);
    if (space === undefined) this.#spaces.set(namespace, space = { keys: [], rows: new Map() });
    const before = space.rows.get(key);
    this.#undo.push(() => this.#replace(namespace, key, before));
    const place = findPlace(space.keys, key);
    if (row === undefined) {
      space.rows.delete(key);
      if (before !== undefined) space.keys.splice(place, 1);
      if (space.keys.length === 0) this.#spaces.delete(namespace);
    } else {
      space.rows.set(key, row);
      if (before === undefined) space.keys.splice(place, 0, key);
    }
  }
}

function isLiveAt(now: number): (row: RowInfo) => boolean {
  return (row) => (row.expiresAt ?? Infinity) > now;
}

// the place of the first key that does not sort before the given one
function findPlace(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
