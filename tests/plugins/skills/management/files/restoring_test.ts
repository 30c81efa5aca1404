import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryFolder } from "../../../../platform/temporary.ts";
import { until } from "../../../../support/wait.ts";
import { type Managed, skillFile, startManaged } from "../kit.ts";
import { makeSkill } from "./kit.ts";

let server: Managed;

before(async () => {
  server = await startManaged();
});
after(() => server[Symbol.asyncDispose]());

const LONG_AGO = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000);

describe("skill_files_crud restore", () => {
  test("skill_files_crud delete says how to bring a file back, and that does", async () => {
    const { name, ask, textOf } = await makeSkill(server, { "a/b": "1" });
    const { text, data } = await ask({ operation: "delete", file_path: "./a/b" });
    assert.ok(new Date(data.files[0].kept_until).getTime() > Date.now() + 29 * 24 * 60 * 60 * 1000);
    assert.equal(await textOf("a/b"), undefined);
    const restored = await server.ask("skill_files_crud", JSON.parse(text.slice(text.indexOf("{"))));
    assert.equal(restored.text, `Successfully restored file '${name}:a/b'`);
    assert.equal(await textOf("a/b"), "1");
    const again = await ask({ operation: "restore", file_path: "a/b" });
    assert.equal(again.text, `Error: File 'a/b' already exists in skill '${name}'`);
  });

  test("skill_files_crud restore brings back what was deleted last, and then what was before it", async () => {
    const { ask, textOf } = await makeSkill(server, { "a": "1" });
    await ask({ operation: "delete", file_path: "a" });
    await ask({ operation: "create", file_path: "a", content: "2" });
    await ask({ operation: "delete", file_path: "a" });
    await ask({ operation: "restore", file_path: "a" });
    assert.equal(await textOf("a"), "2");
    await ask({ operation: "move", file_path: "a", new_path: "second" });
    await ask({ operation: "restore", file_path: "a" });
    assert.equal(await textOf("a"), "1");
    const { text, data } = await ask({ operation: "restore", file_path: "b" });
    assert.match(text, /^Error: Deleted file 'b' does not exist in skill/);
    assert.equal(data.code, "FILE_UNKNOWN");
  });

  test("skill_files_crud restore gives nothing of other skills, and skill_crud restore no file", async () => {
    const one = await makeSkill(server, { "a": "1" });
    const two = await makeSkill(server);
    await one.ask({ operation: "delete", file_path: "a" });
    assert.equal((await two.ask({ operation: "restore", file_path: "a" })).isError, true);
    for (const skill_name of [one.name, `.files-${one.name}`]) {
      assert.equal((await server.crud({ operation: "restore", skill_name })).isError, true);
    }
  });

  test("skill_files_crud restore follows no link that was deleted, and writes through none", async () => {
    const victim = await makeSkill(server, { "x": "of the victim" });
    const trap = await makeSkill(server);
    // from where it lies in the trash it leads to the other skill
    await symlink(`../../${victim.name}`, join(trap.path, "a"));
    assert.equal((await trap.ask({ operation: "delete", file_path: "a" })).isError, false);
    assert.equal((await trap.ask({ operation: "restore", file_path: "a/x" })).data.code, "FILE_UNKNOWN");
    assert.equal(await victim.textOf("x"), "of the victim");
    await trap.ask({ operation: "create", file_path: "d/y", content: "1" });
    await trap.ask({ operation: "delete", file_path: "d/y" });
    await rename(join(trap.path, "d"), join(trap.path, "gone"));
    await symlink(victim.path, join(trap.path, "d"));
    assert.equal((await trap.ask({ operation: "restore", file_path: "d/y" })).data.code, "PATH_ESCAPED");
    assert.deepEqual(await victim.all(), ["SKILL.md", "x"]);
  });

  test("skill_files_crud neither deletes nor restores secrets", async () => {
    const { ask } = await makeSkill(server, { ".env": "A=1\n" });
    for (const operation of ["delete", "restore"]) {
      assert.equal((await ask({ operation, file_path: ".env" })).data.code, "FILE_SECRET");
    }
  });
});

describe("what a server left that was killed", () => {
  test("a change clears temporary files beside what it writes", async () => {
    const { path, ask, all } = await makeSkill(server, { "a/b": "1", ".collet-temp-1": "x", "a/.collet-temp-2": "x" });
    await mkdir(join(path, "a/.collet-temp-3"));
    await writeFile(join(path, "a/.collet-temp-3/0"), "kept");
    await ask({ operation: "update", file_path: "a/b", content: "2" });
    assert.deepEqual(await all(), [".collet-temp-1", "SKILL.md", "a", "a/b"].sort());
    await server.ask("skill_env_crud", { operation: "set", skill_name: path.split("/").at(-1), variables: { A: "1" } });
    assert.deepEqual(await all(), [".env", "SKILL.md", "a", "a/b"]);
  });

  test("a start clears what was being made and changed a day ago, and runs of servers that are dead", async () => {
    await using home = await temporaryFolder();
    const root = join(home.path, "skills");
    const old = [".staging/x.new-1", ".staging/files-1", ".collet-temp-1"];
    for (const path of [...old, ".staging/young", "box", ".running"]) {
      await mkdir(join(root, path), { recursive: true });
      await writeFile(join(root, path, "SKILL.md"), skillFile("box"));
    }
    await writeFile(join(root, ".running/1d1e4a4c-0000-4000-8000-000000000000"), "box");
    for (const path of old) await utimes(join(root, path), LONG_AGO, LONG_AGO);
    await using other = await startManaged({ home });
    const left = async () => [
      ...(await readdir(root)).filter((it) => it.startsWith(".collet")),
      ...await readdir(join(root, ".staging")),
      ...await readdir(join(root, ".running")),
    ];
    // nobody waits for it
    await until(async () => (await left()).length === 1, "the root to be cleared");
    assert.deepEqual(await left(), ["young"]);
    assert.deepEqual((await readdir(root)).sort(), [".running", ".staging", "box"]);
    await writeFile(join(root, ".running/1d1e4a4c-0000-4000-8000-000000000001"), "box");
    const { isError } = await other.ask("skill_files_crud", {
      ...{ operation: "create", skill_name: "box", file_path: "a", content: "1" },
    });
    assert.deepEqual([isError, await readFile(join(root, "box/a"), "utf8")], [false, "1"]);
    await assert.rejects(lstat(join(root, ".running/1d1e4a4c-0000-4000-8000-000000000001")));
  });
});
