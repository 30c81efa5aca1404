/**
 * What an embedded engine does for {@linkcode EmbeddedStore}: rows, in transactions. What entries mean, their times,
 * conditions and quotas, is decided above it, once for all engines.
 *
 * @module
 */
import type { Change, NamespaceInfo, Usage } from "./contract.ts";
import type { KeyRange } from "./keys.ts";

/** An entry without its value. */
export interface RowInfo {
  readonly key: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** Bytes of key and value together. */
  readonly bytes: number;
}

/** An entry. */
export interface Row extends RowInfo {
  /** JSON. */
  readonly text: string;
}

/** Which rows a reading gives: those that end after `now`. */
export interface RowQuery extends KeyRange {
  readonly namespace: string;
  readonly now: number;
  readonly limit: number;
  readonly reverse?: boolean;
}

/** Which changes a reading gives: those with versions above `after`, up to `through`. */
export interface ChangeQuery extends KeyRange {
  readonly namespace: string;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
}

/** The rows of all namespaces, within one transaction. */
export interface Rows {
  /** Gives a row, even one whose time is over. */
  get(namespace: string, key: string): Row | undefined;
  /** Writes a row and notes the change; gives its version. */
  put(namespace: string, row: Omit<Row, "version">): number;
  /** Removes a row and notes the change. */
  remove(namespace: string, key: string): void;
  /** Removes the rows of a range and notes the changes; gives how many ended after `now`. */
  removeRange(query: Omit<RowQuery, "limit">): number;
  /** Lists rows by key, without values. */
  list(query: RowQuery): readonly RowInfo[];
  /** Lists rows by key. */
  read(query: RowQuery): readonly Row[];
  /** Sums up the rows that end after `now`. */
  usage(namespace: string, now: number): Usage;
  /** Lists the namespaces whose names lie in a range and that hold rows that end after `now`. */
  namespaces(query: Omit<RowQuery, "namespace">): readonly NamespaceInfo[];
  /** Lists rows that ended at `now` or before. */
  expired(now: number, limit: number): readonly { readonly namespace: string; readonly key: string }[];
  /** Gives when the next row ends, if one does. */
  nextExpiry(): number | undefined;
  /** Gives the version of the last change, 0 before the first. */
  lastVersion(): number;
  /** Gives the version of the oldest change that is kept, 0 when none is. */
  oldestChange(): number;
  /** Lists changes, oldest first. */
  changes(query: ChangeQuery): readonly Change[];
}

/** Keeps rows. */
export interface Engine {
  /** Runs a reading. */
  read<T>(work: (rows: Rows) => T): Promise<T>;
  /** Runs a transaction: if `work` throws, nothing of it stays. It may run more than once. */
  write<T>(work: (rows: Rows) => T): Promise<T>;
  /** Tells whether others wrote since this was last asked; left out where there are no others. */
  hasForeignWrites?(): Promise<boolean>;
  close(): Promise<void>;
}

/** How many changes an engine keeps at least, for watchers that lag behind. */
export const KEPT_CHANGES = 10_000;
