/**
 * The contract of an embedded SQLite engine: a platform that has one provides it, and the state is kept with it.
 *
 * @module
 */
import { type Contract, contract } from "./token.ts";

/** A value that a column holds or a parameter binds. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** One row of an answer: values by column name. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A prepared statement; parameters bind to its `?` in order. */
export interface SqlStatement {
  /** Gives all rows. */
  all(...parameters: readonly SqlValue[]): readonly SqlRow[];
  /** Gives the first row. */
  get(...parameters: readonly SqlValue[]): SqlRow | undefined;
  /** Runs a statement that answers with no rows; gives how many rows it changed. */
  run(...parameters: readonly SqlValue[]): number;
}

/** An open database file. Every call is synchronous and throws an {@linkcode SqlError}. */
export interface SqlDatabase {
  /** Runs statements that take no parameters and whose rows are not wanted. */
  exec(sql: string): void;
  /** Prepares one statement, to be run any number of times. */
  prepare(sql: string): SqlStatement;
  /**
   * Ends the connection. Some engines keep the file open until the statements made here are collected as garbage, so
   * the file may not be moved or replaced on the strength of this call.
   */
  close(): void;
}

/** An SQLite engine. */
export interface Sql {
  /** Names the engine, such as `node:sqlite`. */
  readonly engine: string;
  /**
   * Opens a database file, which is made, for this user alone, when it is absent. The engine itself is loaded here.
   *
   * @param path Absolute path; `:memory:` for a database that is on no disk.
   * @throws {SqlError} `unopenable` when the file or its folder cannot be used.
   */
  open(path: string): Promise<SqlDatabase>;
}
export const Sql: Contract<Sql> = contract("sql");

/**
 * What kept a statement from running:
 *
 * - `busy`: another connection holds a lock that is needed; the same call may succeed later;
 * - `corrupt`: the file is damaged, or is no database;
 * - `full`: the disk, or the room allowed to the file, is used up;
 * - `read-only`: the file may not be written;
 * - `unopenable`: the file cannot be opened;
 * - `io`: the operating system refused to read or write;
 * - `other`: a mistake in the statement or its parameters.
 */
export type SqlFault = "busy" | "corrupt" | "full" | "read-only" | "unopenable" | "io" | "other";

/** Reports what an SQLite engine refused. */
export class SqlError extends Error {
  override readonly name = "SqlError";
  readonly fault: SqlFault;

  constructor(fault: SqlFault, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.fault = fault;
  }
}

/** Gives the fault of an {@linkcode SqlError} of any copy of the kernel; `undefined` for any other value. */
export function sqlFault(thrown: unknown): SqlFault | undefined {
  return thrown instanceof Error && thrown.name === "SqlError" ? (thrown as SqlError).fault : undefined;
}
