import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallPatch, ToolError } from "../../../kernel/mod.ts";
import { fail, startScripts, succeed } from "./kit.ts";
import { ask, askAll, clientWith, send, startSenders, targets } from "./sender.ts";

describe("messages of scripts", () => {
  test("logs reach the client in both spellings, with level, data and the tool's name", async () => {
    await using kit = await startSenders();
    const logs: unknown[] = [];
    await send(kit, [
      { method: "log", params: { level: "warn", message: "one" } },
      { method: "logging/message", params: { level: "error", message: "two", data: { a: 1 } } },
      { method: "log", params: { level: "nonsense", message: "three" } },
      { method: "log", params: {} },
      { method: "notifications/message", params: { level: "debug", data: "four" } },
    ], { call: { log: (...entry) => void logs.push(entry) } });
    assert.deepEqual(logs, [
      ["warning", "one", undefined, "sender"],
      ["error", "two", { a: 1 }, "sender"],
      ["info", "three", undefined, "sender"],
      ["debug", "four", undefined, "sender"],
    ]);
  });

  test("progress reaches the client in every spelling, and what makes no sense does not", async () => {
    await using kit = await startSenders();
    const seen: unknown[] = [];
    const progress = (...entry: unknown[]) => Promise.resolve(void seen.push(entry));
    await send(kit, [
      { method: "progress", params: { current: 1, total: 4, message: "a" } },
      { method: "notifications/progress", params: { current: 2, total: 0 } },
      { method: "progress/update", params: { progress: 3, total: 4 } },
      { method: "progress", params: { current: "x" } },
      { method: "progress" },
    ], { call: { progress } });
    assert.deepEqual(seen, [[1, 4, "a"], [2, undefined, undefined], [3, 4, undefined]]);
  });

  test("stream chunks are log messages of their own logger, and progress where there is no other", async () => {
    await using kit = await startSenders();
    const logs: unknown[] = [];
    const seen: unknown[] = [];
    const call: CallPatch = {
      log: (...entry) => void logs.push(entry),
      progress: (...entry) => Promise.resolve(void seen.push(entry)),
    };
    const result = await kit.call("sender", {
      silent: true,
      send: [
        { method: "stream", params: { data: "Hel" } },
        { method: "stream/chunk", params: { data: "lo", index: 1, is_final: true } },
      ],
    }, call);
    const chunk = (index: number, is_final: boolean, data: string) => ({ type: "stream_chunk", index, is_final, data });
    assert.deepEqual(logs, [
      ["info", "Hel", chunk(0, false, "Hel"), "collet.stream"],
      ["info", "lo", chunk(1, true, "lo"), "collet.stream"],
    ]);
    assert.deepEqual(seen, [[1, undefined, "Hel"], [2, undefined, "lo"]]);
    assert.equal(succeed(result), "Hello", "joined, since the script answered nothing else");
    const mixed = await kit.call("sender", { silent: true, send: [{ method: "stream", params: { data: { a: 1 } } }] });
    assert.deepEqual(mixed.structuredContent, [{ a: 1 }]);
  });

  test("tools/call gives the value of a tool, or an error in the result", async () => {
    await using kit = await startSenders();
    assert.deepEqual(await ask(kit, "tools/call", { name: "double", arguments: { n: 4 } }), { output: { n: 8 } });
    assert.deepEqual(await ask(kit, "tools/call", { name: "say" }), { output: "said" });
    assert.deepEqual(await ask(kit, "tools/call", { name: "refuse" }), { error: "Tool refuse failed: not today" });
    assert.match(JSON.stringify(await ask(kit, "tools/call", { name: "dubble" })), /did you mean \\"double\\"/);
    assert.deepEqual(await ask(kit, "tools/call", {}), { error: '"name" is missing, or no text' });
    assert.match(JSON.stringify(await ask(kit, "tools/call", { name: "sender", arguments: {} })), /in a circle/);
  });

  test("a tool that a script calls knows its path, and its progress is its own", async () => {
    await using kit = await startSenders();
    const seen: unknown[] = [];
    const progress = (done: number) => Promise.resolve(void seen.push(done));
    assert.deepEqual(await ask(kit, "tools/call", { name: "hurry" }, { call: { progress } }), {
      output: "sender > hurry",
    });
    assert.deepEqual(seen, []);
  });

  test("elicitation is passed on, declined where the client cannot, and an error where it fails", async () => {
    await using kit = await startSenders();
    const params = { message: "Name?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } };
    assert.deepEqual(await ask(kit, "elicitation/create", params), {
      action: "decline",
      error: "the client cannot ask its user",
    });
    const asked: unknown[] = [];
    const call: CallPatch = {
      client: clientWith({ elicitation: {} }),
      elicit: (request) => {
        asked.push(request);
        return Promise.resolve({ action: "accept", content: { name: "Ada" } });
      },
    };
    assert.deepEqual(await ask(kit, "elicitation/create", params, { call }), {
      action: "accept",
      content: { name: "Ada" },
    });
    assert.deepEqual(asked, [params]);
    assert.deepEqual(await ask(kit, "elicitation/create", { message: "x" }, { call }), {
      action: "error",
      error: '"requestedSchema" is missing, or no object',
    });
    const failing = { ...call, elicit: () => Promise.reject(new ToolError("gone")) };
    assert.deepEqual(await ask(kit, "elicitation/create", params, { call: failing }), {
      action: "error",
      error: "gone",
    });
  });

  test("sampling is passed on, or answered with an error", async () => {
    await using kit = await startSenders();
    const params = {
      messages: [{ role: "user", content: { type: "text", text: "hi" } }],
      maxTokens: 5,
      temperature: 0,
    };
    assert.match(JSON.stringify(await ask(kit, "sampling/createMessage", params)), /"error":"Cannot ask the client/);
    const asked: unknown[] = [];
    const answer = { role: "assistant" as const, model: "m", content: { type: "text" as const, text: "ho" } };
    const call: CallPatch = {
      client: clientWith({ sampling: {} }),
      sample: (request) => Promise.resolve((asked.push(request), answer)),
    };
    assert.deepEqual(await ask(kit, "sampling/createMessage", { ...params, unknown: 1 }, { call }), answer);
    assert.deepEqual(asked, [params]);
    assert.match(JSON.stringify(await ask(kit, "sampling/createMessage", {}, { call })), /\\"messages\\" is missing/);
  });

  test("memory says that it is not there", async () => {
    await using kit = await startSenders();
    const methods = ["get", "set", "list", "delete", "update", "increment", "entries"];
    const bulk = ["bulk_get", "bulk_set", "bulk_delete"];
    for (const result of await askAll(kit, [...methods, ...bulk].map((it) => [`memory/${it}`, { key: "k" }]))) {
      assert.deepEqual(result, { error: 'Memory cannot be used: the server runs without the plugin "memory"' });
    }
  });

  test("an unknown method is an error of JSON-RPC, and ignored without an id", async () => {
    await using kit = await startSenders();
    const replies = await send(kit, [
      { method: "no/such" },
      { method: "constructor", id: 7 },
      { method: "tools/call", params: { name: "double" } },
      { method: "log", id: "text", params: { level: "info", message: "x" } },
    ]);
    assert.deepEqual(replies, [
      { jsonrpc: "2.0", id: 7, error: { code: -32601, message: "Method not found: constructor" } },
      { jsonrpc: "2.0", id: "text", result: {} },
    ]);
  });

  test("a flood of requests that nobody reads the replies of stays bounded, and is ended", async () => {
    await using kit = await startScripts({ plugins: [targets] });
    const code = `import sys
line = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}\\n'
while True: sys.stdout.write(line)`;
    await kit.register({ name: "flood", interpreter: "python3", code, timeout_ms: 2000 });
    assert.match(fail(await kit.call("flood")), /did not answer within its time limit/);
  });
});
