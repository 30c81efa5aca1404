import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallPatch, type JsonObject, LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { fail, type ScriptKit, startScripts, succeed } from "./kit.ts";

/** A script that sends what `arguments.send` lists, and answers with the results of the replies and its capabilities. */
const SENDER = `
import json, sys
request = json.loads(sys.stdin.readline())["params"]
results = []
for number, message in enumerate(request["arguments"]["send"]):
    print(json.dumps({"jsonrpc": "2.0", "id": number, **message}), flush=True)
    results.append(json.loads(sys.stdin.readline()).get("result"))
result = {"results": results, "memory": request["context"]["capabilities"]["memory"]}
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}), flush=True)
`;

const local = { principal: LOCAL_PRINCIPAL };
const eve = { principal: { id: "eve", scopes: [] } };

async function start(): Promise<ScriptKit> {
  const kit = await startScripts({ plugins: [store, memory] });
  for (const name of ["one", "two"]) await kit.register({ name, interpreter: "python3", code: SENDER });
  return kit;
}

type Message = readonly [method: string, params: JsonObject];

async function send(kit: ScriptKit, messages: readonly Message[], { tool = "one", call = local as CallPatch } = {}) {
  const result = await kit.call(tool, { send: messages.map(([method, params]) => ({ method, params })) }, call);
  succeed(result);
  const { results, memory: isTold } = result.structuredContent as { results: JsonObject[]; memory: boolean };
  assert.equal(isTold, true);
  return results;
}

