import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { isKernelError, type KernelErrorCode } from "../../../kernel/mod.ts";
import type { Sql, SqlDatabase, SqlStatement } from "../../../kernel/sql.ts";
import { KEPT_CHANGES } from "../../../plugins/store/engine.ts";
import { migrate, MIGRATIONS, readFormat } from "../../../plugins/store/migrations.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { until } from "../../support/wait.ts";
import { ENGINES, openStore } from "./homes.ts";

/** Opens a store, writes one entry, and closes it. */
async function makeState(folder: string, sql: Sql): Promise<string> {
  await using opened = openStore(folder, { sql });
  await opened.store.namespace("n").set("k", "kept");
  return join(folder, "state.db");
}

/** Runs statements on a file, as another program would. */
async function runOn(sql: Sql, path: string, statements: string): Promise<void> {
  const db = await sql.open(path);
  db.exec(statements);
  db.close();
}

/** A database that does something as soon as one of its statements was read for the first time. */
function doAfterFirstRead(db: SqlDatabase, doOnce: () => void): SqlDatabase {
  let isDone = false;
  const prepare = (text: string): SqlStatement => {
    const statement = db.prepare(text);
    const get: SqlStatement["get"] = (...parameters) => {
      const row = statement.get(...parameters);
      if (!isDone) doOnce();
      isDone = true;
      return row;
    };
    return {
      get,
      all: (...parameters) => statement.all(...parameters),
      run: (...parameters) => statement.run(...parameters),
    };
  };
  return { exec: (text) => db.exec(text), close: () => db.close(), prepare };
}

