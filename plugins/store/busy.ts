/**
 * Patience with a database that another process has locked.
 *
 * @module
 */
import { type SqlDatabase, sqlFault } from "../../kernel/mod.ts";
import { sleep } from "./time.ts";

/** How long the engine itself waits for a lock, which holds up the whole process. */
export const BUSY_TIMEOUT_MS = 20;

/** Runs `work` again, after a pause of random length, as long as the database is locked and `patienceMs` lasts. */
export async function whileBusy<T>(work: () => T, patienceMs: number): Promise<T> {
  const end = performance.now() + patienceMs;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (sqlFault(error) !== "busy" || performance.now() >= end) throw error;
    }
    // of random length, so that two processes do not meet again and again
    await sleep(5 + Math.random() * 25);
  }
}

/** Undoes the transaction; nothing happens when the engine has undone it already. */
export function rollBack(db: SqlDatabase): void {
  try {
    db.exec("ROLLBACK");
  } catch (error) {
    if (sqlFault(error) !== "other") throw error;
  }
}
