import assert from "node:assert/strict";
import { lstat, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { type Managed, skillFile, startManaged } from "./kit.ts";

let server: Managed;
let count = 0;

before(async () => {
  server = await startManaged();
});
after(() => server[Symbol.asyncDispose]());

interface Skill {
  readonly name: string;
  readonly path: string;
  ask(args: Record<string, unknown>): ReturnType<Managed["ask"]>;
}

/** Makes a skill with an `.env`, if one is given. */
async function makeSkill(env?: string): Promise<Skill> {
  const name = `env-${++count}`;
  const path = join(server.root, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "SKILL.md"), skillFile(name));
  if (env !== undefined) await writeFile(join(path, ".env"), env);
  return { name, path, ask: (args) => server.ask("skill_env_crud", { skill_name: name, ...args }) };
}

describe("skill_env_crud", () => {
  test("skill_env_crud read names the variables, sorted, and never a value", async () => {
    const { name, ask } = await makeSkill("B=secret-b\nexport A='secret-a'\nC\n");
    const { text, data, isError } = await ask({ operation: "read" });
    assert.equal(isError, false);
    assert.ok(
      text.startsWith(`Environment variables for skill '${name}' (2):\n  - A\n  - B\n\nNote: Values are hidden`),
    );
    assert.deepEqual(data, { operation: "read", skill_name: name, keys: ["A", "B"] });
    assert.ok(!JSON.stringify({ text, data }).includes("secret"));
  });

  test("skill_env_crud read says that there is none", async () => {
    const { name, ask } = await makeSkill();
    assert.equal((await ask({ operation: "read" })).text, `No environment variables set for skill '${name}'`);
  });

  test("skill_env_crud set merges, keeps what it does not set, and is for the owner alone", async () => {
    const { name, path, ask } = await makeSkill("# keys\r\nA = 'x' # first\r\nB=${A}\r\n");
    const { text, data } = await ask({ operation: "set", variables: { A: "it's", N: "1\nEVIL=2" } });
    assert.equal(text, `Successfully set 2 environment variable(s) for skill '${name}'`);
    assert.deepEqual(data.keys, ["A", "B", "N"]);
    const file = join(path, ".env");
    assert.equal(await readFile(file, "utf8"), '# keys\r\nA = "it\'s" # first\r\nB=${A}\r\nN="1\\nEVIL=2"\r\n');
    if (process.platform !== "win32") assert.equal((await lstat(file)).mode & 0o777, 0o600);
    assert.ok(!JSON.stringify({ text, data }).includes("EVIL"));
  });

  test("skill_env_crud set makes the file", async () => {
    const { path, ask } = await makeSkill();
    await ask({ operation: "set", variables: { A: "1" } });
    assert.equal(await readFile(join(path, ".env"), "utf8"), "A=1\n");
  });

  test("skill_env_crud set refuses names that are none, and writes nothing then", async () => {
    const { path, ask } = await makeSkill("A=1\n");
    for (const key of ["", "1A", "A=B", "A B", "A\nB", "export A"]) {
      const { isError, text } = await ask({ operation: "set", variables: { A: "2", [key]: "x" } });
      assert.equal(isError, true, key);
      assert.match(text, /a name has letters, digits and "_" only/);
    }
    assert.equal(await readFile(join(path, ".env"), "utf8"), "A=1\n");
  });

  test("skill_env_crud delete tells how many of the names were there", async () => {
    const { name, path, ask } = await makeSkill("# c\nA=1\nB=2\nC=3\n");
    const del = async (...keys: string[]) => await ask({ operation: "delete", keys });
    assert.equal((await del("A", "A")).text, `Successfully deleted 1 environment variable(s) from skill '${name}'`);
    const { text, data } = await del("B", "NONE", "A");
    assert.equal(text, `Deleted 1 of 3 environment variable(s) from skill '${name}' (2 did not exist)`);
    assert.deepEqual([data.deleted, data.missing, data.keys], [1, ["NONE", "A"], ["C"]]);
    const { text: none, isError } = await del("B");
    assert.equal(none, `No variables deleted from skill '${name}' (variables did not exist)`);
    assert.equal(isError, false);
    assert.equal(await readFile(join(path, ".env"), "utf8"), "# c\nC=3\n");
  });

  test("skill_env_crud clear empties the file, and makes it when there is none", async () => {
    for (const env of ["# c\nA=1\n", undefined]) {
      const { name, path, ask } = await makeSkill(env);
      const { text } = await ask({ operation: "clear" });
      assert.equal(text, `Successfully cleared all environment variables for skill '${name}'`);
      assert.equal(await readFile(join(path, ".env"), "utf8"), "");
    }
  });

  test("skill_env_crud says which argument an operation wants, and which operations there are", async () => {
    const { ask } = await makeSkill();
    assert.equal(
      (await ask({ operation: "set", variables: {} })).text,
      "Error: variables is required for 'set' operation",
    );
    assert.equal((await ask({ operation: "delete" })).text, "Error: keys is required for 'delete' operation");
    const { text, isError } = await ask({ operation: "export" });
    assert.match(text, /Unknown operation: "?export"?. Valid operations: read, set, delete, clear/);
    assert.equal(isError, true);
  });

  test("skill_env_crud never writes through a link, whose target may be read by everybody", async () => {
    const { path, ask } = await makeSkill();
    await writeFile(join(path, "notes.txt"), "A=1\n");
    await symlink("notes.txt", join(path, ".env"));
    const { text, isError } = await ask({ operation: "set", variables: { B: "2" } });
    assert.equal(isError, true);
    assert.match(text, /it is a symbolic link/);
    assert.equal(await readFile(join(path, "notes.txt"), "utf8"), "A=1\n");
  });

  test("skill_env_crud reads no file outside of the skill", async () => {
    const { path, ask } = await makeSkill();
    await writeFile(join(server.home, "outside"), "OUTSIDE=1\n");
    await symlink(join(server.home, "outside"), join(path, ".env"));
    for (const args of [{ operation: "read" }, { operation: "clear" }, { operation: "set", variables: { A: "1" } }]) {
      const { text, isError } = await ask(args);
      assert.equal(isError, true);
      assert.ok(!text.includes("OUTSIDE"));
    }
    assert.equal(await readFile(join(server.home, "outside"), "utf8"), "OUTSIDE=1\n");
  });

  test("skill_env_crud finds no skill by a name that is a path", async () => {
    await writeFile(join(server.home, ".env"), "HOME_SECRET=1\n");
    for (const skill of ["", ".", "..", "../..", "/", `${server.root}/env-1`, "env-1/../env-1", "env-1/", "\0"]) {
      const { isError } = await server.ask("skill_env_crud", { operation: "clear", skill_name: skill });
      assert.equal(isError, true, JSON.stringify(skill));
    }
    assert.equal(await readFile(join(server.home, ".env"), "utf8"), "HOME_SECRET=1\n");
  });

  test("skill_env_crud loses none of many changes made at once", async () => {
    const { ask } = await makeSkill();
    const names = Array.from({ length: 12 }, (_, i) => `V${i}`);
    await Promise.all(names.map((name) => ask({ operation: "set", variables: { [name]: "x" } })));
    assert.deepEqual((await ask({ operation: "read" })).data.keys, [...names].sort());
  });
});
