/**
 * Servers over stdin and stdout that crash, hang, flood, lie and stutter.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Asker } from "../../../../plugins/upstream/connection/connection.ts";
import { isProtocolError, type JsonObject } from "../../../../mod.ts";
import { soon } from "../../../support/wait.ts";
import { connectionKit, programTarget, TestAsker } from "./kit.ts";

const SERVER = fileURLToPath(new URL("./hostile_server.ts", import.meta.url));
const hostile = (mode = "") => programTarget(SERVER, [mode]);
const forever = () => new AbortController().signal;

describe("a hostile server", () => {
  test("that answers twice, for others, out of turn or with garbage mixes nothing up", async () => {
    await using kit = await connectionKit();
    await using opened = await kit.open(hostile());
    const { text, call, heard } = opened;
    assert.equal(opened.connection.facts.protocolVersion, "2025-06-18");
    assert.equal(await text("twice"), "first");
    assert.equal(await text("foreign"), "yours");
    const [one, two] = await Promise.all([call("swap"), call("swap")]);
    assert.notDeepEqual(one, two);
    assert.equal(await text("garbage"), "after garbage");
    assert.match(heard.stderr, /Ignored an answer to request 999999/);
    assert.match(heard.stderr, /no JSON: Debugger listening/);

    const echo = await call("echo", { text: "raw" });
    assert.deepEqual(echo, {
      content: [{ type: "text", text: "raw" }],
      unknown: { kept: [1, null] },
      _meta: { "a/b": 1 },
    });
    const texts = Array.from({ length: 200 }, (_, i) => `number ${i}`);
    assert.deepEqual(await Promise.all(texts.map((each) => text("echo", { text: each }))), texts);
  });

  test("that answers with no result fails that request alone", async () => {
    await using kit = await connectionKit();
    await using opened = await kit.open(hostile());
    await assert.rejects(opened.call("no-result"), /neither a result nor an error/);
    await assert.rejects(opened.call("odd-result"), /neither a result nor an error/);
    await assert.rejects(opened.call("error"), (error) => {
      assert.ok(isProtocolError(error));
      assert.deepEqual({ ...error.data as JsonObject }, { url: "https://a.example" });
      return error.code === -32042;
    });
    await assert.rejects(opened.call("never", {}, { timeoutMs: 100 }), /within 100 ms/);
    assert.equal(await opened.text("echo", { text: "alive" }), "alive");
  });

  test("that floods, asks without end or sends too much is survived", async () => {
    await using kit = await connectionKit();
    await using opened = await kit.open(hostile());
    assert.equal(await opened.text("flood"), "flooded");
    assert.equal(opened.heard.logged.length, 50_000);
    const asker = new TestAsker("ada");
    assert.equal(await opened.text("ask-flood", {}, { asker }), "asked");
    assert.equal(await opened.text("ping-flood"), "pinged");
    assert.match(opened.heard.stderr, /Left request "p\d+" without an answer: 256 others/);
    await assert.rejects(opened.call("huge"), /more than 16777216 characters/);
    assert.equal(await opened.text("echo", { text: "alive" }), "alive");
  });

  test("that withdraws its question is not answered, and whoever was to answer hears of it", async () => {
    await using kit = await connectionKit();
    await using opened = await kit.open(hostile());
    const signals: AbortSignal[] = [];
    const asker: Asker = {
      ask: (_method, _params, { signal } = {}) => {
        signals.push(signal!);
        return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
      },
    };
    assert.equal(await opened.text("ask-withdraw", {}, { asker }), "asked no more");
    assert.deepEqual(signals.map(({ aborted }) => aborted), [true]);
    assert.match(String(signals[0]!.reason), /withdrew its question/);
    assert.deepEqual(opened.heard.visited, ["page"]);
  });

  test("that lists 10,000 tools, or lists for ever, is cut at what is wanted", async () => {
    await using kit = await connectionKit();
    await using many = await kit.open(hostile());
    assert.equal((await many.connection.list("tools", { signal: forever(), most: 20_000 })).length, 10_000);
    assert.equal((await many.connection.list("tools", { signal: forever(), most: 2_500 })).length, 2_500);
    assert.deepEqual(await many.connection.list("prompts", { signal: forever(), most: 10 }), []);
    await using endless = await kit.open(hostile("endless"));
    assert.equal((await endless.connection.list("tools", { signal: forever(), most: 300 })).length, 300);
    await using none = await kit.open(hostile("no-list"));
    await assert.rejects(none.connection.list("tools", { signal: forever(), most: 10 }), /without a list "tools"/);
  });

  test("that ends says why, and what is in flight fails", async () => {
    await using kit = await connectionKit();
    const { connection, call } = await kit.open(hostile());
    const waiting = call("never");
    const crash = call("crash");
    await assert.rejects(crash, /exit code 7; its last words on stderr: out of luck/);
    await assert.rejects(waiting, /exit code 7/);
    assert.match(await soon(connection.closed) ?? "", /exit code 7/);
    await assert.rejects(call("echo"), /The connection has ended/);

    // one that closes stdout and lives on would never be heard of again
    const greeting = '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"sh","version":"1"}}';
    const script = [
      `read line; echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}'`,
      `read line; echo '{"jsonrpc":"2.0","id":2,"result":${greeting}}'`,
      "read line; read line; exec 1>&-; sleep 60",
    ];
    const closing = await kit.open({ kind: "stdio", command: "sh", args: ["-c", script.join("; ")], env: {} });
    await assert.rejects(soon(closing.call("closes")), /The connection has ended/);
    assert.throws(() => process.kill(closing.connection.facts.pid!, 0), /ESRCH/);
  });

  test("that cannot be greeted is ended, and the reason told", async () => {
    await using kit = await connectionKit();
    await assert.rejects(
      kit.open(hostile("dies")),
      /Cannot reach MCP server "test": its process ended with exit code 3/,
    );
    await assert.rejects(kit.open(hostile("future")), /speaks revision "2031-01-01"/);
    await assert.rejects(kit.open({ kind: "stdio", command: "no-such-program", args: [], env: {} }), /no-such-program/);
    await assert.rejects(kit.open(hostile("silent"), { definition: { timeoutMs: 300 } }), /within 300 ms/);
    await assert.rejects(kit.open(hostile("silent"), { signal: AbortSignal.timeout(300) }), { name: "TimeoutError" });
    // one that bears no question before `initialize` is started again without it
    await using plain = await kit.open(hostile("exits"));
    assert.equal(await plain.text("echo", { text: "reached" }), "reached");
  });
});
