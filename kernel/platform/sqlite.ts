/**
 * Opens SQLite files: with `node:sqlite` where the runtime has it (Deno, Node 22.13 and later), with the package
 * `libsql` where it does not (Node 20).
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { isBuiltin } from "node:module";
import process from "node:process";
import { KernelError, messageOf } from "../errors.ts";
import {
  type Sql,
  type SqlDatabase,
  SqlError,
  type SqlFault,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from "../sql.ts";

/** What the two engines have in common, as far as it is used here. */
interface EngineDatabase {
  exec(sql: string): void;
  prepare(sql: string): EngineStatement;
  close(): void;
}

interface EngineStatement {
  all(...parameters: unknown[]): SqlRow[];
  run(...parameters: unknown[]): { readonly changes: number | bigint };
}

interface Engine {
  readonly Database: new (path: string) => EngineDatabase;
  /** Whether parameters are passed as one array: `libsql` takes a single `null` or byte array for named parameters. */
  readonly isListed: boolean;
}

type EngineName = "node:sqlite" | "libsql";

const LOADERS: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  "node:sqlite": loadBuiltin,
  libsql: loadLibsql,
};

/**
 * Makes the SQLite engine of this runtime. Nothing is loaded before a file is opened.
 *
 * @param options.engine Names the engine; by default `node:sqlite` where the runtime has it, else `libsql`.
 */
export function createSql(options: { readonly engine?: EngineName } = {}): Sql {
  const engine = options.engine ?? (isBuiltin("node:sqlite") ? "node:sqlite" : "libsql");
  return {
    engine,
    async open(path) {
      const { Database, isListed } = await LOADERS[engine]();
      return refuse(() => {
        makeFile(path);
        return connect(new Database(path), isListed);
      });
    },
  };
}

function connect(database: EngineDatabase, isListed: boolean): SqlDatabase {
  return {
    exec: (sql) => refuse(() => database.exec(sql)),
    prepare: (sql) => refuse(() => wrapStatement(database.prepare(sql), isListed)),
    close: () => refuse(() => database.close()),
  };
}

function wrapStatement(statement: EngineStatement, isListed: boolean): SqlStatement {
  const bind = (parameters: readonly SqlValue[]): readonly unknown[] => isListed ? [parameters] : parameters;
  const all: SqlStatement["all"] = (...parameters) => refuse(() => statement.all(...bind(parameters)));
  return {
    all,
    // not the engine's own `get`: that of libsql adds a property to the row
    get: (...parameters) => all(...parameters)[0],
    run: (...parameters) => refuse(() => Number(statement.run(...bind(parameters)).changes)),
  };
}

// the engines make files that everyone may read
function makeFile(path: string): void {
  if (path === ":memory:") return;
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch (cause) {
    throw new SqlError("unopenable", messageOf(cause), { cause });
  }
}

function loadBuiltin(): Promise<Engine> {
  const emitWarning = process.emitWarning;
  // Node 22 warns on stderr when the module is loaded; every other warning goes its way
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const isExpected = rest[0] === "ExperimentalWarning" && String(warning).includes("SQLite");
    if (!isExpected) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    const builtin = process.getBuiltinModule("node:sqlite") as unknown as { DatabaseSync: Engine["Database"] };
    return Promise.resolve({ Database: builtin.DatabaseSync, isListed: false });
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function loadLibsql(): Promise<Engine> {
  try {
    const { default: Database } = await import("libsql");
    return { Database: Database as unknown as Engine["Database"], isListed: true };
  } catch (cause) {
    throw new KernelError("STATE_UNREADABLE", 'Cannot load SQLite: the package "libsql" does not load', {
      cause,
      fix: "Run on Deno, or on Node 22.13 or later, which have SQLite built in",
    });
  }
}

function refuse<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SqlError) throw cause;
    throw new SqlError(faultOf(cause), messageOf(cause), { cause });
  }
}

// result codes of SQLite: https://sqlite.org/rescode.html
const FAULTS: ReadonlyMap<number, SqlFault> = new Map([
  [5, "busy"],
  [6, "busy"],
  [8, "read-only"],
  [10, "io"],
  [11, "corrupt"],
  [13, "full"],
  [14, "unopenable"],
  [26, "corrupt"],
]);

// not every error of every engine carries its code, but all carry SQLite's own words
const FAULT_WORDS: readonly (readonly [string, SqlFault])[] = [
  ["is locked", "busy"],
  ["readonly database", "read-only"],
  ["disk I/O error", "io"],
  ["is malformed", "corrupt"],
  ["is not a database", "corrupt"],
  ["disk is full", "full"],
  ["nable to open", "unopenable"],
];

function faultOf(error: unknown): SqlFault {
  const { errcode, rawCode } = error as { errcode?: number; rawCode?: number };
  const code = errcode ?? rawCode;
  // the lowest byte is the primary code
  const fault = code === undefined ? undefined : FAULTS.get(code & 0xff);
  const message = messageOf(error);
  return fault ?? FAULT_WORDS.find(([words]) => message.includes(words))?.[1] ?? "other";
}
