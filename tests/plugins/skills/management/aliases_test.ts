/**
 * The tools of old names: offered when that is asked for, and no wider than those that they call.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { skillFile, startManaged } from "./kit.ts";

const NAMES = [
  ...["create_skill_file", "delete_skill_file", "get_skill_details", "list_env_keys"],
  ...["read_skill_env", "read_skill_file", "update_skill_env", "update_skill_file"],
];

describe("tools of old names", { timeout: 60_000 }, () => {
  test("are offered only when the setting asks for them", async () => {
    for (const isAsked of [false, true]) {
      await using server = await startManaged({ config: { skill_mcp_names: isAsked } });
      const { tools } = await server.kit.client.listTools();
      const offered = tools.map(({ name }) => name).filter((name) => NAMES.includes(name));
      assert.deepEqual(offered.sort(), isAsked ? NAMES : []);
    }
  });

  test("manage files and variables as those that they call do, and show no value", async () => {
    await using server = await startManaged({ config: { skill_mcp_names: true } });
    await server.write({
      "skills/sea/SKILL.md": skillFile("sea", "Measures the sea"),
      "skills/sea/.env": "# the key\nKEY='secret-1'\nOLD=secret-2\n",
    });
    await using again = await startManaged({
      config: { skill_mcp_names: true },
      home: { path: server.home, [Symbol.asyncDispose]: () => Promise.resolve() },
    });
    const skill_name = "sea";
    const details = await again.ask("get_skill_details", { skill_name });
    assert.match(details.text, /=== SKILL\.md Content ===\n---\nname: sea\n/);
    assert.equal(details.data.operation, "get");
    const file_path = "notes/tide.txt";
    const created = await again.ask("create_skill_file", { skill_name, file_path, content: "ebb" });
    assert.equal(created.isError, false, created.text);
    assert.equal((await again.ask("create_skill_file", { skill_name, file_path, content: "x" })).isError, true);
    assert.equal((await again.ask("update_skill_file", { skill_name, file_path, content: "flood" })).isError, false);
    assert.match(
      (await again.ask("read_skill_file", { skill_name, file_path })).text,
      /=== sea:notes\/tide\.txt ===\nflood/,
    );
    assert.equal((await again.ask("delete_skill_file", { skill_name, file_path })).isError, false);
    assert.equal((await again.ask("read_skill_file", { skill_name, file_path })).isError, true);
    assert.equal((await again.ask("delete_skill_file", { skill_name, file_path: "SKILL.md" })).isError, true);
    const env = await again.ask("read_skill_file", { skill_name, file_path: ".env" });
    assert.equal(env.isError, true);
    for (const tool of ["read_skill_env", "list_env_keys"]) {
      const { text, isError } = await again.ask(tool, { skill_name });
      assert.equal(isError, false);
      assert.match(text, /KEY[^]*OLD/);
      assert.doesNotMatch(text + env.text + details.text, /secret-/);
    }
  });

  test("replace variables without losing any when one cannot be set", async () => {
    await using server = await startManaged({ config: { skill_mcp_names: true } });
    await server.write({ "skills/sea/SKILL.md": skillFile("sea"), "skills/sea/.env": "# kept\nKEY=1\nOLD=2\n" });
    const env = () => readFile(join(server.root, "sea", ".env"), "utf8");
    const skill_name = "sea";
    const replaced = await server.ask("update_skill_env", { skill_name, content: "KEY=3\nNEW='a b'\n" });
    assert.equal(replaced.isError, false, replaced.text);
    assert.match(await env(), /^# kept\nKEY=3\nNEW=['"]a b['"]\n$/);
    const before = await env();
    const failed = await server.ask("update_skill_env", { skill_name, content: "bad-key=1\nKEY=4\n" });
    assert.equal(failed.isError, true, failed.text);
    assert.equal(await env(), before);
    assert.equal((await server.ask("update_skill_env", { skill_name, content: "" })).isError, false);
    assert.doesNotMatch(await env(), /KEY/);
    assert.equal((await server.ask("update_skill_env", { skill_name: "..", content: "A=1" })).isError, true);
  });
});
