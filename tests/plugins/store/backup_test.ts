import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { createTarPacker, type TarHeader } from "modern-tar";
import { type Environment, type Files, isKernelError, type KernelErrorCode } from "../../../kernel/mod.ts";
import { createEnvironment } from "../../../kernel/platform/environment.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import type { Sql } from "../../../kernel/sql.ts";
import { unpackArchive } from "../../../plugins/store/archive.ts";
import { type BackupReport, type BackupSource, makeBackup } from "../../../plugins/store/backup.ts";
import { MIGRATIONS } from "../../../plugins/store/migrations.ts";
import { restoreBackup } from "../../../plugins/store/restore.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { until } from "../../support/wait.ts";
import { ENGINES, type OpenStore, openStore } from "./homes.ts";
import { startTask } from "./worker.ts";

interface Home extends OpenStore {
  readonly path: string;
  readonly source: BackupSource;
}

/** Opens a home below a folder; `variables` stand for those of the environment. */
function openHome(path: string, options: { sql: Sql; variables?: Readonly<Record<string, string>> }): Home {
  mkdirSync(path, { recursive: true });
  const opened = openStore(path, { sql: options.sql });
  const files: Files = createFiles(path);
  const environment: Environment = {
    ...createEnvironment({ home: path }),
    variable: (name) => options.variables?.[name],
  };
  return { ...opened, path, source: { files, environment, engine: opened.engine } };
}

/** Writes files by their paths below a folder. */
function plant(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Reads every file below a folder, but the state and what was kept of earlier ones. */
async function harvest(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path, kind } of await createFiles(folder).list(".", { recursive: true })) {
    if (kind !== "file" || /^state\.db|\.replaced-/.test(path)) continue;
    found[path] = readFileSync(join(folder, path), "utf8");
  }
  return found;
}

