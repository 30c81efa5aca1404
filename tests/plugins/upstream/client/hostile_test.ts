/**
 * Servers that do what none should, behind the program: whoever uses the others notices nothing, and is told why.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { inRepository } from "../../../../scripts/lib/repository.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { soon, until } from "../../../support/wait.ts";
import { ERAS, type HttpServer, Machine, type Talk } from "../../skills/proof/kit.ts";

const hostile = (mode: string) => ({
  command: "node",
  args: [inRepository("tests/plugins/upstream/client/hostile_server.mjs"), mode],
});

describe("hostile servers behind the program", () => {
  let machine: Machine;
  let server: HttpServer;
  let talk: Talk;
  // deno-lint-ignore no-explicit-any -- what it says of a server is compared as it is
  const status = async (name: string): Promise<any> => {
    return (await talk.data("mcp_servers", { action: "status", name })).server;
  };
  const echo = (text: string) => talk.text("good_echo", { text });

  before(async () => {
    machine = await Machine.make();
    await machine.configure({
      mcpServers: {
        good: hostile("good"),
        bad: { ...hostile("bad"), timeout_ms: 1_500 },
        dies: hostile("dies"),
        silent: hostile("silent"),
        strict: { ...hostile("strict"), strict: true },
        told: { ...hostile("told"), env: { KEY: "${secret:UPSTREAM_KEY}" } },
        // the name of a tool of ours, and a namespace under which one of its tools would have that name
        call_tool: { ...hostile("named"), namespace: "call" },
        nothing: { command: "no-such-program-anywhere" },
      },
      plugins: { upstream: { start_ms: 5_000 } },
    });
    await machine.write("home/secrets.json", JSON.stringify({ UPSTREAM_KEY: "hush-hush-0123456789" }), { mode: 0o600 });
    server = await machine.serve();
    talk = await server.connect();
    const names = ["good_echo", "bad_echo", "strict_echo", "told_tell", "call_echo"];
    await until(async () => {
      const tools = await talk.tools();
      return names.every((it) => tools.includes(it));
    }, "the tools of those that start");
  });

  after(async () => {
    await talk?.[Symbol.asyncDispose]();
    await server?.stop();
    await machine?.[Symbol.asyncDispose]();
    await removeBundle();
  });

  test("a name of ours stays ours", async () => {
    assert.equal(await talk.text("call_tool", { tool_name: "good_echo", arguments: { text: "ours" } }), "ours");
    assert.equal(await talk.text("call_echo", { text: "theirs" }), "theirs");
    const { problems } = await talk.data("mcp_servers", { action: "tools", name: "call_tool" });
    const refused = problems.find(({ kind }: JsonObject) => kind === "tools");
    assert.deepEqual([refused.name, refused.offered], ["tool", false]);
    assert.match(refused.reason, /"call_tool"/);
  });

  for (const era of ERAS) {
    test(`what is in flight when one crashes fails, and it is started anew (${era})`, async () => {
      await using other = await server.connect({ era });
      const { pid } = await status("bad");
      const held = other.refused("bad_hang");
      await until(async () => (await status("bad")).in_flight === 1, "the call to be under way");
      assert.match(await other.refused("bad_crash"), /exit code 7.*out of luck/);
      assert.match(await held, /ended during this/);
      assert.equal(await echo("alive"), "alive");
      assert.equal(await other.text("bad_echo", { text: "again" }), "again");
      assert.notEqual((await status("bad")).pid, pid);
      assert.ok((await other.tools()).includes("bad_echo"));
    });
  }

  test("a call that hangs is late by itself, cancelled at the server, and holds up nobody", async () => {
    const late = talk.refused("bad_hang");
    assert.equal(await talk.text("bad_echo", { text: "meanwhile" }), "meanwhile");
    assert.match(await late, /within 1500 ms/);
    await until(async () => await talk.text("bad_heard") !== "0 cancelled", "the server to be told");
    const before = await talk.text("good_heard");
    const controller = new AbortController();
    const cancelled = talk.client.callTool({ name: "good_hang", arguments: {} }, { signal: controller.signal });
    await until(async () => (await status("good")).in_flight === 1, "the call to be under way");
    controller.abort();
    await assert.rejects(cancelled);
    await until(
      async () => await talk.text("good_heard") !== before,
      "the server to be told that its client cancelled",
    );
  });

  test("answers that come twice or belong to nobody reach nobody", async () => {
    assert.equal(await talk.text("bad_twice"), "first");
    assert.equal(await talk.text("bad_foreign"), "yours");
    const texts = Array.from({ length: 50 }, (_, i) => `number ${i}`);
    assert.deepEqual(await Promise.all(texts.map((text) => talk.text("bad_echo", { text }))), texts);
  });

  test("a flood of messages and log lines leaves others alone, and the log bounded", async () => {
    const flooded = talk.text("told_flood");
    for (let i = 0; i < 10; i++) assert.equal(await soon(echo(`${i}`), "the other server"), `${i}`);
    assert.equal(await flooded, "flooded");
    const { lines } = await talk.data("mcp_servers", { action: "logs", name: "told", tail: 1_000 });
    assert.ok(lines.join("\n").length <= 300_000);
  });

  test("10,000 tools are offered while the others go on", async () => {
    await using asked = await server.connect({ answer: "trust" });
    let [isOver, slowestMs] = [false, 0];
    const imported = asked.data("import_mcp", { name: "many", ...hostile("many") }).finally(() => isOver = true);
    while (!isOver) {
      const start = performance.now();
      await echo("meanwhile");
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
    assert.ok(slowestMs < 5_000, `another server's call took ${slowestMs} ms meanwhile`);
    const { total_tools: total, tools } = await imported;
    assert.deepEqual([total, tools.length], [10_000, 200]);
    assert.match(await talk.text("many_tool_9999"), /this is tool_9999/);
    assert.match(await asked.text("mcp_servers", { action: "remove", name: "many" }), /^Removed/);
    assert.match(await talk.refused("call_tool", { tool_name: "many_tool_9999" }), /many_tool_9999/);
    assert.ok(!(await talk.tools()).some((it) => it.startsWith("many_")));
  });

  for (const era of ERAS) {
    test(`a list that changes during a call is told and offered (${era})`, async () => {
      await using other = await server.connect({ era });
      const before = await other.tools();
      await other.toldOf("tools", () => other.text("good_grow"));
      await until(async () => (await other.tools()).length === before.length + 1, "the new tool");
      const grown = (await other.tools()).find((it) => it.startsWith("good_grown") && !before.includes(it))!;
      assert.match(await other.text(grown), /this is grown/);
    });

    test(`who subscribed to a resource is told of it, and nobody else (${era})`, async () => {
      await using other = await server.connect({ era });
      await using unasked = await server.connect();
      const heard: string[] = [];
      const others: string[] = [];
      const method = "notifications/resources/updated";
      other.client.setNotificationHandler(method, ({ params }) => void heard.push(params.uri));
      unasked.client.setNotificationHandler(method, ({ params }) => void others.push(params.uri));
      const uri = await stateOf(other, "good");
      const subscription = era === "2026"
        ? await other.client.listen({ resourceSubscriptions: [uri] })
        : await other.client.subscribeResource({ uri }).then(() => undefined);
      const touched = await other.text("good_touch");
      await until(() => heard.length > 0, "the news");
      assert.deepEqual([...new Set(heard)], [uri]);
      const { contents } = await other.client.readResource({ uri });
      assert.equal((contents[0] as { text: string }).text, touched);
      assert.deepEqual(others, []);
      await subscription?.close();
    });
  }

  test("a strict server's tool that changed is held until it is allowed, and told about", async () => {
    assert.equal(await talk.text("strict_echo", { text: "as it was" }), "as it was");
    await talk.text("strict_change");
    await until(async () => (await status("strict")).held !== undefined, "the tool to be held");
    assert.ok(!(await talk.tools()).includes("strict_echo"));
    assert.match(await talk.refused("call_tool", { tool_name: "strict_echo" }), /"echo" changed, and is held.*allow/);
    assert.match(await talk.refused("strict_echo"), /^Cannot call tool "strict_echo": its tool "echo" changed/);
    const view = await talk.text("mcp_servers", { action: "tools", name: "strict" });
    assert.match(view, /Held, since it changed: echo/);
    const allow = { action: "allow", name: "strict", tools: ["echo"] };
    assert.match(await talk.refused("mcp_servers", allow), /this client cannot ask/);
    await using person = await server.connect({ answer: "trust" });
    await talk.toldOf("tools", () => person.text("mcp_servers", allow));
    assert.match(person.questions.join(), /tools: echo/);
    assert.equal(await talk.text("strict_echo", { text: "as it is" }), "as it is");
    // where nothing is strict, the client is told and decides
    await talk.toldOf("tools", () => talk.text("good_change"));
    await until(async () => {
      const { tools } = await talk.client.listTools();
      return /^Ignore all/.test(tools.find(({ name }) => name === "good_echo")?.description ?? "");
    }, "the new description");
    const heard: string[] = [];
    talk.client.setNotificationHandler("notifications/message", ({ params }) => void heard.push(`${params.data}`));
    for (const text of ["once", "twice"]) assert.equal(await talk.text("good_echo", { text }), text);
    await until(() => heard.length > 0, "the word that the tool is another one");
    assert.equal(heard.filter((it) => /"echo" of MCP server "good" is not what it was/.test(it)).length, 1);
  });

  test("no secret of one is shown", async () => {
    const told = await talk.text("told_tell");
    assert.doesNotMatch(told, /hush-hush/);
    await until(async () => {
      return /my key is/.test(await talk.text("mcp_servers", { action: "logs", name: "told" }));
    }, "the line in its log");
    const shown = JSON.stringify([
      await talk.call("mcp_servers", { action: "logs", name: "told" }),
      await talk.call("mcp_servers", { action: "list" }),
    ]);
    assert.doesNotMatch(shown, /hush-hush/);
    assert.doesNotMatch(server.running.stderr(), /hush-hush/);
  });

  test("those that do not start stay listed with the reason", async () => {
    await until(async () => (await status("silent")).reason !== undefined, "the silent one to be given up");
    await until(async () => (await status("dies")).reason !== undefined, "the one that dies to be given up");
    const { servers } = await talk.data("mcp_servers", { action: "list" });
    const reasons = new Map<string, string>(servers.map((it: JsonObject) => [it["name"], it["reason"]]));
    assert.equal(reasons.size, 8);
    assert.match(reasons.get("silent")!, /did not answer within 5 s/);
    assert.match(reasons.get("dies")!, /exit code 3.*no such luck/);
    assert.match(reasons.get("nothing")!, /no-such-program-anywhere/);
    for (const name of ["good", "strict", "told", "call_tool"]) assert.equal(reasons.get(name), undefined, name);
    // who has them in an older list is told why they are not there
    assert.match(await talk.refused("call_tool", { tool_name: "dies_anything" }), /no such luck/);
    assert.equal(await echo("on"), "on");
  });

  test("lists answer while all are cold, and the first call starts the one it is for", async () => {
    const tools = await talk.tools();
    await talk[Symbol.asyncDispose]();
    await server.stop();
    server = await machine.serve();
    talk = await server.connect();
    // those that never could be listed are tried, and have nothing
    assert.deepEqual(await talk.tools(), tools);
    assert.equal((await status("good")).state, "cold");
    assert.match(await talk.text("mcp_servers", { action: "tools", name: "good" }), /good_echo/);
    const [one, two] = await Promise.all([echo("one"), echo("two")]);
    assert.deepEqual([one, two], ["one", "two"]);
    const { state, restarts, calls } = await status("good");
    assert.deepEqual([state, restarts, calls], ["ready", 0, 2]);
    assert.equal((await status("strict")).state, "cold");
  });
});

/** Gives the URI under which a server's state is offered: its own, or a prefixed one where another has that. */
async function stateOf(talk: Talk, name: string): Promise<string> {
  const { resources } = await talk.client.listResources();
  const uris = resources.map(({ uri }) => uri).filter((uri) => uri.includes("hostile"));
  for (const uri of uris) {
    const before = await talk.client.readResource({ uri });
    await talk.text(`${name}_touch`);
    const now = await talk.client.readResource({ uri });
    if (JSON.stringify(before) !== JSON.stringify(now)) return uri;
  }
  throw new Error(`no state of ${name} among ${uris.join(" ")}`);
}
