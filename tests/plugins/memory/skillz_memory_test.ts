import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import library from "../../../plugins/library/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { ENGINES } from "../store/homes.ts";
import { type HomeKit, startHome } from "./kit.ts";

const SOON = Math.floor(Date.now() / 1000) + 3600;

/** Makes a folder of tools with a memory as skillz kept it, in WAL mode; while it is open its rows are in the log alone. */
async function makeSkillzMemory(
  home: string,
  { column = "tool_name" }: { readonly column?: string } = {},
): Promise<{ readonly folder: string; close(): void }> {
  const folder = join(home, "tools");
  await mkdir(folder, { recursive: true });
  const db = await ENGINES[0]!.open(join(folder, ".memory.db"));
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE migrations (version INTEGER, name TEXT)");
  db.exec(`CREATE TABLE memory (
    ${column} TEXT NOT NULL, "key" TEXT NOT NULL, value TEXT NOT NULL,
    created_at INTEGER, updated_at INTEGER, expires_at INTEGER, UNIQUE (${column}, "key"))`);
  const insert = db.prepare("INSERT INTO memory VALUES (?, ?, ?, 0, 0, ?)");
  insert.run("notes", "plain", '{"x":[1,null]}', null);
  insert.run("notes", "soon", '"later gone"', SOON);
  insert.run("notes", "gone", "1", 1_600_000_000);
  insert.run("notes", "mine", '"of skillz"', null);
  insert.run("notes", "broken", "{not json", null);
  insert.run("other tool/ü", "k", "true", null);
  insert.run("notes", "", "1", null);
  for (let i = 0; i < 600; i++) insert.run("many", `k${i}`, String(i), null);
  return { folder, close: () => db.close() };
}

function start(home: string): Promise<HomeKit> {
  return startHome(home, { plugins: [[library, { tools_dir: join(home, "tools") }]] });
}

describe("memory of skillz", () => {
  for (const column of ["tool_name", "tool"]) {
    test(`is taken over once, with times; what is here already stays (column "${column}")`, async () => {
      await using home = await temporaryFolder();
      {
        await using before = await startHome(home.path);
        await before.memory.open("notes", LOCAL_PRINCIPAL).set("mine", "of collet");
      }
      const { folder, close } = await makeSkillzMemory(home.path, { column });
      const bytes = await readFile(join(folder, ".memory.db"));
      await using kit = await start(home.path);
      const notes = kit.memory.open("notes", LOCAL_PRINCIPAL);
      const { items } = await notes.entries();
      assert.deepEqual(items.map((it) => [it.key, it.value]), [
        ["broken", "{not json"],
        ["mine", "of collet"],
        ["plain", { x: [1, null] }],
        ["soon", "later gone"],
      ]);
      const drift = items[3]!.expiresAt! - SOON * 1000;
      assert.ok(Math.abs(drift) < 1000, `${drift} ms later`);
      assert.equal((await kit.memory.open("other tool/ü", LOCAL_PRINCIPAL).get("k"))?.value, true);
      assert.equal((await kit.memory.open("many", LOCAL_PRINCIPAL).usage()).entries, 600);
      const [told] = kit.log.entries.filter((it) => it.message.startsWith("Took over the memory of skillz"));
      assert.deepEqual(told?.data, { file: join(folder, ".memory.db"), tools: 3, entries: 604, left_out: 3 });
      assert.equal(kit.log.take("warn").length, 1, "one entry cannot be stored");
      assert.deepEqual(await readFile(join(folder, ".memory.db")), bytes, "its file is as it was");
      assert.deepEqual(await readdir(join(home.path, "work")), [], "the copy is gone");
      close();

      await notes.clear();
      await using again = await start(home.path);
      assert.equal((await again.memory.open("notes", LOCAL_PRINCIPAL).usage()).entries, 0, "never a second time");
    });
  }

  test("that cannot be read is left alone, and told to the operator", async () => {
    await using home = await temporaryFolder();
    const folder = join(home.path, "tools");
    await mkdir(folder);
    await writeFile(join(folder, ".memory.db"), "this is no database, however long it may be".repeat(50));
    {
      await using kit = await start(home.path);
      assert.match(kit.log.take("warn")[0]?.message ?? "", /The memory of skillz is not taken over/);
    }
    const db = await ENGINES[0]!.open(join(home.path, "empty.db"));
    db.exec("CREATE TABLE something (a TEXT)");
    db.close();
    await writeFile(join(folder, ".memory.db"), await readFile(join(home.path, "empty.db")));
    await using kit = await start(home.path);
    assert.match(
      JSON.stringify(kit.log.take("warn")[0]?.data),
      /no table in it has columns for tool, key and value; there are something/,
    );
  });

  test("where there is none, nothing is written at the start", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path);
    assert.ok(!(await readdir(home.path)).some((name) => name.startsWith("state.db")));
    assert.deepEqual(kit.log.take("warn"), []);
  });
});
