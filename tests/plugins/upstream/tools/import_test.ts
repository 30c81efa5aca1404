import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { answering, isAlive, listed, SmallServer, startUpstream } from "./kit.ts";

describe("import_mcp", () => {
  test("starts a server, offers its tools, keeps it over a restart, and delete_tool ends it", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one"), listed("two"), listed("left_out")]);
    const allow = ["*"];
    let pid = 0;
    {
      await using kit = await startUpstream(home.path, { allow });
      const progress: string[] = [];
      const imported = await kit.data("import_mcp", {
        name: "clock",
        ...small.command,
        env: { GIVEN: "yes" },
        description: "Tells the time",
        exclude: ["left_*"],
        rename: { two: "second" },
      }, { progress: (_done, _total, message) => (progress.push(message ?? ""), Promise.resolve()) });
      assert.deepEqual(imported.tools, ["clock_one", "clock_second"]);
      assert.equal(imported.version, "1.0.0");
      assert.deepEqual(imported.server, { name: "small", version: "1.2.3", protocol: "2025-11-25" });
      assert.match(progress[0]!, /^Starting "clock"/);
      const result = await kit.kernel.call("clock_second", {});
      const said = JSON.parse(textOf(result));
      assert.deepEqual([said.tool, said.env], ["two", "yes"]);
      pid = said.pid;
      const { tools } = await kit.data("list_tools", { filter: "mcp" });
      assert.deepEqual([tools[0].name, tools[0].description], ["clock", "Tells the time"]);
      const about = await kit.data("clock");
      assert.deepEqual(about.tools[0], { name: "clock_one", own_name: "one", description: "Does one" });
      assert.deepEqual([about.state, about.total_tools, about.origin], ["ready", 2, "import_mcp"]);
    }
    assert.equal(isAlive(pid), false);
    // what is not allowed any more was allowed when it was imported by this pattern, and by nobody else
    await using kit = await startUpstream(home.path, { allow });
    await until(() => kit.tools("clock_").length === 2, "the tools to be listed while the server is cold");
    assert.equal((await kit.data("mcp_servers", { action: "status", name: "clock" })).server.state, "cold");
    pid = JSON.parse(textOf(await kit.kernel.call("clock_one", {}))).pid;
    assert.equal(isAlive(pid), true);
    await kit.data("delete_tool", { tool_name: "clock" });
    assert.deepEqual(kit.tools("clock"), []);
    await until(() => !isAlive(pid), "the process to end");
    assert.deepEqual((await kit.data("mcp_servers", { action: "list" })).servers, []);
  });

  test("says what is taken, and replaces what is there when asked to", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one")]);
    const other = await SmallServer.make(home.path, [listed("three")], "other");
    await using kit = await startUpstream(home.path, { allow: ["*"], servers: { files: { ...other.command } } });
    await kit.data("import_mcp", { name: "clock", ...small.command });

    const taken = await kit.refused("import_mcp", { name: "clock", command: "other" });
    assert.match(taken, /the namespace is taken by an MCP server that was imported before; pass "overwrite": true/);
    const same = await kit.refused("import_mcp", { name: "watch", ...small.command });
    assert.match(same, /"clock" has the same command and arguments \(.*server\.mjs.*use its tools, .*"clock_"/);
    const configured = await kit.refused("import_mcp", { name: "files", ...small.command, overwrite: true });
    assert.match(configured, /taken by the MCP server "files" that collet\.json defines; choose another name/);
    const builtIn = await kit.refused("import_mcp", { name: "list_tools", command: "other" });
    assert.match(builtIn, /name is taken by a tool of plugin "library"/);

    const before = JSON.parse(textOf(await kit.kernel.call("clock_one", {})));
    const args = [...small.command.args, "again"];
    await small.offer([listed("four")]);
    const replaced = await kit.data("import_mcp", {
      name: "clock",
      command: small.command.command,
      args,
      overwrite: true,
    });
    assert.deepEqual([replaced.tools, replaced.replaced, replaced.version], [["clock_four"], "1.0.0", "1.0.1"]);
    assert.deepEqual(kit.tools("clock_"), ["clock_four"]);
    await until(() => !isAlive(before.pid), "the process that was replaced to end");
    const { versions } = await kit.data("version", { tool_name: "clock", action: "list" });
    assert.equal(versions.length, 2);
  });

  test("keeps nothing of a server that does not start or cannot be listed, and has one that it would replace stay", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one")]);
    const broken = await SmallServer.make(home.path, "no list", "broken");
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const ends = { command: small.command.command, args: [join(home.path, "absent.mjs")] };
    for (const name of ["clock", "other"]) {
      const [absent, unstarted, unlisted] = [
        await kit.refused("import_mcp", { name, command: "no-such-program-at-all", overwrite: true }),
        await kit.refused("import_mcp", { name, ...ends, overwrite: true }),
        await kit.refused("import_mcp", { name, ...broken.command, overwrite: true }),
      ];
      assert.match(absent, /it cannot be started: .*no-such-program-at-all/);
      assert.match(unstarted, /it cannot be started: [^]*Its log ends with:[^]*absent\.mjs/);
      assert.match(unlisted, /what it offers cannot be listed: .*no tools\/list/s);
      for (const it of [absent, unstarted, unlisted]) assert.match(it, /nothing of it is kept/);
      if (name === "other") break;
      assert.deepEqual((await kit.data("mcp_servers", { action: "list" })).servers, []);
      assert.deepEqual(kit.tools("clock"), []);
      assert.equal(existsSync(join(home.path, "tools", "clock")), false);
      await kit.data("import_mcp", { name: "other", ...small.command });
    }
    assert.equal(JSON.parse(textOf(await kit.kernel.call("other_one", {}))).tool, "one");
    assert.deepEqual((await kit.data("version", { tool_name: "other", action: "list" })).versions.length, 1);
  });

  test("asks once whether it may be started, and says how the operator allows it", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one")]);
    await writeFile(join(home.path, "secrets.json"), '{"KEY": "very-secret-value"}', { mode: 0o600 });
    const request = { name: "clock", ...small.command, env: { GIVEN: "${secret:KEY}" } };
    const line = `GIVEN=\${secret:KEY} ${[small.command.command, ...small.command.args].join(" ")}`;
    {
      await using kit = await startUpstream(home.path);
      const refused = await kit.refused("import_mcp", request);
      assert.ok(refused.includes(`"allow": [${JSON.stringify(line)}]`), refused);
      const questions: string[] = [];
      assert.match(await kit.refused("import_mcp", request, answering(undefined, questions)), /nobody allowed/);
      assert.match(questions[0]!, /Do you trust the MCP server "clock"\? .*with all rights of this user/);
      assert.match(questions[0]!, /program: GIVEN=\$\{secret:KEY\} .*\nit is given: secret KEY$/);
      // a refusal holds until the server ends
      await kit.refused("import_mcp", request, answering("trust", questions));
      assert.equal(questions.length, 1);
    }
    {
      await using kit = await startUpstream(home.path);
      const questions: string[] = [];
      await kit.data("import_mcp", request, answering("trust", questions));
      assert.equal(questions.length, 1);
      // what the server says of the secret is redacted
      assert.doesNotMatch(textOf(await kit.kernel.call("clock_one", {})), /very-secret-value/);
      await kit.data(
        "import_mcp",
        { ...request, overwrite: true, description: "Again" },
        answering("trust", questions),
      );
      assert.equal(questions.length, 1);
      const changed = { ...request, args: [...request.args, "--more"], overwrite: true };
      assert.match(await kit.refused("import_mcp", changed), /nobody allowed/);
    }
    // allowed by the pattern, and its secret by nobody
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const other = { ...request, name: "other", args: [...request.args, "--other"] };
    assert.match(await kit.refused("import_mcp", other), /"ceiling": \{"secrets":\["KEY"\]\}/);
  });

  test("reads a manifest that came by other ways as not allowed, until restart asks", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one")]);
    const manifest = { format: 1, name: "clock", version: "1.0.0", description: "x", tool_type: "mcp" };
    await mkdir(join(home.path, "tools", "clock"), { recursive: true });
    const text = JSON.stringify({ ...manifest, mcp_server: small.command });
    await writeFile(join(home.path, "tools", "clock", "manifest.json"), text);
    await using kit = await startUpstream(home.path);
    const { servers: [server] } = await kit.data("mcp_servers", { action: "list" });
    assert.equal(server.state, "refused");
    assert.match(server.reason, /nobody allowed .*"restart"\} of mcp_servers/);
    assert.deepEqual(kit.tools("clock_"), []);
    await kit.refused("mcp_servers", { action: "restart", name: "clock" });
    const restarted = await kit.data("mcp_servers", { action: "restart", name: "clock" }, answering("trust"));
    assert.equal(restarted.server.state, "ready");
    assert.deepEqual(kit.tools("clock_"), ["clock_one"]);
  });

  test("says what of a request does not fit", async () => {
    await using home = await temporaryHome();
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ name: "a" }, /it has neither "command" nor "url"/],
      [{ name: "a", command: "x", url: "https://a.example" }, /expected one of them/],
      [{ name: "../a", command: "x" }, /expected 1 to 64 of A-Z a-z 0-9 _ -/],
      [{ name: "a", url: "https://a.example", auth: { type: "bearer", token: "t0ken" } }, /write "\$\{secret:NAME\}"/],
      [{ name: "a", command: "x", args: ["${input:x}"] }, /nobody is there to be asked/],
      [{ name: "a", command: "x", comand: "y" }, /unknown key "comand"/],
    ];
    for (const [request, message] of cases) {
      assert.match(await kit.refused("import_mcp", request), message, JSON.stringify(request));
    }
  });
});
