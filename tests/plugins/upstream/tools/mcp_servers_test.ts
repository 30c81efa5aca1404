import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { answering, isAlive, listed, SmallServer, startUpstream } from "./kit.ts";

describe("mcp_servers", () => {
  test("lists, stops, restarts and removes, and tells logs and tools", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one")]);
    const servers = {
      files: { ...small.command },
      off: { command: "off", disabled: true },
      odd: { command: "x", args: 1 },
      gone: { command: "no-such-program-at-all" },
    };
    await using kit = await startUpstream(home.path, { allow: ["*"], servers, files: [`${home.path}/absent.json`] });
    await until(() => kit.tools("files_").length === 1, "what was never listed to be listed");
    const other = await SmallServer.make(home.path, [listed("two")], "other");
    await kit.data("import_mcp", { name: "clock", ...other.command });

    const all = await kit.data("mcp_servers", { action: "list" });
    const states = all.servers.map((it: Record<string, unknown>) => [it["name"], it["state"]]);
    const known = states.filter(([name]: [string]) => name !== "gone");
    assert.deepEqual(
      known,
      [
        [`${home.path}/absent.json`, "refused"],
        ["clock", "ready"],
        ["files", "ready"],
        ["odd", "refused"],
        ["off", "disabled"].slice(0, 2),
      ].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    );
    const gone = all.servers.find((it: Record<string, unknown>) => it["name"] === "gone");
    await until(async () => {
      const { server } = await kit.data("mcp_servers", { action: "status", name: "gone" });
      return server.reason?.includes("no-such-program-at-all") === true;
    }, "the reason why a server is not there");
    assert.ok(gone !== undefined);

    const tools = await kit.data("mcp_servers", { action: "tools", name: "clock" });
    assert.deepEqual(tools.tools, [{ name: "clock_two", own_name: "two", description: "Does two" }]);
    const { lines } = await kit.data("mcp_servers", { action: "logs", name: "clock" });
    assert.ok(lines.some((line: string) => line.includes("up")), lines.join("\n"));

    const { pid } = JSON.parse(textOf(await kit.kernel.call("clock_two", {})));
    assert.equal((await kit.data("mcp_servers", { action: "stop", name: "clock" })).server.state, "stopped");
    await until(() => !isAlive(pid), "the process to end");
    assert.match(await kit.refused("clock_two"), /stopped/);
    assert.deepEqual(kit.tools("clock_"), ["clock_two"]);
    const restarted = await kit.data("mcp_servers", { action: "restart", name: "clock" });
    assert.deepEqual([restarted.server.state, restarted.server.tools], ["ready", 1]);

    const kept = await kit.refused("mcp_servers", { action: "remove", name: "files" });
    assert.match(kept, /collet\.json defines it; take it out there, or stop it/);
    const removed = await kit.data("mcp_servers", { action: "remove", name: "clock" });
    assert.match(removed.trash, /^\.trash\/clock-/);
    assert.deepEqual(kit.tools("clock"), []);
    await until(() => !isAlive(restarted.server.pid), "the process to end");

    assert.match(await kit.refused("mcp_servers", { action: "logs" }), /"name" is missing/);
    assert.match(await kit.refused("mcp_servers", { action: "stop", name: "fils" }), /no MCP server "fils".*"files"/);
    assert.match(await kit.refused("mcp_servers", { action: "logs", name: "odd" }), /not used: .*target\.args/);
  });

  test("holds tools of a strict server that changed, until they are allowed", async () => {
    await using home = await temporaryHome();
    const small = await SmallServer.make(home.path, [listed("one"), listed("two")]);
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    await kit.data("import_mcp", { name: "clock", ...small.command, strict: true });
    await small.offer([listed("one", "Does something else"), listed("two"), listed("three")]);
    await kit.data("mcp_servers", { action: "restart", name: "clock" });
    const { server } = await kit.data("mcp_servers", { action: "tools", name: "clock" });
    assert.deepEqual(server.held, ["one"]);
    assert.deepEqual(kit.tools("clock_"), ["clock_three", "clock_two"]);
    assert.match(await kit.refused("mcp_servers", { action: "allow", name: "clock", tools: ["two"] }), /two/);
    // models do not decide that, be it by this tool or by a server in its place that holds nothing
    assert.match(await kit.refused("mcp_servers", { action: "allow", name: "clock" }), /this client cannot ask/);
    const loose = { name: "clock", ...small.command, overwrite: true };
    assert.match(await kit.refused("import_mcp", loose), /nobody allowed/);
    const questions: string[] = [];
    const { allowed } = await kit.data(
      "mcp_servers",
      { action: "allow", name: "clock" },
      answering("trust", questions),
    );
    assert.match(questions.join(), /tools: one/);
    assert.deepEqual(allowed, ["one"]);
    await until(() => kit.tools("clock_").length === 3, "the tool to be offered again");
    await kit.data("import_mcp", loose, answering("trust", questions));
    assert.equal(questions.length, 2);
  });
});
