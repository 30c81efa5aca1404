/**
 * Takes over what skillz kept: the file `.memory.db` in its folder of tools, an SQLite table of tool, key, JSON text and
 * time of expiry. The columns are looked up, since their names are known from descriptions only.
 *
 * @module
 */
import {
  type Files,
  type Folder,
  LOCAL_PRINCIPAL,
  type Log,
  messageOf,
  type Principal,
  type Sql,
  type SqlDatabase,
  type SqlRow,
  type SqlValue,
} from "../../kernel/mod.ts";
import type { Namespace } from "../store/contract.ts";
import type { ToolMemory } from "./contract.ts";
import { importEntries, type ImportEntry } from "./transfer.ts";

const DATABASE = ".memory.db";
const COPIES = "work";
const ROWS_AT_ONCE = 500;
const COLUMNS = {
  tool: ["tool_name", "tool", "namespace"],
  key: ["key", "name"],
  value: ["value", "data", "json"],
  ends: ["expires_at", "expires", "expiry"],
} as const;

/** What the take-over works with. */
export interface AdoptOptions {
  readonly open: (tool: string, principal: Principal) => ToolMemory;
  /** Where is noted which folders have been taken over. */
  readonly taken: Namespace;
  readonly log: Log;
  /** Holds a copy of the file for a moment, since a database that is opened is written to. */
  readonly files: Files | undefined;
  readonly sql: Sql | undefined;
}

/** Takes over the memory in a folder of tools, unless that was done before. Trouble is logged, and met again at the next start. */
export async function adoptMemory(tools: Folder, options: AdoptOptions): Promise<void> {
  const { taken, log, files, sql } = options;
  const found = { file: `${tools.path}/${DATABASE}` };
  try {
    if (await tools.stat(DATABASE) === undefined || await taken.get(tools.path) !== undefined) return;
    if (files === undefined || sql === undefined) {
      return log.warn("The memory of skillz is not taken over: the platform has no SQLite", found);
    }
    const counts = await withCopy(tools, { files, sql }, (db) => takeOver(db, options));
    await taken.set(tools.path, { at: new Date().toISOString(), ...counts });
    log.info("Took over the memory of skillz; its file stays as it is", { ...found, ...counts });
  } catch (error) {
    log.warn("The memory of skillz is not taken over", { ...found, error: messageOf(error) });
  }
}

async function withCopy<T>(
  tools: Folder,
  { files, sql }: { readonly files: Files; readonly sql: Sql },
  work: (db: SqlDatabase) => Promise<T>,
): Promise<T> {
  const folder = `${COPIES}/${crypto.randomUUID()}`;
  try {
    for (const name of [DATABASE, `${DATABASE}-wal`]) {
      const bytes = await tools.readBytes(name);
      if (bytes !== undefined) await files.writeAtomic(`${folder}/${name}`, bytes);
    }
    const db = await sql.open(await files.resolve(`${folder}/${DATABASE}`));
    try {
      return await work(db);
    } finally {
      db.close();
    }
  } finally {
    await files.remove(folder);
  }
}

interface TakenOver {
  readonly tools: number;
  readonly entries: number;
  /** Entries that exist here already, whose time is over, or which cannot be stored. */
  readonly left_out: number;
}

async function takeOver(db: SqlDatabase, { open, log }: AdoptOptions): Promise<TakenOver> {
  const select = selectRows(db);
  const tools = new Set<string>();
  const counts = { entries: 0, left_out: 0 };
  let place: SqlValue = 0;
  while (true) {
    const rows: readonly SqlRow[] = db.prepare(select).all(place, ROWS_AT_ONCE);
    for (const tool of new Set(rows.map((row) => String(row["tool"])))) {
      const entries = rows.filter((row) => String(row["tool"]) === tool);
      tools.add(tool);
      const imported = await importOf(open(tool, LOCAL_PRINCIPAL), { tool, entries: entries.map(toEntry), log });
      counts.entries += imported;
      counts.left_out += entries.length - imported;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_AT_ONCE) return { tools: tools.size, ...counts };
    place = last["place"] ?? null;
  }
}

/** Imports what can be; one entry at a time where they cannot be imported together. */
async function importOf(
  memory: ToolMemory,
  { tool, entries, log }: { readonly tool: string; readonly entries: readonly ImportEntry[]; readonly log: Log },
): Promise<number> {
  try {
    return (await importEntries(memory, entries, { overwrite: false })).imported;
  } catch (error) {
    const [only, ...more] = entries;
    if (only === undefined || more.length === 0) {
      log.warn("An entry of skillz cannot be taken over", { tool, key: only?.key ?? "", error: messageOf(error) });
      return 0;
    }
    let count = 0;
    for (const entry of entries) count += await importOf(memory, { tool, entries: [entry], log });
    return count;
  }
}

/** Finds the table of entries, and writes the statement that reads it page by page. */
function selectRows(db: SqlDatabase): string {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all().map((it) =>
    String(it["name"])
  );
  for (const table of tables) {
    const present = db.prepare("SELECT name FROM pragma_table_info(?)").all(table).map((it) => String(it["name"]));
    const find = (names: readonly string[]) => names.find((name) => present.includes(name));
    const [tool, key, value, ends] = [COLUMNS.tool, COLUMNS.key, COLUMNS.value, COLUMNS.ends].map(find);
    if (tool === undefined || key === undefined || value === undefined) continue;
    const columns = `rowid AS place, ${tool} AS tool, "${key}" AS "key", ${value} AS "value", ${
      ends ?? "NULL"
    } AS ends`;
    return `SELECT ${columns} FROM "${table.replaceAll('"', '""')}" WHERE rowid > ? ORDER BY rowid LIMIT ?`;
  }
  throw new Error(`no table in it has columns for tool, key and value; there are ${tables.join(", ") || "no tables"}`);
}

function toEntry({ key, value, ends }: SqlRow): ImportEntry {
  return { key: String(key), value: readJson(value ?? null), expiresAt: readTime(ends ?? null) };
}

function readJson(value: SqlValue): unknown {
  if (value instanceof Uint8Array) return readJson(new TextDecoder().decode(value));
  if (typeof value !== "string") return value === null ? null : Number(value);
  try {
    return JSON.parse(value);
  } catch {
    // what is no JSON is kept as the text it is
    return value;
  }
}

// seconds or milliseconds since 1970, or a text in UTC
function readTime(value: SqlValue): number | undefined {
  if (value === null || value === "" || value instanceof Uint8Array) return undefined;
  const number = Number(value);
  if (number === 0) return undefined;
  if (!Number.isNaN(number)) return number > 1e11 ? number : number * 1000;
  const text = String(value);
  const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  const time = Date.parse(isZoned ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? undefined : time;
}
