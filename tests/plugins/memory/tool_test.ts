import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { conformance, type TestEra } from "../../../kernel/testing.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { dataOf, errorOf, startMemory } from "./kit.ts";

for (const era of ["2025", "2026"] as TestEra[]) {
  const start = () => startMemory({}, era);

  describe(`tool memory, clients of ${era}`, () => {
    test("store keeps any JSON, and get gives it as pretty JSON, or null", async () => {
      await using kit = await start();
      const values = [{ city: "Bern", "": [1.5, null, true] }, [], "text", 0, false, null, { ["__proto__"]: { a: 1 } }];
      for (const [i, value] of values.entries()) {
        const stored = await kit.ask({ action: i % 2 ? "set" : "store", key: `k/${i}`, value });
        assert.equal(stored.text, `Stored "k/${i}"`);
        const got = await kit.ask({ action: "get", key: `k/${i}` });
        assert.equal(got.text, JSON.stringify(value, null, 2));
        assert.deepEqual(got.data, { key: `k/${i}`, found: true, value, version: stored.data.version });
      }
      const absent = await kit.ask({ action: "get", key: "absent" });
      assert.equal(absent.text, "null");
      assert.deepEqual(absent.data, { key: "absent", found: false, value: null });
    });

    test("list joins keys with commas, in order, by prefix and page, with values when asked", async () => {
      await using kit = await start();
      assert.equal((await kit.ask({ action: "list" })).text, "No entries");
      await kit.ask({ action: "bulk_store", entries: { "b/1": 1, a: { x: "y" }, "b/2": [2], c: null } });
      const all = await kit.ask({ action: "list" });
      assert.equal(all.text, "a, b/1, b/2, c");
      assert.deepEqual(all.data, { keys: ["a", "b/1", "b/2", "c"] });
      assert.deepEqual((await kit.ask({ action: "list", prefix: "b/" })).data, { keys: ["b/1", "b/2"] });
      const first = await kit.ask({ action: "list", limit: 3 });
      assert.equal(first.text, `a, b/1, b/2\nThere is more: pass "cursor": ${JSON.stringify(first.data.cursor)}`);
      const rest = await kit.ask({ action: "list", limit: 3, cursor: first.data.cursor });
      assert.deepEqual(rest.data, { keys: ["c"] });
      const valued = await kit.ask({ action: "list", prefix: "b/", values: true });
      assert.equal(valued.text, "b/1: 1\nb/2: [2]");
      assert.deepEqual(valued.data.keys, ["b/1", "b/2"]);
      assert.deepEqual(valued.data.entries.map((it: { value: unknown }) => it.value), [1, [2]]);
    });

    test("entries gives keys with values, versions and times, page by page", async () => {
      await using kit = await start();
      const { version } = await dataOf(kit.ask({ action: "store", key: "a", value: { x: 1 }, ttl: 60 }));
      await kit.ask({ action: "store", key: "b", value: "y".repeat(1000) });
      const { text, data } = await kit.ask({ action: "entries", limit: 1 });
      const [entry] = data.entries;
      assert.deepEqual(entry, { key: "a", value: { x: 1 }, version, expires_at: entry.expires_at });
      const left = Date.parse(entry.expires_at) - Date.now();
      assert.ok(left > 50_000 && left <= 60_000, entry.expires_at);
      assert.ok(text.startsWith(`a: {"x":1} (until ${entry.expires_at})\nThere is more`), text);
      const next = await kit.ask({ action: "entries", limit: 1, cursor: data.cursor });
      assert.equal(next.data.cursor, undefined);
      assert.match(next.text, /^b: "y{499}… \(1002 characters\)$/);
    });

    test("update merges into an object, keeps its time, and makes one where there is none", async () => {
      await using kit = await start();
      await kit.ask({ action: "store", key: "a", value: { x: 1, y: { p: 1, q: [1] } }, ttl: 60 });
      const updated = await kit.ask({ action: "update", key: "a", value: { x: null, y: { q: [2], r: 3 } } });
      assert.deepEqual(updated.data.value, { y: { p: 1, q: [2], r: 3 } });
      assert.equal(updated.text, JSON.stringify(updated.data.value, null, 2));
      const got = await dataOf(kit.ask({ action: "get", key: "a" }));
      assert.deepEqual(got.value, updated.data.value);
      assert.ok(Date.parse(got.expires_at) - Date.now() > 50_000);
      await kit.ask({ action: "update", key: "a", value: {}, ttl: 0 });
      assert.equal((await dataOf(kit.ask({ action: "get", key: "a" }))).expires_at, undefined);
      const made = await dataOf(kit.ask({ action: "update", key: "new", value: { a: 1, b: null } }));
      assert.deepEqual(made.value, { a: 1 });
      await kit.ask({ action: "store", key: "list", value: [1] });
      assert.match(
        await errorOf(kit.ask({ action: "update", key: "list", value: {} })),
        /^Cannot update "list": what is there is a list, not an object; store it anew to replace it$/,
      );
      assert.match(
        await errorOf(kit.ask({ action: "update", key: "a", value: [1] })),
        /is a list, it must be an object/,
      );
    });

    test("delete removes a key, those with a prefix, or all, and tells how many", async () => {
      await using kit = await start();
      await kit.ask({ action: "bulk_store", entries: { "a/1": 1, "a/2": 2, b: 3, c: 4 } });
      assert.deepEqual(await kit.ask({ action: "delete", key: "b" }), {
        text: 'Deleted "b"',
        data: { key: "b", deleted: 1 },
        isError: false,
      });
      const again = await kit.ask({ action: "clear", key: "b" });
      assert.deepEqual([again.text, again.data.deleted], ['There is no "b"', 0]);
      const some = await kit.ask({ action: "delete", prefix: "a/" });
      assert.deepEqual([some.text, some.data.deleted], ['Deleted 2 entries of "notes"', 2]);
      const all = await kit.ask({ action: "clear" });
      assert.deepEqual([all.text, all.data.deleted], ['Deleted 1 entry of "notes"', 1]);
      assert.match(await errorOf(kit.ask({ action: "delete", key: "a", prefix: "b" })), /leave one of them out/);
      assert.match(await errorOf(kit.ask({ action: "delete", if_version: 1 })), /"if_version" without "key"/);
    });

    test("stats counts entries, namespaces and bytes, of all and of one", async () => {
      await using kit = await start();
      await kit.ask({ action: "store", key: "k", value: "abc" });
      await kit.ask({ action: "bulk_store", tool_name: "other", entries: { x: 1, y: 22 } });
      const { text, data } = await kit.ask({ action: "stats" });
      assert.equal(
        text,
        'Total entries: 3\nNamespaces: 2\nSchema version: 1\nOf "notes": 1 of 10000 entries, 6 of 10485760 bytes',
      );
      assert.deepEqual(data.tool, { tool_name: "notes", entries: 1, bytes: 6 });
      assert.deepEqual(data.tools, [data.tool, { tool_name: "other", entries: 2, bytes: 5 }]);
      assert.deepEqual([data.total_entries, data.namespaces, data.total_bytes, data.schema_version], [3, 2, 11, 1]);
      const bare = await kit.ask({ action: "stats", tool_name: undefined });
      assert.equal(bare.text, "Total entries: 3\nNamespaces: 2\nSchema version: 1");
      assert.equal(bare.data.tool, undefined);
    });

    test("increment adds to a whole number, from 0, and refuses another value", async () => {
      await using kit = await start();
      assert.deepEqual((await kit.ask({ action: "increment", key: "n" })).data, { key: "n", value: 1 });
      assert.equal((await kit.ask({ action: "increment", key: "n", by: -5 })).text, "-4");
      await kit.ask({ action: "store", key: "t", value: "1" });
      assert.match(
        await errorOf(kit.ask({ action: "increment", key: "t" })),
        /Cannot increment "t": .* no whole number/,
      );
      await kit.ask({ action: "increment", key: "window", ttl: 60 });
      const { expires_at: end } = await dataOf(kit.ask({ action: "get", key: "window" }));
      await kit.ask({ action: "increment", key: "window", ttl: 6000 });
      assert.equal(
        (await dataOf(kit.ask({ action: "get", key: "window" }))).expires_at,
        end,
        "counts from the first time",
      );
    });

    test("bulk_store and bulk_update write all or none, from an object or a list", async () => {
      await using kit = await start();
      const stored = await kit.ask({ action: "bulk_store", entries: { a: { n: 1 }, b: { n: 2 } }, ttl: 60 });
      assert.equal(stored.text, "Stored 2 entries");
      assert.deepEqual(stored.data.entries.map((it: { key: string }) => it.key), ["a", "b"]);
      const entries = [{ key: "a", value: { m: 1 }, ttl: 0 }, { key: "c", value: { m: 2 }, if_version: 0 }];
      const updated = await kit.ask({ action: "bulk_update", entries });
      assert.deepEqual(updated.data.entries.map((it: { value: unknown }) => it.value), [{ n: 1, m: 1 }, { m: 2 }]);
      assert.equal((await dataOf(kit.ask({ action: "get", key: "a" }))).expires_at, undefined);
      assert.ok((await dataOf(kit.ask({ action: "get", key: "b" }))).expires_at);
      const refused = await kit.ask({ action: "bulk_update", entries });
      assert.match(refused.text, /^Cannot update "c": its version is \d+, it was to be absent/);
      assert.equal(refused.data.conflict.key, "c");
      const bad = [{ key: "z", value: 1 }, { key: "a", value: 2, if_version: 1 }];
      assert.equal((await kit.ask({ action: "bulk_store", entries: bad })).isError, true);
      assert.equal((await dataOf(kit.ask({ action: "get", key: "z" }))).found, false, "nothing was written");
      const twice = [{ key: "a", value: 1 }, { key: "a", value: 2 }];
      assert.match(await errorOf(kit.ask({ action: "bulk_store", entries: twice })), /"a" twice/);
      assert.match(
        await errorOf(kit.ask({ action: "bulk_store", entries: [{ key: "a" }] })),
        /entries\[0\]\.value.*missing/,
      );
      assert.deepEqual(await dataOf(kit.ask({ action: "bulk_store", entries: {} })), { stored: 0, entries: [] });
    });

    test("if_version writes and deletes only what has that version", async () => {
      await using kit = await start();
      const first = await dataOf(kit.ask({ action: "store", key: "k", value: 1, if_version: 0 }));
      const refused = await kit.ask({ action: "store", key: "k", value: 2, if_version: 0 });
      assert.equal(refused.isError, true);
      assert.equal(
        refused.text,
        `Cannot store "k": its version is ${first.version}, it was to be absent; get it, decide anew, and pass its ` +
          "version now (0 for absent)",
      );
      assert.deepEqual(refused.data, { conflict: { key: "k", if_version: 0, version: first.version } });
      const second = await dataOf(kit.ask({ action: "store", key: "k", value: 2, if_version: first.version }));
      assert.ok(second.version > first.version);
      assert.match(
        await errorOf(kit.ask({ action: "update", key: "k", value: {}, if_version: 0 })),
        /Cannot update "k"/,
      );
      const old = { action: "delete", key: "k", if_version: first.version };
      assert.match(
        await errorOf(kit.ask(old)),
        new RegExp(`version is ${second.version}, ${first.version} was wanted`),
      );
      assert.equal((await dataOf(kit.ask({ ...old, if_version: second.version }))).deleted, 1);
      assert.match(await errorOf(kit.ask({ ...old, if_version: second.version })), /it is absent/);
    });

    test("search finds words in keys, names and values, in any case, page by page", async () => {
      await using kit = await start();
      await kit.ask({
        action: "bulk_store",
        entries: {
          "user/ada": { city: "Bern", tags: ["Math", 'says "hi"'] },
          "user/bob": { town: "BERN", age: 36 },
          "log/1": "Ada went to Bern",
          "log/2": "ÜBUNG",
        },
      });
      const keys = async (args: object) =>
        (await dataOf(kit.ask({ action: "search", ...args }))).entries.map((it: { key: string }) => it.key);
      assert.deepEqual(await keys({ query: "bern" }), ["log/1", "user/ada", "user/bob"]);
      assert.deepEqual(await keys({ query: "ADA  bern" }), ["log/1", "user/ada"]);
      assert.deepEqual(await keys({ query: "bern", prefix: "user/" }), ["user/ada", "user/bob"]);
      assert.deepEqual(await keys({ query: 'says "hi"' }), ["user/ada"]);
      assert.deepEqual(await keys({ query: "town" }), ["user/bob"]);
      assert.deepEqual(await keys({ query: "36" }), ["user/bob"]);
      assert.deepEqual(await keys({ query: "übung" }), ["log/2"]);
      assert.deepEqual(await keys({ query: "nobody" }), []);
      const { text, data } = await kit.ask({ action: "search", query: "bern", limit: 1 });
      assert.equal(text, 'Found 1 entry among 1\nlog/1: "Ada went to Bern"\nThere is more: pass "cursor": "log/1"');
      assert.deepEqual(await keys({ query: "bern", limit: 1, cursor: data.cursor }), ["user/ada"]);
      assert.deepEqual(await keys({ query: "bern", cursor: "user/ada" }), ["user/bob"]);
      assert.equal((await kit.ask({ action: "search", query: "zz" })).text, "Found 0 entries among 4");
      assert.match(await errorOf(kit.ask({ action: "search", query: "  " })), /"query" is missing/);
    });

    test("export and import carry a memory over, with times, and keep or replace what exists", async () => {
      await using kit = await start();
      await kit.ask({ action: "store", key: "a", value: { x: [1] }, ttl: 3600 });
      await kit.ask({ action: "store", key: "b/1", value: "two" });
      const { text, data: document } = await kit.ask({ action: "export" });
      assert.deepEqual(JSON.parse(text), document);
      assert.deepEqual([document.format, document.tool_name, document.entries.length], [1, "notes", 2]);
      assert.deepEqual((await dataOf(kit.ask({ action: "export", prefix: "b/" }))).entries.length, 1);
      const [part, rest] = [await dataOf(kit.ask({ action: "export", limit: 1 })), { action: "export", limit: 1 }];
      assert.deepEqual((await dataOf(kit.ask({ ...rest, cursor: part.cursor }))).entries, [document.entries[1]]);

      const other = { tool_name: "other" };
      await kit.ask({ ...other, action: "store", key: "a", value: "mine" });
      const imported = await kit.ask({ ...other, action: "import", document });
      assert.deepEqual(imported.data, { imported: 1, kept: ["a"], expired: 0 });
      assert.equal(imported.text, "Imported 1 entry, kept 1 that exist, left out 0 that have expired");
      assert.equal((await dataOf(kit.ask({ ...other, action: "get", key: "a" }))).value, "mine");
      const replaced = await dataOf(kit.ask({ ...other, action: "import", document, overwrite: true }));
      assert.deepEqual(replaced, { imported: 2, kept: [], expired: 0 });
      const got = await dataOf(kit.ask({ ...other, action: "get", key: "a" }));
      assert.deepEqual(got.value, { x: [1] });
      const drift = Date.parse(got.expires_at) - Date.parse(document.entries[0].expires_at);
      assert.ok(Math.abs(drift) < 1000, `expires ${drift} ms later`);
      const past = { entries: [{ key: "old", value: 1, expires_at: "2020-01-01T00:00:00Z" }] };
      assert.deepEqual((await dataOf(kit.ask({ ...other, action: "import", document: past }))).expired, 1);
    });

    test("import says which entry of a document is not well formed, and writes nothing", async () => {
      await using kit = await start();
      const good = { key: "good", value: 1 };
      const cases: readonly (readonly [object, RegExp])[] = [
        [{}, /"entries" of the document is no list/],
        [{ format: 2, entries: [] }, /the format of the document is 2, it must be 1/],
        [{ entries: [good, 1] }, /entry 1 \(from 0\): it is no object; nothing was imported/],
        [{ entries: [good, { value: 1 }] }, /entry 1 .*"key" is no text/],
        [{ entries: [good, { key: "a" }] }, /entry 1 .*"value" is missing/],
        [{ entries: [good, { key: "a", value: 1, expires_at: "soon" }] }, /entry 1 .*no time of ISO 8601/],
        [{ entries: [good, good] }, /entry 1 .*it has the key of entry 0/],
        [{ entries: [good, { key: "", value: 1 }] }, /Cannot use the key ""/],
      ];
      for (const [document, reason] of cases) {
        assert.match(await errorOf(kit.ask({ action: "import", document })), reason);
      }
      assert.deepEqual((await dataOf(kit.ask({ action: "list" }))).keys, []);
    });

    test("what is missing, unknown or of no use to an action is refused with what it takes", async () => {
      await using kit = await start();
      await kit.ask({ action: "store", key: "k", value: 1 });
      const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
        [{ action: "explode" }, /"action": expected "store", .* found "explode"/],
        [{}, /"action"/],
        [{ action: "get", tool_name: undefined, key: "k" }, /Cannot do "get": the parameter "tool_name" is missing/],
        [{ action: "get" }, /the parameter "key" is missing/],
        [{ action: "store", key: "k" }, /the parameter "value" is missing/],
        [{ action: "bulk_store" }, /the parameter "entries" is missing/],
        [{ action: "import" }, /the parameter "document" is missing/],
        [{ action: "import", document: [] }, /"document"/],
        [
          { action: "delete", query: "x" },
          /Cannot do "delete" with "query": beside .* it takes "prefix", "if_version"/,
        ],
        [{ action: "stats", ttl: 1 }, /it takes nothing/],
        [{ action: "delete", keys: ["k"] }, /unknown key "keys"/],
        [{ action: "store", key: "k", value: 1, ttl: -1 }, /"ttl"/],
        [{ action: "store", key: "k", value: 1, if_version: 1.5 }, /"if_version"/],
        [{ action: "list", limit: 1001 }, /"limit"/],
        [
          { action: "get", tool_name: "", key: "k" },
          /Cannot use the tool name "": it has 0 bytes, it must have 1 to 100/,
        ],
        [{ action: "get", tool_name: "x".repeat(101), key: "k" }, /it has 101 bytes/],
        [{ action: "get", tool_name: "a\0b", key: "k" }, /U\+0000/],
        [{ action: "get", key: "k".repeat(1025) }, /it has 1025 bytes, it must have 1 to 1024/],
        [{ action: "restore" }, /no memory of "notes" is in the trash/],
      ];
      for (const [args, reason] of cases) assert.match(await errorOf(kit.ask(args)), reason);
      assert.deepEqual((await dataOf(kit.ask({ action: "list" }))).keys, ["k"], "nothing was deleted");
    });

    test("its parameters are described, and names of memories completed", async () => {
      await using kit = await start();
      const { tools } = await kit.client.listTools();
      const tool = tools.find((it) => it.name === "memory");
      assert.ok(tool);
      assert.equal(tool.outputSchema, undefined);
      assert.deepEqual(tool.annotations, {
        title: "Memory",
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: false,
        openWorldHint: false,
      });
      for (const [name, schema] of Object.entries(tool.inputSchema.properties ?? {})) {
        assert.ok((schema as { description?: string }).description, name);
      }
      await kit.ask({ action: "store", key: "k", value: 1 });
      const complete = async (argument: string, value: string) =>
        await kit.kernel.complete({ type: "tool", name: "memory" }, { argument, value }, {
          principal: LOCAL_PRINCIPAL,
        });
      assert.deepEqual(await complete("tool_name", "n"), ["notes"]);
      assert.deepEqual(await complete("action", "bulk"), ["bulk_store", "bulk_update"]);
    });
  });
}

conformance(memory, {}, {
  with: [[store, { engine: "memory" }]],
  calls: { memory: { action: "stats" } },
});
