/**
 * Tells whether other processes use the state. Whoever has the state open holds a shared lock, whoever replaces it an
 * exclusive one. The lock is SQLite's own, on an empty database beside the state: it may be shared, and the operating
 * system releases it when its holder dies.
 *
 * @module
 */
import type { Sql, SqlDatabase } from "../../kernel/mod.ts";
import { BUSY_TIMEOUT_MS, rollBack, whileBusy } from "./busy.ts";

/** A place in the lock. */
export class Presence {
  readonly #db: SqlDatabase;

  private constructor(db: SqlDatabase) {
    this.#db = db;
  }

  static async open(sql: Sql, path: string): Promise<Presence> {
    const db = await sql.open(path);
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return new Presence(db);
  }

  /** Waits until nobody is alone, and holds the lock with others. */
  async share(patienceMs: number): Promise<void> {
    // the transaction alone locks nothing; reading does
    await whileBusy(() => {
      rollBack(this.#db);
      this.#db.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
    }, patienceMs);
  }

  /**
   * Waits until nobody else holds the lock, and holds it alone; or until `isNeedless`, and holds nothing. Tells whether
   * it holds the lock.
   */
  async own(patienceMs: number, isNeedless: () => boolean = () => false): Promise<boolean> {
    return await whileBusy(() => {
      rollBack(this.#db);
      if (isNeedless()) return false;
      this.#db.exec("BEGIN EXCLUSIVE");
      return true;
    }, patienceMs);
  }

  close(): void {
    rollBack(this.#db);
    this.#db.close();
  }
}
