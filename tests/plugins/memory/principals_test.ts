import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL, type Principal } from "../../../kernel/mod.ts";
import { Memory } from "../../../plugins/memory/contract.ts";
import {
  memoryName,
  memoryPrefix,
  ownerOf,
  readMemoryName,
  readTrashName,
  trashName,
} from "../../../plugins/memory/names.ts";
import { askBy, dataOf, startUsers } from "./kit.ts";

const named = (id: string): Principal => ({ id, scopes: [] });

describe("memory of several principals", () => {
  test("each sees what it stored and nothing of others, by the tool and by resources", async () => {
    await using users = await startUsers();
    const [ada, eve] = [await users.connect("ada"), await users.connect("eve")];
    const [askAda, askEve] = [askBy(ada), askBy(eve)];
    await askAda({ action: "store", key: "k", value: "of ada" });
    await askEve({ action: "store", key: "l", value: "of eve" });
    assert.equal((await dataOf(askEve({ action: "get", key: "k" }))).found, false);
    assert.deepEqual((await dataOf(askEve({ action: "list" }))).keys, ["l"]);
    assert.deepEqual((await dataOf(askEve({ action: "search", query: "of" }))).entries.length, 1);
    assert.deepEqual((await dataOf(askEve({ action: "export" }))).entries.length, 1);
    const { total_entries, namespaces } = await dataOf(askEve({ action: "stats" }));
    assert.deepEqual([total_entries, namespaces], [1, 1]);
    assert.equal((await dataOf(askEve({ action: "delete" }))).deleted, 1);
    assert.equal((await dataOf(askAda({ action: "get", key: "k" }))).value, "of ada");

    await askEve({ action: "store", tool_name: "of_eve", key: "m", value: 1 });
    assert.deepEqual((await ada.listResources()).resources.map((it) => it.uri), ["collet://memory/notes/k"]);
    assert.deepEqual((await eve.listResources()).resources.map((it) => it.uri), ["collet://memory/of_eve/m"]);
    await ada.readResource({ uri: "collet://memory/notes/k" });
    await assert.rejects(eve.readResource({ uri: "collet://memory/notes/k" }), /Resource not found/);
    const ref = { type: "ref/resource" as const, uri: "collet://memory/{namespace}/{key}" };
    const complete = async (name: string) =>
      (await ada.complete({ ref, argument: { name, value: "" } })).completion.values;
    assert.deepEqual([await complete("namespace"), await complete("key")], [["notes"], ["k"]]);
  });

  test("local is one principal by every door; code without a principal has a memory of its own", async () => {
    await using users = await startUsers();
    const local = askBy(await users.connect("local"));
    await local({ action: "store", key: "k", value: 1 });
    const memory = users.kernel.get(Memory)!;
    assert.equal((await memory.open("notes", LOCAL_PRINCIPAL).get("k"))?.value, 1);
    assert.equal(await memory.open("notes", undefined).get("k"), undefined);
    assert.equal(await memory.open("notes", named("%none")).get("k"), undefined);
  });

  test("the quota of namespaces is each principal's own", async () => {
    await using users = await startUsers();
    const memory = users.kernel.get(Memory)!;
    for (let i = 0; i < 500; i++) await memory.open(`t${i}`, named("ada")).set("k", 1);
    await assert.rejects(memory.open("more", named("ada")).set("k", 1), /there are 500 memories/);
    await memory.open("more", named("eve")).set("k", 1);
  });
});

describe("names of memories", () => {
  // what could be mistaken for another: separators, escapes, marks, halves of pairs, long ones
  const tricky = fc.array(
    fc.constantFrom("/", "%", "2F", "25", "a", "%none", "%sha256=", "ü", "😀", "\ud800", "\0", "memory"),
    {
      maxLength: 6,
    },
  ).map((parts) => parts.join(""));
  const id = fc.oneof(tricky, fc.string({ unit: "binary" }), fc.string({ minLength: 120, maxLength: 400 }));
  const tool = fc.oneof(tricky, fc.string()).filter((it) => it !== "");

  test("no two pairs of principal and tool have one name, and names are read back", async () => {
    await fc.assert(
      fc.asyncProperty(id, tool, id, tool, async (id1, tool1, id2, tool2) => {
        const [owner1, owner2] = [await ownerOf(named(id1)), await ownerOf(named(id2))];
        assert.equal(owner1 === owner2, id1 === id2);
        assert.notEqual(owner1, await ownerOf(undefined));
        assert.ok(new TextEncoder().encode(owner1).length <= 128 && !owner1.includes("/"));
        const [name1, name2] = [{ owner: owner1, tool: tool1 }, { owner: owner2, tool: tool2 }];
        assert.equal(memoryName(name1) === memoryName(name2), id1 === id2 && tool1 === tool2);
        assert.deepEqual(readMemoryName(memoryName(name1)), name1);
        assert.equal(memoryName(name1).startsWith(memoryPrefix(owner2)), owner1 === owner2);
        const trashed = { ...name1, since: 1_700_000_000_000 };
        assert.deepEqual(readTrashName(trashName(trashed)), trashed);
        assert.ok(!trashName(trashed).startsWith(memoryPrefix()));
      }),
      { numRuns: 300 },
    );
  });

  test("the longest of them are names of the store", async () => {
    const owner = await ownerOf(named("x".repeat(128)));
    const name = trashName({ owner, tool: "t".repeat(100), since: Date.now() });
    assert.ok(new TextEncoder().encode(name).length <= 256, String(name.length));
  });
});
