/**
 * The engine over an SQLite file, `state.db` in the home of the server; other servers may share it.
 *
 * @module
 */
import {
  KernelError,
  type Log,
  type Sql,
  type SqlDatabase,
  SqlError,
  sqlFault,
  type SqlStatement,
} from "../../kernel/mod.ts";
import { BUSY_TIMEOUT_MS, rollBack, whileBusy } from "./busy.ts";
import type { Engine, Rows } from "./engine.ts";
import { migrate, MIGRATIONS, readFormat } from "./migrations.ts";
import { Presence } from "./presence.ts";
import { SqliteRows } from "./sqlite_rows.ts";
import { explainFault } from "./state_errors.ts";
import { sleep, timestamp } from "./time.ts";

/** What the engine is made with. */
export interface SqliteOptions {
  readonly sql: Sql;
  /** Gives the absolute path of the file; asked when it is first opened. */
  readonly path: () => Promise<string>;
  readonly log: Log;
  /**
   * What a write waits for. `normal`, the default: the operating system has it, so that it survives the death of the
   * process; a loss of power may undo the last writes, and leaves the file whole. `full`: the disk has it.
   */
  readonly synchronous?: "normal" | "full";
  /** How long a write waits for other processes, in milliseconds; default 10,000. */
  readonly patienceMs?: number;
  /** Steps between formats; those of this version by default. */
  readonly migrations?: readonly string[];
}

interface OpenState {
  readonly db: SqlDatabase;
  readonly rows: SqliteRows;
  readonly presence: Presence;
  /** Asks for a number that changes whenever another connection wrote. */
  readonly counter: SqlStatement;
  dataVersion: number;
}

const OFFLINE_PATIENCE_MS = 1_000;

