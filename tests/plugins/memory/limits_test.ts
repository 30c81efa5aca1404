import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { testPlugin } from "../../../kernel/testing.ts";
import { Memory } from "../../../plugins/memory/contract.ts";
import memory from "../../../plugins/memory/mod.ts";
import results from "../../../plugins/results/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { dataOf, errorOf, startMemory } from "./kit.ts";

describe("limits of memory", () => {
  test("a namespace holds so many entries; the error says what was found, what is allowed and what to do", async () => {
    await using kit = await startMemory({ max_entries: 3 });
    await kit.ask({ action: "bulk_store", entries: { a: 1, b: 2, c: 3 } });
    for (
      const args of [
        { action: "store", key: "d", value: 1 },
        { action: "update", key: "d", value: {} },
        { action: "increment", key: "d" },
        { action: "bulk_store", entries: { a: 5, d: 1 } },
        { action: "import", document: { entries: [{ key: "d", value: 1 }] } },
      ]
    ) {
      const { text, data, isError } = await kit.ask(args);
      assert.equal(isError, true, args.action);
      assert.equal(
        text,
        'Cannot write to the memory of "notes": it would hold 4 entries, it may hold 3; delete entries, give them a ' +
          '"ttl", or have "max_entries" of the plugin "memory" raised',
      );
      assert.deepEqual(data, { quota: "max_entries", limit: 3, wanted: 4 });
    }
    assert.equal((await dataOf(kit.ask({ action: "get", key: "a" }))).value, 1, "nothing of the batch was written");
    await kit.ask({ action: "store", key: "a", value: 6 });
    await kit.ask({ action: "store", tool_name: "other", key: "d", value: 1 });
    await kit.ask({ action: "delete", key: "a" });
    await dataOf(kit.ask({ action: "store", key: "d", value: 1 }));
  });

  test("a namespace holds so many bytes of keys and values, counted in UTF-8", async () => {
    await using kit = await startMemory({ max_bytes: 20 });
    await dataOf(kit.ask({ action: "store", key: "k", value: "ü".repeat(8) })); // 1 + 2 + 16
    assert.match(
      await errorOf(kit.ask({ action: "store", key: "l", value: 1 })),
      /would hold 21 bytes, it may hold 20; .*"max_bytes"/,
    );
    await dataOf(kit.ask({ action: "store", key: "k", value: "short" }));
    await dataOf(kit.ask({ action: "store", key: "l", value: 1 }));
  });

  test("a value has so many bytes, also when it grows by updates", async () => {
    await using kit = await startMemory({ max_value_bytes: 30 });
    const text = await errorOf(kit.ask({ action: "store", key: "k", value: "x".repeat(29) }));
    assert.equal(
      text,
      'Cannot store "k": the value has 31 bytes as JSON, it may have 30; store it in parts, or have "max_value_bytes" ' +
        'of the plugin "memory" raised',
    );
    await dataOf(kit.ask({ action: "update", key: "k", value: { a: "0123456789" } }));
    assert.match(
      await errorOf(kit.ask({ action: "update", key: "k", value: { b: "0123456789" } })),
      /^Cannot update "k": the value has 35 bytes/,
    );
    assert.deepEqual((await dataOf(kit.ask({ action: "get", key: "k" }))).value, { a: "0123456789" });
  });

  test("a principal has so many namespaces; those that are there can be written to", async () => {
    await using kit = await startMemory({ max_namespaces: 2 });
    await kit.ask({ action: "store", tool_name: "one", key: "k", value: 1 });
    await kit.ask({ action: "store", tool_name: "two", key: "k", value: 1 });
    for (const action of ["store", "update", "increment"]) {
      const { text, data } = await kit.ask({ action, tool_name: "three", key: "k", value: {} });
      assert.match(text, /^Cannot begin a memory of "three": there are 2 memories, which is the limit; delete one/);
      assert.deepEqual(data, { quota: "max_namespaces", limit: 2 });
    }
    await dataOf(kit.ask({ action: "store", tool_name: "two", key: "l", value: 1 }));
    await kit.ask({ action: "delete", tool_name: "one" });
    await dataOf(kit.ask({ action: "store", tool_name: "three", key: "k", value: 1 }));
  });

  test("a value is nested so deep, and is JSON", async () => {
    await using kit = await startMemory();
    const nested = (levels: number) => Array.from({ length: levels }).reduce((inner: unknown) => [inner], 1);
    await dataOf(kit.ask({ action: "store", key: "k", value: nested(200) }));
    const memory = kit.kernel.get(Memory)!.open("notes", LOCAL_PRINCIPAL);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const value of [nested(201), nested(100_000), { a: nested(200) }]) {
      await assert.rejects(memory.set("k", value), /the value is nested deeper than 200 levels/);
      await assert.rejects(memory.update("k", { value }), /nested deeper/);
    }
    for (const value of [undefined, () => {}, circle, 10n]) {
      await assert.rejects(memory.set("k", value), /^ToolError: Cannot store "k": the value is no JSON/);
    }
  });

  test("a batch has so many entries", async () => {
    await using kit = await startMemory();
    const entries = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i]));
    const text = await errorOf(kit.ask({ action: "bulk_store", entries }));
    assert.equal(text, "Cannot store 1001 entries at once: 1000 is the limit; do it in parts");
    const document = { entries: Object.entries(entries).map(([key, value]) => ({ key, value })) };
    assert.deepEqual((await dataOf(kit.ask({ action: "import", document }))).imported, 1001, "import does it in parts");
  });

  test("an import that has no room left says how many entries it wrote before", async () => {
    await using kit = await startMemory({ max_entries: 1500 });
    const entries = Array.from({ length: 2001 }, (_, i) => ({ key: `k${i}`, value: i }));
    const text = await errorOf(kit.ask({ action: "import", document: { entries } }));
    assert.match(text, /it would hold 2000 entries, it may hold 1500; .*; 1000 entries were imported before that$/);
  });

  test("a search looks at so much at a time, and goes on by its cursor", async () => {
    await using kit = await startMemory();
    const memory = kit.kernel.get(Memory)!.open("notes", LOCAL_PRINCIPAL);
    for (let part = 0; part < 6; part++) {
      const key = (i: number) => `k${String(part * 1000 + i).padStart(5, "0")}`;
      await memory.setAll(Array.from({ length: 1000 }, (_, i) => ({ key: key(i), value: i })));
    }
    await memory.set("k9", "needle");
    const call = createCall({ principal: LOCAL_PRINCIPAL });
    const search = async (cursor?: string) => {
      const args = { action: "search", tool_name: "notes", query: "needle", ...(cursor && { cursor }) };
      return (await kit.kernel.call("memory", args, call)).structuredContent as {
        entries: { key: string }[];
        searched: number;
        cursor?: string;
      };
    };
    const first = await search();
    assert.deepEqual([first.entries, first.searched], [[], 5000]);
    const second = await search(first.cursor);
    assert.deepEqual(second.entries.map((it) => it.key), ["k9"]);
    assert.deepEqual([second.searched, second.cursor], [1001, undefined]);
  });
});

test("an export that is too long for one answer is kept behind a link, and can be imported from there", async () => {
  await using kit = await testPlugin(memory, {}, { with: [[store, { engine: "memory" }], [results, {}]] });
  const local = { principal: LOCAL_PRINCIPAL };
  const notes = kit.kernel.get(Memory)!.open("notes", LOCAL_PRINCIPAL);
  for (const key of ["a", "b", "c"]) await notes.set(key, key.repeat(500_000));
  const exported = await kit.client.callTool({ name: "memory", arguments: { action: "export", tool_name: "notes" } });
  const link = (exported.content as { type: string; uri: string }[]).find((it) => it.type === "resource_link");
  assert.equal(exported.isError, undefined);
  const { contents: [whole] } = await kit.kernel.read(link!.uri, local);
  const document = JSON.parse((whole as { text: string }).text);
  const imported = await kit.kernel.call("memory", { action: "import", tool_name: "copy", document }, local);
  assert.deepEqual(imported.structuredContent, { imported: 3, kept: [], expired: 0 });
  assert.equal((await kit.kernel.get(Memory)!.open("copy", LOCAL_PRINCIPAL).get("c"))?.value, "c".repeat(500_000));
});
