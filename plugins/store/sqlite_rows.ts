/**
 * Rows in an SQLite file.
 *
 * @module
 */
import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from "../../kernel/mod.ts";
import type { Change, NamespaceInfo, Usage } from "./contract.ts";
import type { ChangeQuery, Row, RowInfo, RowQuery, Rows } from "./engine.ts";

const IN_RANGE = "namespace = ? AND key >= ? AND key < ?";
const IS_LIVE = "(expires_at IS NULL OR expires_at > ?)";
const INFO = "key, version, expires_at, bytes";
// sorts after every text
const NO_END = new Uint8Array(1);

/** Statements by what they do. */
const SQL = {
  get: `SELECT ${INFO}, value FROM entries WHERE namespace = ? AND key = ?`,
  note: "INSERT INTO changes (namespace, key, kind) VALUES (?, ?, ?) RETURNING version",
  put: `INSERT INTO entries (namespace, key, value, version, expires_at, bytes) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (namespace, key) DO UPDATE SET
      value = excluded.value, version = excluded.version, expires_at = excluded.expires_at, bytes = excluded.bytes`,
  remove: "DELETE FROM entries WHERE namespace = ? AND key = ?",
  countRange: `SELECT count(*) AS live FROM entries WHERE ${IN_RANGE} AND ${IS_LIVE}`,
  noteRange: `INSERT INTO changes (namespace, key, kind)
    SELECT namespace, key, 'delete' FROM entries WHERE ${IN_RANGE} ORDER BY key`,
  removeRange: `DELETE FROM entries WHERE ${IN_RANGE}`,
  list: `SELECT ${INFO} FROM entries WHERE ${IN_RANGE} AND ${IS_LIVE} ORDER BY key LIMIT ?`,
  listReverse: `SELECT ${INFO} FROM entries WHERE ${IN_RANGE} AND ${IS_LIVE} ORDER BY key DESC LIMIT ?`,
  read: `SELECT ${INFO}, value FROM entries WHERE ${IN_RANGE} AND ${IS_LIVE} ORDER BY key LIMIT ?`,
  readReverse: `SELECT ${INFO}, value FROM entries WHERE ${IN_RANGE} AND ${IS_LIVE} ORDER BY key DESC LIMIT ?`,
  // `+` keeps the index of keys out of it: few entries are expired, a namespace may hold many
  namespaces: `SELECT t.namespace, t.entries - count(e.key) AS entries, t.bytes - coalesce(sum(e.bytes), 0) AS bytes
    FROM totals t LEFT JOIN entries e ON +e.namespace = t.namespace AND e.expires_at <= ?
    WHERE t.namespace >= ? AND t.namespace < ?
    GROUP BY t.namespace HAVING t.entries > count(e.key) ORDER BY t.namespace LIMIT ?`,
  expired: "SELECT namespace, key FROM entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
  nextExpiry: "SELECT min(expires_at) AS next FROM entries WHERE expires_at IS NOT NULL",
  lastVersion: "SELECT max(version) AS version FROM changes",
  oldestChange: "SELECT min(version) AS version FROM changes",
  changes: `SELECT kind, key, version FROM changes
    WHERE version > ? AND version <= ? AND +namespace = ? AND key >= ? AND key < ? ORDER BY version LIMIT ?`,
} as const;

/** Rows by prepared statements. */
export class SqliteRows implements Rows {
  readonly #db: SqlDatabase;
  readonly #statements = new Map<keyof typeof SQL, SqlStatement>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  get(namespace: string, key: string): Row | undefined {
    const row = this.#first("get", namespace, key);
    return row && toRow(row);
  }

  put(namespace: string, row: Omit<Row, "version">): number {
    const version = Number(this.#first("note", namespace, row.key, "set")?.version);
    this.#run("put", namespace, row.key, row.text, version, row.expiresAt ?? null, row.bytes);
    return version;
  }

  remove(namespace: string, key: string): void {
    this.#first("note", namespace, key, "delete");
    this.#run("remove", namespace, key);
  }

  removeRange({ namespace, from, to, now }: Omit<RowQuery, "limit">): number {
    const range = [namespace, from, to ?? NO_END] as const;
    const live = Number(this.#first("countRange", ...range, now)?.live);
    this.#run("noteRange", ...range);
    this.#run("removeRange", ...range);
    return live;
  }

  list(query: RowQuery): readonly RowInfo[] {
    return this.#all(query.reverse ? "listReverse" : "list", ...bindQuery(query)).map(toInfo);
  }

  read(query: RowQuery): readonly Row[] {
    return this.#all(query.reverse ? "readReverse" : "read", ...bindQuery(query)).map(toRow);
  }

  usage(namespace: string, now: number): Usage {
    const [found] = this.namespaces({ from: namespace, to: `${namespace}\0`, now, limit: 1 });
    return { entries: found?.entries ?? 0, bytes: found?.bytes ?? 0 };
  }

  namespaces({ from, to, now, limit }: Omit<RowQuery, "namespace">): readonly NamespaceInfo[] {
    return this.#all("namespaces", now, from, to ?? NO_END, limit)
      .map((row) => ({ name: String(row.namespace), entries: Number(row.entries), bytes: Number(row.bytes) }));
  }

  expired(now: number, limit: number): readonly { readonly namespace: string; readonly key: string }[] {
    return this.#all("expired", now, limit).map((row) => ({ namespace: String(row.namespace), key: String(row.key) }));
  }

  nextExpiry(): number | undefined {
    const next = this.#first("nextExpiry")?.next ?? null;
    return next === null ? undefined : Number(next);
  }

  lastVersion(): number {
    return Number(this.#first("lastVersion")?.version ?? 0);
  }

  oldestChange(): number {
    return Number(this.#first("oldestChange")?.version ?? 0);
  }

  changes({ namespace, from, to, after, through, limit }: ChangeQuery): readonly Change[] {
    return this.#all("changes", after, through, namespace, from, to ?? NO_END, limit).map((row) => ({
      kind: row.kind as Change["kind"],
      key: String(row.key),
      version: Number(row.version),
    }));
  }

  #all(name: keyof typeof SQL, ...parameters: readonly SqlValue[]): readonly SqlRow[] {
    return this.#statement(name).all(...parameters);
  }

  #first(name: keyof typeof SQL, ...parameters: readonly SqlValue[]): SqlRow | undefined {
    return this.#statement(name).get(...parameters);
  }

  #run(name: keyof typeof SQL, ...parameters: readonly SqlValue[]): void {
    this.#statement(name).run(...parameters);
  }

  #statement(name: keyof typeof SQL): SqlStatement {
    let statement = this.#statements.get(name);
    if (statement === undefined) this.#statements.set(name, statement = this.#db.prepare(SQL[name]));
    return statement;
  }
}

function bindQuery({ namespace, from, to, now, limit }: RowQuery): readonly SqlValue[] {
  return [namespace, from, to ?? NO_END, now, limit];
}

function toInfo(row: SqlRow): RowInfo {
  const expiresAt = row.expires_at ?? null;
  return {
    key: String(row.key),
    version: Number(row.version),
    expiresAt: expiresAt === null ? undefined : Number(expiresAt),
    bytes: Number(row.bytes),
  };
}

function toRow(row: SqlRow): Row {
  return { ...toInfo(row), text: String(row.value) };
}
