import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { definePlugin, Toolbox } from "../../../kernel/mod.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import sandbox from "../../../plugins/sandbox/mod.ts";
import { temporaryFolder, withVariables } from "../dependencies/kit.ts";
import { fail, startScripts, succeed } from "./kit.ts";

const IS_LINUX = process.platform === "linux";

const ECHO = `
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": request["params"]["arguments"]}))
`;

describe("register_script", () => {
  test("completes interpreters, and what its schema enumerates", async () => {
    await using kit = await startScripts();
    const complete = (argument: string, value: string) =>
      kit.kernel.complete({ type: "tool", name: "register_script" }, { argument, value });
    assert.deepEqual(await complete("interpreter", "p"), ["python3", "perl", "php"]);
    assert.deepEqual(await complete("protocol", ""), ["1", "2"]);
    assert.deepEqual(await complete("code", ""), []);
  });

  test("says what confines the script", async () => {
    await using kit = await startScripts({ plugins: [sandbox] });
    const mechanism = await kit.kernel.get(Sandbox)!.mechanism();
    const result = await kit.register({ name: "held", code: ECHO, interpreter: "python3" });
    assert.equal((result.structuredContent as { sandbox: string }).sandbox, mechanism ?? "off");
    const expected = mechanism === undefined
      ? /Sandbox: none\. It runs with the rights/
      : /Sandbox: [a-z]+\. It sees the /;
    assert.match(succeed(result), expected);
    if (mechanism !== undefined) assert.ok(succeed(result).includes(`Sandbox: ${mechanism}.`));
  });

  test(
    "says so when no sandbox works, and nothing is started",
    { skip: IS_LINUX ? false : "Linux alone" },
    async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, "bwrap"), "#!/bin/sh\necho no rights >&2\nexit 1\n", { mode: 0o755 });
      using _ = withVariables({ PATH: folder.path });
      await using kit = await startScripts({ plugins: [sandbox] });
      const result = await kit.register({ name: "held", code: "echo started", interpreter: "/bin/sh" });
      assert.match(succeed(result), /Sandbox: one is installed and does not work, so nothing is started/);
      assert.match(
        fail(await kit.call("held")),
        /^Cannot confine: a sandbox is installed and none works\. .*no rights/,
      );
    },
  );

  test("saves everything that it was given", async () => {
    await using kit = await startScripts();
    const given = {
      name: "full",
      description: "Echo",
      code: ECHO,
      interpreter: "python3",
      extension: ".pyw",
      input_schema: { type: "object", properties: { a: { type: "number" } } },
      output_schema: { type: "object" },
      annotations: { title: "Full", readOnlyHint: true },
      dependencies: [],
      requires_services: [],
      timeout_ms: 5000,
      tags: ["echo"],
      examples: [{ arguments: { a: 1 }, result: { a: 1 } }],
    };
    const result = await kit.call("register_script", given, { principal: { id: "ada", scopes: [] } });
    const text = succeed(result);
    assert.match(text, /Registered script tool "full" 1\.0\.0/);
    assert.match(text, /Interpreter: python3/);
    assert.match(text, /Sandbox: none/);
    assert.deepEqual(result.structuredContent, {
      name: "full",
      version: "1.0.0",
      interpreter: "python3",
      path: join(kit.home, "tools/full"),
      entry_file: "full.pyw",
      sandbox: "off",
    });
    const { created_at, updated_at, digest, ...manifest } = JSON.parse(
      await readFile(join(kit.home, "tools/full/manifest.json"), "utf8"),
    );
    assert.deepEqual(manifest, {
      name: "full",
      version: "1.0.0",
      description: "Echo",
      tool_type: "script",
      entry_file: "full.pyw",
      interpreter: "python3",
      input_schema: given.input_schema,
      output_schema: given.output_schema,
      annotations: given.annotations,
      tags: ["echo"],
      format: 1,
      owner: "ada",
      grants: { timeout_ms: 5000 },
      language: "python",
      examples: given.examples,
    });
    assert.equal(created_at, updated_at);
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.equal((await stat(join(kit.home, "tools/full/full.pyw"))).mode & 0o777, 0o755);
    assert.deepEqual((await kit.call("full", { a: 1 })).structuredContent, { a: 1 });
  });

  test("takes any arguments where it was given no schema, by one that every client reads", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "any", interpreter: "python3", code: ECHO });
    assert.deepEqual(kit.kernel.get(Toolbox)?.get("any")?.inputSchema, { type: "object", properties: {} });
    assert.deepEqual((await kit.call("any", { a: [1] })).structuredContent, { a: [1] });
  });

  test("refuses with a reason, and saves nothing", async () => {
    const taken = definePlugin({
      name: "owner",
      version: "1.0.0",
      setup: (ctx) => void ctx.tool({ name: "taken", description: "x", input: {}, run: () => "x" }),
    });
    await using kit = await startScripts({ plugins: [taken] });
    const base = { name: "x", description: "x", code: "print(1)", interpreter: "python3" };
    const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ code: "" }, /"code" is empty/],
      [{ code: " \n" }, /"code" is empty/],
      [{ description: " " }, /"description" is empty/],
      [{ name: "taken" }, /taken by a tool of plugin "owner"/],
      [{ name: "register_script" }, /taken by a tool of plugin "scripts"/],
      [{ name: "../../etc/passwd" }, /a name has 1 to 64/],
      [{ name: "a/b" }, /a name has 1 to 64/],
      [{ name: "" }, /a name has 1 to 64/],
      [{ name: "ünïcode" }, /a name has 1 to 64/],
      [{ interpreter: "cobol85" }, /Cannot find interpreter "cobol85" on this machine: installed are .*python3/],
      [{ interpreter: "python3; rm -rf /" }, /begins with neither/],
      [{ interpreter: undefined }, /there is no "interpreter", and the first line of the code names none/],
      [{ interpreter: undefined, code: "#!/usr/bin/env cobol85\n" }, /Cannot find interpreter "cobol85"/],
      [{ extension: "../x" }, /"extension" is "\.\.\/x", expected 1 to 16 letters or digits/],
      [{ dependencies: ["requests"] }, /nothing here installs packages; the plugin "dependencies" does/],
      [
        { requires_services: ["db"] },
        /it requires services \(db\), and nothing here starts them; the plugin "services" does/,
      ],
      [{ input_schema: { type: "string" } }, /its root is string/],
      [{ output_schema: { type: "objekt" } }, /output of tool "x"/],
      [{ timeout_ms: 0 }, /timeout_ms/],
      [{ annotations: { readOnlyHint: "yes" } }, /readOnlyHint/],
      [{ annotations: { readonlyHint: true } }, /unknown key "readonlyHint"/],
      [{ timeout: 5 }, /unknown key "timeout"/],
    ];
    for (const [change, reason] of wrong) {
      assert.match(fail(await kit.call("register_script", { ...base, ...change })), reason, JSON.stringify(change));
    }
    const left = await readdir(join(kit.home, "tools")).catch(() => []);
    assert.deepEqual(left.filter((name) => !name.startsWith(".")), []);
    assert.deepEqual(await readdir(join(kit.home, "tools/.staging")).catch(() => []), []);
  });

  test("replaces only when it is told to, and keeps the version before", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "x", interpreter: "sh", code: "echo one" });
    const again = { name: "x", description: "x", interpreter: "python3", code: "print('two')" };
    assert.match(fail(await kit.call("register_script", again)), /it exists \(script, version 1\.0\.0\)/);
    assert.equal(succeed(await kit.call("x")), "one");
    const updated = succeed(await kit.call("register_script", { ...again, overwrite: true }));
    assert.match(updated, /Updated script tool "x" to 1\.0\.1; version 1\.0\.0 is kept/);
    assert.equal(succeed(await kit.call("x")), "two");
    assert.deepEqual((await readdir(join(kit.home, "tools/x"))).sort(), ["manifest.json", "versions", "x.py"]);
    assert.equal(await readFile(join(kit.home, "tools/x/versions/1.0.0/x.sh"), "utf8"), "echo one");
  });

  test("made tools are there after a restart", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "kept", interpreter: "python3", code: ECHO, tags: ["t"] });
    await kit.kernel.stop();
    await using again = await startScripts({ home: kit.home });
    assert.deepEqual((await again.call("kept", { a: 1 })).structuredContent, { a: 1 });
    assert.deepEqual(again.log.entries.filter((it) => it.level === "warn" || it.level === "error"), []);
  });

  test("a tool that was deleted is gone after a restart, and its name starts empty", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "gone", interpreter: "sh", code: "echo 1" });
    await kit.register({ name: "gone", interpreter: "sh", code: "echo 2", overwrite: true });
    succeed(await kit.call("delete_tool", { tool_name: "gone" }));
    await kit.kernel.stop();
    await using again = await startScripts({ home: kit.home });
    assert.equal(again.kernel.tools.get("gone"), undefined);
    await again.register({ name: "gone", interpreter: "sh", code: "echo 3" });
    assert.deepEqual(await readdir(join(kit.home, "tools/gone")), ["gone.sh", "manifest.json"]);
  });
});