describe("memory of scripts", () => {
  test("is kept from call to call under the script's name, and is that of the tool memory", async () => {
    await using kit = await start();
    const value = { city: "Bern", list: [1, null] };
    const written = await send(kit, [
      ["memory/get", { key: "k" }],
      ["memory/set", { key: "k", value }],
      ["memory/set", { key: "soon", value: 1, ttl: 3600 }],
      ["memory/set", { key: "a", value: null, ttl: 0 }],
    ]);
    assert.deepEqual(written, [{ value: null }, { success: true }, { success: true }, { success: true }]);
    const read = await send(kit, [
      ["memory/get", { key: "k" }],
      ["memory/list", {}],
      ["memory/list", { prefix: "s" }],
      ["memory/delete", { key: "a" }],
      ["memory/delete", { key: "a" }],
    ]);
    assert.deepEqual(read, [
      { value },
      { keys: ["a", "k", "soon"] },
      { keys: ["soon"] },
      { deleted: true },
      { deleted: false },
    ]);
    const entries = await kit.call("memory", { action: "entries", tool_name: "one" }, local);
    const [k, soon] = (entries.structuredContent as { entries: JsonObject[] }).entries;
    assert.deepEqual([k?.["value"], k?.["expires_at"]], [value, undefined]);
    assert.ok(Date.parse(String(soon?.["expires_at"])) > Date.now() + 3_500_000);
  });

  test("is apart for each script and each caller", async () => {
    await using kit = await start();
    await send(kit, [["memory/set", { key: "k", value: "of local" }]]);
    const get: readonly Message[] = [["memory/get", { key: "k" }], ["memory/list", {}]];
    assert.deepEqual(await send(kit, get, { tool: "two" }), [{ value: null }, { keys: [] }]);
    assert.deepEqual(await send(kit, get, { call: eve }), [{ value: null }, { keys: [] }]);
    const nested: Message = ["tools/call", { name: "two", arguments: { send: [{ method: "memory/list" }] } }];
    await send(kit, [["memory/set", { key: "of two", value: 1 }]], { tool: "two" });
    const [called] = await send(kit, [nested]);
    assert.deepEqual(called, { output: { results: [{ keys: ["of two"] }], memory: true } });
  });

  test("is changed without loss by scripts that run at once", async () => {
    await using kit = await start();
    await Promise.all(Array.from({ length: 4 }, (_, i) =>
      send(kit, [
        ["memory/increment", { key: "n", by: 2 }],
        ["memory/update", { key: "o", value: { [`m${i}`]: i } }],
        ["memory/increment", { key: "n" }],
      ])));
    const [n, o] = await send(kit, [["memory/get", { key: "n" }], ["memory/update", {
      key: "o",
      value: { m0: null },
    }]]);
    assert.deepEqual(n, { value: 12 });
    assert.deepEqual(o, { value: { m1: 1, m2: 2, m3: 3 } });
  });

  test("says what is wrong with a request, as a result", async () => {
    await using kit = await start();
    const cases: readonly (readonly [...Message, RegExp])[] = [
      ["memory/get", {}, /^"key" is missing/],
      ["memory/get", { key: "" }, /it has 0 bytes/],
      ["memory/set", { key: "k" }, /^"value" is missing/],
      ["memory/set", { key: "k", value: 1, ttl: -1 }, /^"ttl" is no number of seconds/],
      ["memory/set", { key: "k", value: "x".repeat(1_100_000) }, /it may have 1048576/],
      ["memory/update", { key: "k", value: 1 }, /must be an object/],
      ["memory/increment", { key: "k", by: "1" }, /^"by" is no number/],
      ["memory/increment", { key: "k", by: 0.5 }, /safe integers/],
      ["memory/list", { prefix: 1 }, /^"prefix" is no text/],
    ];
    const results = await send(kit, cases.map(([method, params]) => [method, params]));
    for (const [i, [method, , reason]] of cases.entries()) assert.match(String(results[i]?.["error"]), reason, method);
  });

  test("is read and written in bulk", async () => {
    await using kit = await start();
    const written = await send(kit, [
      ["memory/bulk_set", { entries: { "a/1": 1, "a/2": { deep: [true] }, b: null }, ttl: 3600 }],
      ["memory/bulk_set", { entries: [{ key: "c", value: "x" }, { key: "d", value: "y", ttl: 60 }] }],
      ["memory/bulk_get", { keys: ["a/2", "c", "absent", "a/2", "__proto__"] }],
      ["memory/entries", { prefix: "a/" }],
    ]);
    const [, , got, entries] = written;
    assert.deepEqual(written.slice(0, 2), [{ success: true, stored: 3 }, { success: true, stored: 2 }]);
    assert.equal(JSON.stringify(got), '{"values":{"a/2":{"deep":[true]},"c":"x","absent":null,"__proto__":null}}');
    const listed = (entries as { entries: JsonObject[] }).entries;
    assert.deepEqual(listed.map(({ key, value }) => [key, value]), [["a/1", 1], ["a/2", { deep: [true] }]]);
    for (const { version, expires_at } of listed) {
      assert.ok(Number.isInteger(version));
      assert.ok(Math.abs(Date.parse(String(expires_at)) - Date.now() - 3_600_000) < 60_000, String(expires_at));
    }
    const deleted = await send(kit, [
      ["memory/bulk_delete", { keys: ["b", "absent"] }],
      ["memory/bulk_delete", { prefix: "a/" }],
      ["memory/bulk_delete", { keys: [] }],
      ["memory/list", {}],
    ]);
    assert.deepEqual(deleted, [{ deleted: 1 }, { deleted: 2 }, { deleted: 0 }, { keys: ["c", "d"] }]);
  });

  test("is paged through without a gap", async () => {
    await using kit = await start();
    const all = Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, "0")}`);
    await send(kit, [["memory/bulk_set", { entries: Object.fromEntries(all.map((key, i) => [key, i])) }]]);
    const keys: unknown[] = [];
    let cursor: unknown;
    do {
      const [page] = await send(kit, [["memory/entries", { prefix: "k", limit: 10, ...(cursor ? { cursor } : {}) }]]);
      const { entries } = page as { entries: JsonObject[] };
      assert.ok(entries.length <= 10);
      keys.push(...entries.map((it) => it["key"]));
      cursor = page?.["cursor"];
    } while (cursor !== undefined);
    assert.deepEqual(keys, all);
  });

  test("is written in bulk as a whole or not at all", async () => {
    await using kit = await start();
    const results = await send(kit, [
      ["memory/set", { key: "old", value: 1 }],
      ["memory/bulk_set", { entries: [{ key: "new", value: 1 }, { key: "old", value: 2, if_version: 0 }] }],
      ["memory/bulk_set", { entries: { new: 1, big: "x".repeat(1_100_000) } }],
      ["memory/bulk_set", { entries: [{ key: "new", value: 1 }, { key: "new", value: 2 }] }],
      ["memory/bulk_delete", { keys: ["old", ""] }],
      ["memory/list", {}],
      ["memory/get", { key: "old" }],
    ]);
    for (const [i, reason] of [/0 for absent|was to be absent/, /1048576/, /twice/, /0 bytes/].entries()) {
      assert.match(String(results[i + 1]?.["error"]), reason);
    }
    assert.deepEqual(results.slice(5), [{ keys: ["old"] }, { value: 1 }]);
  });

  test("a tool that is made anew after its deletion remembers nothing", async () => {
    await using kit = await start();
    await send(kit, [["memory/set", { key: "k", value: 1 }]]);
    succeed({ ...await kit.call("delete_tool", { tool_name: "one" }) });
    await kit.register({ name: "one", interpreter: "python3", code: SENDER });
    assert.deepEqual(await send(kit, [["memory/list", {}]]), [{ keys: [] }]);
    await kit.register({ name: "one", interpreter: "python3", code: SENDER, overwrite: true });
    await send(kit, [["memory/set", { key: "k", value: 2 }]]);
    await kit.register({ name: "one", interpreter: "python3", code: SENDER, overwrite: true });
    assert.deepEqual(await send(kit, [["memory/get", { key: "k" }]]), [{ value: 2 }], "a new version keeps it");
    assert.match(fail(await kit.call("memory", { action: "get", tool_name: "one" })), /"key" is missing/);
  });
});
