/**
 * Stores over temporary folders.
 *
 * @module
 */
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { createSql } from "../../../kernel/platform/sqlite.ts";
import type { Sql } from "../../../kernel/sql.ts";
import { type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { EmbeddedStore } from "../../../plugins/store/embedded_store.ts";
import { SqliteEngine, type SqliteOptions } from "../../../plugins/store/sqlite.ts";

/**
 * The engines that this runtime can load. Deno has the first, and so never loads the second, whose machine code crashes
 * now and then when several of its isolates load it.
 */
export const ENGINES: readonly Sql[] = [
  ...isBuiltin("node:sqlite") ? [createSql({ engine: "node:sqlite" })] : [],
  ..."Deno" in globalThis ? [] : [createSql({ engine: "libsql" })],
];

/** A store over a file, with its engine. */
export interface OpenStore extends AsyncDisposable {
  readonly store: EmbeddedStore;
  readonly engine: SqliteEngine;
  readonly log: FakeLog;
}

/** Opens a store over `state.db` in a folder. */
export function openStore(
  folder: string,
  options: Partial<SqliteOptions> & { readonly sql: Sql; readonly now?: () => number },
): OpenStore {
  const log = fakeLog();
  const engine = new SqliteEngine({ path: () => Promise.resolve(join(folder, "state.db")), log, ...options });
  const store = new EmbeddedStore(engine, { log, now: options.now ?? Date.now });
  return { store, engine, log, [Symbol.asyncDispose]: () => store.close() };
}