async function refuses(promise: Promise<unknown>, code: KernelErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(isKernelError(error), `no KernelError: ${error.stack}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(error.fix, "it says no remedy");
    return true;
  });
}

for (const sql of ENGINES) {
  describe(`SqliteEngine by ${sql.engine}`, () => {
    test("makes its file when it is first used, for this user alone", async () => {
      await using folder = await temporaryFolder();
      await using opened = openStore(folder.path, { sql });
      const ns = opened.store.namespace("n");
      assert.deepEqual(readdirSync(folder.path), []);
      await ns.set("k", 1);
      const mode = statSync(join(folder.path, "state.db")).mode & 0o777;
      assert.equal(mode, process.platform === "win32" ? mode : 0o600);
    });

    test("keeps what was written when it is opened again", async () => {
      await using folder = await temporaryFolder();
      await makeState(folder.path, sql);
      await using opened = openStore(folder.path, { sql });
      assert.equal((await opened.store.namespace("n").get("k"))?.value, "kept");
    });

    test("is the engine of a database in memory as well, which makes no file", async () => {
      const db = await sql.open(":memory:");
      db.exec("CREATE TABLE t (a)");
      assert.equal(db.prepare("INSERT INTO t VALUES (?)").run(null), 1);
      assert.deepEqual({ ...db.prepare("SELECT a FROM t WHERE a IS ?").get(null) }, { a: null });
      db.close();
      assert.equal(existsSync(":memory:"), false);
    });

    test("refuses everything once it is closed", async () => {
      await using folder = await temporaryFolder();
      const { store } = openStore(folder.path, { sql });
      const ns = store.namespace("n");
      const writing = ns.set("k", 1);
      await store.close();
      await writing;
      await assert.rejects(ns.get("k"), { code: "SCOPE_CLOSED" });
      await assert.rejects(ns.watch("", () => {}), { code: "SCOPE_CLOSED" });
      await store.close();
    });

    test("purges what expired, and reports it", async () => {
      await using folder = await temporaryFolder();
      let now = 1_000_000;
      await using opened = openStore(folder.path, { sql, now: () => now });
      const ns = opened.store.namespace("n");
      const seen: string[] = [];
      const stop = await ns.watch("t", (changes) => void seen.push(...changes.map(({ kind, key }) => kind + key)));
      for (let i = 0; i < 5; i++) await ns.set(`t${i}`, 1, { ttlMs: 10 * (i + 1) });
      await ns.set("stays", 1);
      now += 30;
      assert.equal((await ns.keys()).items.length, 3);
      assert.equal(await opened.store.purge(2), 2);
      assert.equal(await opened.store.purge(2), 1);
      assert.equal(await opened.store.purge(2), 0);
      assert.equal(await opened.engine.read((rows) => rows.usage("n", 0).entries), 3);
      await until(() => seen.length === 8, "eight changes");
      await stop();
      assert.deepEqual(seen.slice(5), ["deletet0", "deletet1", "deletet2"]);
    });

    test("keeps a bounded list of changes", async () => {
      await using folder = await temporaryFolder();
      await using opened = openStore(folder.path, { sql });
      const ns = opened.store.namespace("n");
      const batch = Array.from({ length: 1000 }, (_, i) => ({ type: "set" as const, key: `k${i}`, value: i }));
      for (let i = 0; i < 15; i++) await ns.batch(batch);
      const [oldest, last] = await opened.engine.read((rows) => [rows.oldestChange(), rows.lastVersion()]);
      assert.equal(last, 15_000);
      assert.ok(oldest > 1 && last - oldest + 1 >= KEPT_CHANGES, `${oldest} to ${last}`);
    });
  });

  describe(`SqliteEngine by ${sql.engine}, when another connection is busy`, () => {
    test("waits for a lock without holding up the process", async () => {
      await using folder = await temporaryFolder();
      const path = await makeState(folder.path, sql);
      await using opened = openStore(folder.path, { sql });
      const ns = opened.store.namespace("n");
      await ns.get("k");
      const other = await sql.open(path);
      other.exec("BEGIN IMMEDIATE");
      let [ticks, isDone] = [0, false];
      const timer = setInterval(() => ticks++, 10);
      const writing = ns.set("k", "later").then(() => isDone = true);
      await until(() => ticks >= 5, "five ticks of a timer");
      assert.equal(isDone, false);
      assert.equal((await ns.get("k"))?.value, "kept", "readers need not wait");
      other.exec("COMMIT");
      await writing;
      clearInterval(timer);
      other.close();
      assert.equal((await ns.get("k"))?.value, "later");
    });

    test("gives up in the end, and serves again afterwards", async () => {
      await using folder = await temporaryFolder();
      const path = await makeState(folder.path, sql);
      await using opened = openStore(folder.path, { sql, patienceMs: 100 });
      const ns = opened.store.namespace("n");
      await ns.get("k");
      const other = await sql.open(path);
      other.exec("BEGIN IMMEDIATE");
      await refuses(ns.set("k", "never"), "HOME_UNUSABLE", /another process keeps it locked/);
      other.exec("ROLLBACK");
      other.close();
      await ns.set("k", "now");
    });
  });

  describe(`SqliteEngine by ${sql.engine}, on a file that does not serve`, () => {
    test("refuses what is no database, and leaves it as it is", async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "state.db");
      const content = "This is a text and no database. ".repeat(200);
      writeFileSync(path, content);
      await using opened = openStore(folder.path, { sql });
      const ns = opened.store.namespace("n");
      for (let i = 0; i < 2; i++) await refuses(ns.set("k", 1), "STATE_UNREADABLE", /not a database/);
      assert.equal(readFileSync(path, "utf8"), content);
      rmSync(path);
      await ns.set("k", "the next use tries again");
    });

    test("refuses a database of another program, and leaves it as it is", async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "state.db");
      await runOn(sql, path, "CREATE TABLE theirs (a); PRAGMA user_version = 1");
      const before = readFileSync(path);
      await using opened = openStore(folder.path, { sql });
      await refuses(opened.store.namespace("n").get("k"), "STATE_UNREADABLE", /another program/);
      assert.deepEqual(readFileSync(path), before);
    });

    test("refuses a damaged file, and leaves it as it is", async () => {
      await using folder = await temporaryFolder();
      const path = await makeState(folder.path, sql);
      {
        await using opened = openStore(folder.path, { sql });
        for (let i = 0; i < 300; i++) await opened.store.namespace("n").set(`k${i}`, "x".repeat(500));
        await opened.engine.copyTo(`${path}.whole`);
      }
      for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
      const bytes = readFileSync(`${path}.whole`);
      // every page but the first, which tells what file it is
      writeFileSync(path, bytes.fill(0xa5, 4096));
      await using opened = openStore(folder.path, { sql });
      await refuses(opened.store.namespace("n").scan({ limit: 1000 }), "STATE_UNREADABLE", /malformed/);
      assert.deepEqual(readFileSync(path).subarray(4096), bytes.subarray(4096));
    });

    test("refuses a file that was cut off", async () => {
      await using folder = await temporaryFolder();
      const path = await makeState(folder.path, sql);
      const copy = join(folder.path, "copy.db");
      {
        await using opened = openStore(folder.path, { sql });
        for (let i = 0; i < 300; i++) await opened.store.namespace("n").set(`k${i}`, "x".repeat(500));
        await opened.engine.copyTo(copy);
      }
      for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
      writeFileSync(path, readFileSync(copy));
      truncateSync(path, 8192);
      await using opened = openStore(folder.path, { sql });
      await refuses(opened.store.namespace("n").scan({ limit: 1000 }), "STATE_UNREADABLE", /malformed/);
    });

    test("refuses a folder that cannot be written", async (t) => {
      if (process.platform === "win32") return t.skip("folders of Windows have no such mode");
      await using folder = await temporaryFolder();
      const home = join(folder.path, "home");
      const path = await makeState(folder.path, sql);
      // root may write anywhere: it becomes nobody for a moment
      const isRoot = process.geteuid?.() === 0;
      if (isRoot && process.seteuid === undefined) return t.skip("this runtime cannot give up the rights of root");
      chmodSync(folder.path, 0o555);
      chmodSync(path, 0o444);
      if (isRoot) process.seteuid?.(65534);
      try {
        const inFolder = openStore(folder.path, { sql });
        await refuses(inFolder.store.namespace("n").get("k"), "HOME_UNUSABLE", /Cannot use the state/);
        await inFolder.store.close();
        const below = openStore(home, { sql });
        await refuses(below.store.namespace("n").get("k"), "HOME_UNUSABLE", /Cannot use the state/);
        await below.store.close();
      } finally {
        if (isRoot) process.seteuid?.(0);
        chmodSync(folder.path, 0o755);
      }
    });

    test("refuses a write when the disk is full, keeps what it has, and serves when there is room", async () => {
      await using folder = await temporaryFolder();
      let limit = 60;
      const small: Sql = {
        engine: sql.engine,
        async open(path) {
          const db = await sql.open(path);
          // the engine's own limit of pages stands for the end of the disk
          const prepare = (text: string) => {
            db.exec(`PRAGMA max_page_count = ${limit}`);
            return db.prepare(text);
          };
          return { exec: (text) => db.exec(text), prepare, close: () => db.close() };
        },
      };
      await using opened = openStore(folder.path, { sql: small });
      const ns = opened.store.namespace("n");
      await ns.set("first", "x".repeat(1000));
      await refuses(ns.set("large", "x".repeat(500_000)), "HOME_UNUSABLE", /the disk is full/);
      const batch = Array.from(
        { length: 100 },
        (_, i) => ({ type: "set" as const, key: `k${i}`, value: "x".repeat(9000) }),
      );
      await refuses(ns.batch(batch), "HOME_UNUSABLE", /the disk is full/);
      assert.deepEqual((await ns.keys()).items.map(({ key }) => key), ["first"]);
      await ns.set("second", 1);
      limit = 100_000;
      // a statement that was not used before tells the engine of the new limit
      await ns.delete("first");
      await ns.set("large", "x".repeat(500_000));
    });
  });

  describe(`SqliteEngine by ${sql.engine}, on a file of another format`, () => {
    const added = "ALTER TABLE entries ADD COLUMN note TEXT";

    test("refuses a newer format, and leaves the file as it is", async () => {
      await using folder = await temporaryFolder();
      const path = await makeState(folder.path, sql);
      await runOn(sql, path, `PRAGMA user_version = ${MIGRATIONS.length + 1}; PRAGMA wal_checkpoint(TRUNCATE)`);
      const before = readFileSync(path);
      await using opened = openStore(folder.path, { sql });
      await refuses(opened.store.namespace("n").set("k", 1), "STATE_NEWER", /has format 2.*up to 1/);
      assert.deepEqual(readFileSync(path), before);
    });

    test("brings an older format up to date, and keeps a copy of it", async () => {
      await using folder = await temporaryFolder();
      await makeState(folder.path, sql);
      await using opened = openStore(folder.path, { sql, migrations: [...MIGRATIONS, added] });
      assert.equal((await opened.store.namespace("n").get("k"))?.value, "kept");
      const copies = readdirSync(folder.path).filter((name) => name.startsWith("state.db.format-1-"));
      assert.equal(copies.length, 1);
      const copy = await sql.open(join(folder.path, copies[0]!));
      assert.equal(copy.prepare("PRAGMA user_version").get()?.user_version, 1);
      assert.equal(copy.prepare("SELECT value FROM entries").get()?.value, '"kept"');
      copy.close();
      assert.match(opened.log.entries.map(({ message }) => message).join(), /from format 1 to 2/);
    });

    test("changes nothing when a step fails", async () => {
      await using folder = await temporaryFolder();
      await makeState(folder.path, sql);
      const broken = openStore(folder.path, { sql, migrations: [...MIGRATIONS, `${added}; SELECT * FROM nowhere`] });
      await assert.rejects(broken.store.namespace("n").get("k"), /nowhere/);
      await broken.store.close();
      await using opened = openStore(folder.path, { sql });
      assert.equal((await opened.store.namespace("n").get("k"))?.value, "kept");
    });

    test("reads the format at one moment, though another server makes the tables meanwhile", async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "state.db");
      const [db, other] = [await sql.open(path), await sql.open(path)];
      const makeTables = () => migrate(other, { from: 0, migrations: MIGRATIONS });
      const known = MIGRATIONS.length;
      assert.equal(readFormat(doAfterFirstRead(db, makeTables), path, { known }), 0);
      assert.equal(readFormat(db, path, { known }), known);
      for (const each of [db, other]) each.close();
    });

    test("waits with it until no other server has the state open", async () => {
      await using folder = await temporaryFolder();
      await makeState(folder.path, sql);
      await using old = openStore(folder.path, { sql });
      await old.store.namespace("n").get("k");
      await using opened = openStore(folder.path, { sql, migrations: [...MIGRATIONS, added], patienceMs: 100 });
      const ns = opened.store.namespace("n");
      await refuses(ns.get("k"), "HOME_UNUSABLE", /another server uses it/);
      await old.store.namespace("n").set("k", "still served");
      await old.store.close();
      assert.equal((await ns.get("k"))?.value, "still served");
    });
  });
}