async function refuses(promise: Promise<unknown>, code: KernelErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(isKernelError(error), `no KernelError: ${error.stack}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const TREE = {
  "tools/add/manifest.json": '{"name":"add"}',
  "tools/add/script.py": "print(1)\n",
  [`tools/add/${"long/".repeat(40)}ünïcode 名.txt`]: "long",
  "tools/add/empty": "",
  "skills/demo/SKILL.md": "# demo",
  "repos/skills-lock.json": "{}",
  "services/db.json": "{}",
  "bundles.json": "{}",
  "collet.json": '{"plugins":{}}',
};
const BYTES = new Uint8Array(Array.from({ length: 100_000 }, (_, i) => i * 7 % 256));

for (const sql of ENGINES) {
  describe(`backup and restore by ${sql.engine}`, () => {
    test("give back the state and every file, and keep what was there", async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, "backups", "one.tar.gz");
      await using home = openHome(join(folder.path, "home"), { sql });
      plant(home.path, {
        ...TREE,
        "tools/add/binary": BYTES,
        "repos/clone/HEAD": "not in a backup",
        "token": "nor this",
      });
      mkdirSync(join(home.path, "tools/add/empty folder"));
      const ns = home.store.namespace("n");
      await ns.set("k", "at the time");
      const report = await makeBackup(file, home.source);
      assert.deepEqual(
        { ...report },
        { file, bytes: statSync(file).size, files: 11, links: [] } satisfies BackupReport,
      );
      if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);

      await ns.set("k", "later");
      plant(home.path, { "tools/add/script.py": "print(2)\n", "tools/new/manifest.json": "{}", "skills/demo/x": "" });
      const restored = await restoreBackup(file, home.source);
      home.store.reset();
      assert.equal((await ns.get("k"))?.value, "at the time");
      const found = await harvest(home.path);
      for (const [path, content] of Object.entries(TREE)) assert.equal(found[path], content);
      assert.deepEqual(new Uint8Array(readFileSync(join(home.path, "tools/add/binary"))), BYTES);
      assert.ok(statSync(join(home.path, "tools/add/empty folder")).isDirectory());
      assert.deepEqual(
        Object.keys(found).sort(),
        [...Object.keys(TREE), "tools/add/binary", "repos/clone/HEAD", "token"].sort(),
      );
      assert.equal(restored.files, 11);
      assert.equal(restored.kept.length, 7);
      const keptTools = restored.kept.find((path) => path.includes("tools.replaced-"));
      assert.equal(readFileSync(join(keptTools!, "add/script.py"), "utf8"), "print(2)\n");
    });

    test("leave out symbolic links, and say so", async (t) => {
      if (process.platform === "win32") return t.skip("links need a privilege on Windows");
      await using folder = await temporaryFolder();
      await using home = openHome(join(folder.path, "home"), { sql });
      plant(home.path, { "tools/a/file": "x" });
      symlinkSync("/etc/hostname", join(home.path, "tools/a/link"));
      const file = join(folder.path, "one.tar.gz");
      assert.deepEqual((await makeBackup(file, home.source)).links, ["tools/a/link"]);
      await restoreBackup(file, home.source);
      assert.deepEqual(readdirSync(join(home.path, "tools/a")), ["file"]);
    });

    test("cover TOOLS_DIR where it is elsewhere", async () => {
      await using folder = await temporaryFolder();
      const tools = join(folder.path, "elsewhere", "my tools");
      plant(tools, { "add/manifest.json": "1" });
      const file = join(folder.path, "one.tar.gz");
      await using home = openHome(join(folder.path, "home"), { sql, variables: { TOOLS_DIR: tools } });
      plant(home.path, { "tools/unused": "x" });
      await makeBackup(file, home.source);
      plant(tools, { "add/manifest.json": "2" });
      await restoreBackup(file, home.source);
      assert.equal(readFileSync(join(tools, "add/manifest.json"), "utf8"), "1");
      assert.equal(readdirSync(dirname(tools)).length, 2);
      assert.equal(readFileSync(join(home.path, "tools/unused"), "utf8"), "x");
    });

    test("refuse a TOOLS_DIR that holds the home", async () => {
      await using folder = await temporaryFolder();
      for (const tools of [folder.path, join(folder.path, "home"), "/"]) {
        await using home = openHome(join(folder.path, "home"), { sql, variables: { TOOLS_DIR: tools } });
        const file = join(folder.path, "one.tar.gz");
        await refuses(makeBackup(file, home.source), "OPTION_INVALID", /it holds the home folder/);
      }
    });

    test("work on a home that is empty, and into another home", async () => {
      await using folder = await temporaryFolder();
      await using home = openHome(join(folder.path, "one"), { sql });
      await using other = openHome(join(folder.path, "two"), { sql });
      const file = join(folder.path, "one.tar.gz");
      assert.equal((await makeBackup(file, home.source)).files, 1);
      assert.deepEqual((await restoreBackup(file, other.source)).kept, []);
      assert.deepEqual((await other.store.namespaces()).items, []);
    });

    test("restore what a running server saved a moment ago, wherever its log stands", async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, "one.tar.gz");
      const worker = startTask("write", join(folder.path), sql.engine);
      await using home = openHome(folder.path, { sql });
      try {
        await until(() => worker.lines.length > 50, "some writes");
        await makeBackup(file, home.source);
      } finally {
        worker.child.kill("SIGKILL");
        await worker.ended;
      }
      await restoreBackup(file, home.source);
      const ns = home.store.namespace("crash");
      assert.deepEqual((await ns.get("pair/a"))?.value, (await ns.get("pair/b"))?.value);
    });

    test("backup refuses to replace a file", async () => {
      await using folder = await temporaryFolder();
      await using home = openHome(join(folder.path, "home"), { sql });
      const file = join(folder.path, "one.tar.gz");
      writeFileSync(file, "precious");
      await refuses(makeBackup(file, home.source), "OPTION_INVALID", /it exists/);
      assert.equal(readFileSync(file, "utf8"), "precious");
    });

    test("restore refuses while another server uses the home, and not once that one is dead", async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "home");
      const file = join(folder.path, "one.tar.gz");
      await using home = openHome(path, { sql });
      plant(path, { "tools/a": "kept" });
      await makeBackup(file, home.source);
      const worker = startTask("hold", path, sql.engine);
      try {
        await until(() => worker.lines.includes("ready"), "the other server");
        const before = readdirSync(path).sort();
        await refuses(restoreBackup(file, home.source), "HOME_UNUSABLE", /another server uses it/);
        assert.deepEqual(readdirSync(path).sort(), before);
        assert.equal((await home.store.namespace("hold").get("k"))?.value, 1);
      } finally {
        worker.child.kill("SIGKILL");
        await worker.ended;
      }
      await restoreBackup(file, home.source);
      assert.equal(await home.store.namespace("hold").get("k"), undefined);
    });

    test("restore mends a home whose state is damaged, at its beginning or within", async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, "one.tar.gz");
      await using home = openHome(join(folder.path, "home"), { sql });
      for (let i = 0; i < 100; i++) await home.store.namespace("n").set(`k${i}`, "x".repeat(1000));
      await makeBackup(file, home.source);
      const whole = join(folder.path, "whole.db");
      await home.engine.copyTo(whole);
      const within = Buffer.from(readFileSync(whole)).fill(0xa5, 8192);
      for (const [name, content] of Object.entries({ beginning: Buffer.from("no database"), within })) {
        const path = join(folder.path, name);
        plant(path, { "state.db": content });
        await using damaged = openHome(path, { sql });
        const ns = damaged.store.namespace("n");
        await refuses(ns.scan(), "STATE_UNREADABLE", /not a database|malformed/);
        const { kept } = await restoreBackup(file, damaged.source);
        assert.equal((await ns.usage()).entries, 100);
        assert.deepEqual(readFileSync(kept[0]!).subarray(8192), content.subarray(8192));
      }
    });

    test("restore tells watchers that they missed changes", async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, "one.tar.gz");
      await using home = openHome(join(folder.path, "home"), { sql });
      await makeBackup(file, home.source);
      const kinds: string[] = [];
      const stop = await home.store.namespace("n").watch(
        "",
        (changes) => void kinds.push(...changes.map((it) => it.kind)),
      );
      await restoreBackup(file, home.source);
      home.store.reset();
      await until(() => kinds.length > 0, "a change");
      await stop();
      assert.deepEqual(kinds, ["missed"]);
    });

    test("restore refuses a state of a newer format, another program's, or a damaged one", async () => {
      await using folder = await temporaryFolder();
      const newer = join(folder.path, "newer.db");
      await using home = openHome(join(folder.path, "home"), { sql });
      await home.store.namespace("n").set("k", "x".repeat(50_000));
      await home.engine.copyTo(newer);
      const whole = readFileSync(newer);
      const db = await sql.open(newer);
      db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
      db.close();
      const restore = (state: Uint8Array) => restoreEntries(home, [MANIFEST, file("state.db", state)]);
      await refuses(restore(readFileSync(newer)), "STATE_NEWER", /format 2/);
      await refuses(restore(Buffer.from("text")), "STATE_UNREADABLE", /not a database/);
      await refuses(restore(new Uint8Array()), "STATE_UNREADABLE", /it is empty/);
      await refuses(restore(Buffer.from(whole).fill(0xa5, 8192)), "STATE_UNREADABLE", /damaged|malformed/);
      assertUntouched(home);
    });
  });
}

type Entry = readonly [header: TarHeader, body: Uint8Array];

function file(name: string, content: string | Uint8Array): Entry {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return [{ name, size: bytes.length, type: "file" }, bytes];
}

const MANIFEST = file("collet-backup.json", '{"format":1}');

/** Packs entries as they are, whatever they are, and restores them. */
async function restoreEntries(home: Home, entries: readonly Entry[]): Promise<void> {
  const { readable, controller } = createTarPacker();
  const packing = new Response(readable.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  for (const [header, body] of entries) {
    const writer = controller.add(header).getWriter();
    if (body.length > 0) await writer.write(body);
    await writer.close();
  }
  controller.finalize();
  const path = join(home.path, "..", "made.tar.gz");
  writeFileSync(path, new Uint8Array(await packing));
  await restoreBackup(path, home.source);
}

/** Checks that the home holds nothing but its state and its lock. */
function assertUntouched(home: Home): void {
  const names = readdirSync(home.path).filter((name) => !/^state\.db(-wal|-shm|\.lock)?$/.test(name));
  assert.deepEqual(names, []);
}

describe("restoreBackup()", () => {
  const sql = ENGINES[0]!;
  const refused = async (entries: (state: Entry) => readonly Entry[], code: KernelErrorCode, message: RegExp) => {
    await using folder = await temporaryFolder();
    await using home = openHome(join(folder.path, "home"), { sql });
    await home.store.namespace("n").set("k", "kept");
    const copy = join(folder.path, "copy.db");
    await home.engine.copyTo(copy);
    await refuses(restoreEntries(home, entries(file("state.db", readFileSync(copy)))), code, message);
    assertUntouched(home);
    assert.equal((await home.store.namespace("n").get("k"))?.value, "kept");
    assert.deepEqual(readdirSync(folder.path).sort(), ["copy.db", "home", "made.tar.gz"]);
  };

  test("refuses names that lead elsewhere", async () => {
    for (const name of ["tools/../../evil", "tools/../evil", "tools/./../../../../tmp/evil", "tools/a\\..\\b"]) {
      await refused((state) => [MANIFEST, state, file(name, "x")], "PATH_ESCAPED", /Cannot use path/);
    }
    for (const name of ["/tmp/evil", "../evil", "evil", "state.db-wal", "tools.x/evil", "."]) {
      await refused((state) => [MANIFEST, state, file(name, "x")], "STATE_UNREADABLE", /does not belong in a backup/);
    }
  });

  test("refuses links and other special files", async () => {
    for (const type of ["symlink", "link", "fifo", "character-device"] as const) {
      const entry: Entry = [{ name: "tools/link", size: 0, type, linkname: "/etc/passwd" }, new Uint8Array()];
      await refused((state) => [MANIFEST, state, entry], "STATE_UNREADABLE", /not a file or folder/);
    }
  });

  test("refuses what is no backup", async () => {
    await refused((state) => [state], "STATE_UNREADABLE", /does not begin with/);
    await refused((state) => [file("collet-backup.json", "{}"), state], "STATE_UNREADABLE", /no format/);
    await refused((state) => [file("collet-backup.json", '{"format":2}'), state], "STATE_NEWER", /format 2/);
    await refused(() => [MANIFEST], "STATE_UNREADABLE", /"state.db" is not in it/);
    await refused((state) => [MANIFEST, state, state], "STATE_UNREADABLE", /twice/);
    await refused((state) => [MANIFEST, state, file("tools", "x")], "STATE_UNREADABLE", /is a file where/);
    await refused((state) => [MANIFEST, state, file("collet.json/x", "x")], "STATE_UNREADABLE", /is a file where/);
  });

  test("refuses a file that is absent, no archive, or cut off", async () => {
    await using folder = await temporaryFolder();
    await using home = openHome(join(folder.path, "home"), { sql });
    plant(home.path, { "tools/a": "x".repeat(100_000) });
    const path = join(folder.path, "one.tar.gz");
    await refuses(restoreBackup(path, home.source), "OPTION_INVALID", /no such file/);
    await makeBackup(path, home.source);
    const bytes = readFileSync(path);
    for (
      const part of [bytes.subarray(0, bytes.length / 2), bytes.subarray(0, bytes.length - 9), Buffer.from("text")]
    ) {
      writeFileSync(path, part);
      await refuses(restoreBackup(path, home.source), "STATE_UNREADABLE", /Cannot restore/);
    }
    assert.equal(readFileSync(join(home.path, "tools/a"), "utf8").length, 100_000);
  });

  test("unpackArchive() lists what makeBackup() packed", async () => {
    await using folder = await temporaryFolder();
    await using home = openHome(join(folder.path, "home"), { sql });
    plant(home.path, TREE);
    const path = join(folder.path, "one.tar.gz");
    await makeBackup(path, home.source);
    const names: string[] = [];
    for await (const entry of unpackArchive(readFileSync(path))) if (entry.kind === "file") names.push(entry.path);
    const inHome = Object.keys(TREE).map((path) => path.replace(/^repos\//, ""));
    assert.deepEqual(names.sort(), ["collet-backup.json", "state.db", ...inHome].sort());
  });
});