/** Keeps rows in an SQLite file, which is opened when it is first used. */
export class SqliteEngine implements Engine {
  readonly #options: SqliteOptions;
  readonly #patience: number;
  readonly #migrations: readonly string[];
  #opening: Promise<OpenState> | undefined;
  /** How many uses of the file are under way. */
  #uses = 0;
  /** Settles when the file may be used again. */
  #offline: Promise<unknown> | undefined;
  #isClosed = false;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.#patience = options.patienceMs ?? 10_000;
    this.#migrations = options.migrations ?? MIGRATIONS;
  }

  read<T>(work: (rows: Rows) => T): Promise<T> {
    return this.#use(({ rows }) => work(rows));
  }

  write<T>(work: (rows: Rows) => T): Promise<T> {
    return this.#use(({ db, rows }) => transact(db, () => work(rows)));
  }

  hasForeignWrites(): Promise<boolean> {
    return this.#use((state) => {
      const before = state.dataVersion;
      state.dataVersion = readDataVersion(state);
      return state.dataVersion !== before;
    });
  }

  /** Writes a copy of the state, as it is at this moment, to a new file. */
  copyTo(path: string): Promise<void> {
    return this.#use(({ db }) => copyDatabase(db, path));
  }

  /**
   * Checks that a file beside the state could take its place.
   *
   * @param options.shown Names the file in messages.
   * @throws {KernelError} `STATE_NEWER` when a later version made it, `STATE_UNREADABLE` when another program did.
   * @throws {SqlError} `corrupt` when it is damaged.
   */
  async checkFile(path: string, options: { readonly shown: string }): Promise<void> {
    const db = await this.#options.sql.open(path);
    try {
      const format = readFormat(db, options.shown, { known: this.#migrations.length });
      const report = format === 0 ? "it is empty" : db.prepare("PRAGMA integrity_check").get()?.integrity_check;
      if (report !== "ok") throw new SqlError("corrupt", `the state in it is damaged: ${report}`);
    } finally {
      db.close();
    }
  }

  /**
   * Runs `work` while nobody has the state open. What this process wants of it meanwhile waits.
   *
   * @throws {KernelError} `HOME_UNUSABLE` when another process has it open.
   */
  async offline<T>(work: () => Promise<T>): Promise<T> {
    while (this.#offline !== undefined) await this.#offline;
    const running = this.#runOffline(work);
    this.#offline = running.catch(() => undefined).then(() => this.#offline = undefined);
    return await running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#settleUses();
    const opening = this.#opening;
    this.#opening = undefined;
    const state = await opening?.catch(() => undefined);
    state?.db.close();
    state?.presence.close();
  }

  async #use<T>(work: (state: OpenState) => T): Promise<T> {
    while (this.#offline !== undefined) await this.#offline;
    if (this.#isClosed) throw new KernelError("SCOPE_CLOSED", "Cannot use the state: it is closed");
    this.#uses++;
    try {
      this.#opening ??= this.#open();
      const state = await this.#opening;
      return await this.#explain(() => whileBusy(() => work(state), this.#patience));
    } finally {
      this.#uses--;
    }
  }

  async #settleUses(): Promise<void> {
    while (this.#uses > 0) await sleep(1);
  }

  async #open(): Promise<OpenState> {
    try {
      return await this.#explain(async (path) => {
        const presence = await this.#openPresence(path);
        try {
          return await this.#openState(path, presence);
        } catch (error) {
          presence.close();
          throw error;
        }
      });
    } catch (error) {
      // the next use tries again
      this.#opening = undefined;
      throw error;
    }
  }

  async #openState(path: string, presence: Presence): Promise<OpenState> {
    await presence.share(this.#patience);
    const db = await this.#options.sql.open(path);
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      await this.#bringUpToDate({ db, path, presence });
      await whileBusy(() => db.exec("PRAGMA journal_mode = WAL"), this.#patience);
      db.exec(`PRAGMA synchronous = ${this.#options.synchronous ?? "normal"}`);
      // the log beside the file is cut to this size after it grew
      db.exec("PRAGMA journal_size_limit = 16777216");
      const counter = db.prepare("PRAGMA data_version");
      return { db, presence, rows: new SqliteRows(db), counter, dataVersion: readDataVersion({ counter }) };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  // alone, since a server that runs knows only the tables that it opened
  async #bringUpToDate({ db, path, presence }: Pick<OpenState, "db" | "presence"> & { path: string }): Promise<void> {
    const known = this.#migrations.length;
    const isCurrent = () => readFormat(db, path, { known }) === known;
    while (!await whileBusy(isCurrent, this.#patience)) {
      // of servers that wait for the same one is first, and then stays
      const isAlone = await this.#becomeAlone(presence, { path, patienceMs: this.#patience, isNeedless: isCurrent });
      if (isAlone) await this.#raiseFormat(db, path);
      await presence.share(this.#patience);
    }
  }

  async #raiseFormat(db: SqlDatabase, path: string): Promise<void> {
    const known = this.#migrations.length;
    const format = await whileBusy(() => readFormat(db, path, { known }), this.#patience);
    if (format === known) return;
    if (format > 0) {
      const copy = `${path}.format-${format}-${timestamp()}`;
      copyDatabase(db, copy);
      this.#options.log.info(`The state goes from format ${format} to ${known}; a copy is kept`, { copy });
    }
    // those that wait look at the format meanwhile
    await whileBusy(() => migrate(db, { from: format, migrations: this.#migrations }), this.#patience);
  }

  async #runOffline<T>(work: () => Promise<T>): Promise<T> {
    await this.#settleUses();
    const state = await this.#opening?.catch(() => undefined);
    return await this.#explain(async (path) => {
      const presence = state?.presence ?? await this.#openPresence(path);
      try {
        await this.#becomeAlone(presence, { path, patienceMs: OFFLINE_PATIENCE_MS });
        if (state) leaveWalMode(state.db);
      } catch (error) {
        await this.#rejoin({ ...state, presence }, path);
        throw error;
      }
      this.#opening = undefined;
      try {
        state?.db.close();
        return await work();
      } finally {
        presence.close();
      }
    });
  }

  async #rejoin({ db, presence }: Partial<OpenState> & Pick<OpenState, "presence">, path: string): Promise<void> {
    if (db === undefined) return presence.close();
    try {
      await presence.share(this.#patience);
      // a later version may have come in while the lock was let go
      readFormat(db, path, { known: this.#migrations.length });
    } catch (error) {
      this.#opening = undefined;
      db.close();
      presence.close();
      throw error;
    }
  }

  async #openPresence(path: string): Promise<Presence> {
    return await Presence.open(this.#options.sql, `${path}.lock`);
  }

  /** Tells whether it became so: it does not once `isNeedless` holds. */
  async #becomeAlone(
    presence: Presence,
    { path, patienceMs, isNeedless }: { path: string; patienceMs: number; isNeedless?: () => boolean },
  ): Promise<boolean> {
    try {
      return await presence.own(patienceMs, isNeedless);
    } catch (cause) {
      if (sqlFault(cause) !== "busy") throw cause;
      throw new KernelError("HOME_UNUSABLE", `Cannot replace the state "${path}": another server uses it`, {
        cause,
        fix: "Stop every other server of this home, and try again",
      });
    }
  }

  async #explain<T>(work: (path: string) => Promise<T>): Promise<T> {
    const path = await this.#options.path();
    try {
      return await work(path);
    } catch (error) {
      throw explainFault(error, path);
    }
  }
}

function transact<T>(db: SqlDatabase, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

// outside WAL mode the engine leaves the files beside this one alone, even if it is late to let go of it
function leaveWalMode(db: SqlDatabase): void {
  try {
    db.exec("PRAGMA journal_mode = DELETE");
  } catch (error) {
    // what is damaged stays as it is
    if (sqlFault(error) !== "corrupt") throw error;
  }
}

function copyDatabase(db: SqlDatabase, path: string): void {
  db.prepare("VACUUM INTO ?").run(path);
}

function readDataVersion({ counter }: Pick<OpenState, "counter">): number {
  return Number(counter.get()?.data_version);
}
