/**
 * The contract suite of `Memory`, for whoever provides it. Call it at the top level of a test file.
 *
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Disposer, isToolError, LOCAL_PRINCIPAL } from "../../kernel/mod.ts";
import type { Change } from "../store/contract.ts";
import type { Memory, ToolMemory } from "./contract.ts";

/** A memory to test, empty. */
export interface ProvidedMemory {
  readonly value: Memory;
  /** Undoes the making; runs after each test. */
  readonly dispose?: Disposer;
}

const OTHER = { id: "other", scopes: [] };
const DAY_MS = 86_400_000;

/**
 * Registers the tests that every provider of `Memory` passes.
 *
 * @param name Names the provider in the titles.
 * @param make Makes a new, empty memory for one test.
 */
export function testMemory(name: string, make: () => ProvidedMemory | Promise<ProvidedMemory>): void {
  const check = (title: string, run: (notes: ToolMemory, memory: Memory) => Promise<void>) =>
    void test(title, async () => {
      const { value, dispose } = await make();
      try {
        await run(value.open("notes", LOCAL_PRINCIPAL), value);
      } finally {
        await dispose?.();
      }
    });
  describe(`Memory contract: ${name}`, () => {
    checkEntries(check);
    checkConditions(check);
    checkOwners(check);
  });
}

type Check = (title: string, run: (notes: ToolMemory, memory: Memory) => Promise<void>) => void;

async function refused(work: Promise<unknown>, reason: RegExp): Promise<void> {
  await assert.rejects(work, (error) => isToolError(error) && reason.test(error.message));
}

function checkEntries(check: Check): void {
  check("set() writes what get() gives, with a version and a time", async (notes) => {
    assert.equal(await notes.get("k"), undefined);
    const { version } = await notes.set("k", { a: [1, null, "ü"] }, { ttlMs: 60_000 });
    const entry = await notes.get("k");
    assert.deepEqual([entry?.value, entry?.version], [{ a: [1, null, "ü"] }, version]);
    assert.ok(Math.abs(entry!.expiresAt! - Date.now() - 60_000) < 5_000);
    await notes.set("k", 1);
    assert.equal((await notes.get("k"))?.expiresAt, undefined);
  });

  check("what does not fit is refused", async (notes) => {
    await refused(notes.set("", 1), /key/);
    await refused(notes.set("k", undefined), /no JSON/);
    await refused(notes.set("k", 1, { ttlMs: -1 }), /time/);
    await refused(notes.set("k", 1, { ttlMs: 1e15 }), /time/);
    await refused(notes.update("k", [1]), /object/);
    await refused(notes.increment("k", 0.5), /integer/);
    assert.deepEqual(await notes.usage(), { entries: 0, bytes: 0 });
  });

  check("keys(), entries() and clear() go by prefix, in order, page by page", async (notes) => {
    await notes.setAll(["b", "a/2", "a/1", "c"].map((key, value) => ({ key, value })));
    assert.deepEqual((await notes.keys()).items.map((it) => it.key), ["a/1", "a/2", "b", "c"]);
    const first = await notes.entries({ limit: 3 });
    const rest = await notes.entries({ limit: 3, cursor: first.cursor! });
    assert.deepEqual([...first.items, ...rest.items].map((it) => it.value), [2, 1, 0, 3]);
    assert.equal(await notes.clear("a/"), 2);
    assert.equal(await notes.deleteAll(["b", "absent"]), 1);
    await refused(notes.deleteAll(["c", "c"]), /twice/);
    await refused(notes.deleteAll(["c", ""]), /key/);
    assert.equal(await notes.clear(), 1);
    assert.equal((await notes.usage()).entries, 0);
  });

  check("update() merges, and keeps the time unless it is given another", async (notes) => {
    await notes.set("k", { a: 1, b: { c: 1 } }, { ttlMs: 60_000 });
    const { value } = await notes.update("k", { a: null, b: { d: 2 } });
    assert.deepEqual(value, { b: { c: 1, d: 2 } });
    assert.notEqual((await notes.get("k"))?.expiresAt, undefined);
    const [updated] = await notes.updateAll([{ key: "k", value: { b: null }, ttlMs: 0 }]);
    assert.deepEqual(updated?.value, {});
    assert.equal((await notes.get("k"))?.expiresAt, undefined);
  });

  check("watch() tells of changes to keys with a prefix", async (notes) => {
    const seen: string[] = [];
    let tell = () => {};
    const told = new Promise<void>((resolve) => tell = resolve);
    const stop = await notes.watch("a/", (changes: readonly Change[]) => {
      seen.push(...changes.map((it) => `${it.kind} ${it.key}`));
      if (seen.length === 2) tell();
    });
    await notes.set("b", 1);
    await notes.set("a/1", 1);
    await notes.delete("a/1");
    await told;
    await stop();
    assert.deepEqual(seen, ["set a/1", "delete a/1"]);
  });
}

function checkConditions(check: Check): void {
  check("a version that is another is refused, and nothing of a batch is written", async (notes) => {
    const { version } = await notes.set("k", 1, { ifVersion: 0 });
    await refused(notes.set("k", 2, { ifVersion: 0 }), /version/);
    await refused(notes.delete("k", { ifVersion: version + 1 }), /version/);
    await refused(notes.setAll([{ key: "l", value: 1 }, { key: "k", value: 2, ifVersion: 0 }]), /version/);
    await refused(notes.updateAll([{ key: "l", value: {} }, { key: "k", value: {} }]), /not an object/);
    assert.deepEqual((await notes.keys()).items.map((it) => it.key), ["k"]);
    assert.equal(await notes.delete("k", { ifVersion: version }), true);
    assert.equal(await notes.delete("k"), false);
  });

  check("increment() and update() lose nothing when many do it at once", async (notes) => {
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      await notes.increment("n", i);
      await notes.update("o", { [`m${i}`]: i });
    }));
    assert.equal((await notes.get("n"))?.value, 190);
    assert.equal(Object.keys((await notes.get("o"))?.value as object).length, 20);
  });
}

function checkOwners(check: Check): void {
  check("open() gives each tool and each principal a memory of its own", async (notes, memory) => {
    await notes.set("k", 1);
    const others = [
      memory.open("other", LOCAL_PRINCIPAL),
      memory.open("notes", OTHER),
      memory.open("notes", undefined),
    ];
    for (const other of others) assert.equal(await other.get("k"), undefined);
    assert.equal((await memory.open("notes", { ...LOCAL_PRINCIPAL }).get("k"))?.value, 1);
    await refused(memory.open("", LOCAL_PRINCIPAL).get("k"), /tool name/);
  });

  check("trash() empties a tool's memory for everyone, and restore() brings it back", async (notes, memory) => {
    const others = memory.open("notes", OTHER);
    await notes.set("k", { a: 1 }, { ttlMs: 60_000 });
    await others.set("k", 2);
    const trashed = await memory.trash("notes", new Date(Date.now() + DAY_MS));
    assert.equal(trashed.entries, 2);
    assert.deepEqual([await notes.get("k"), await others.get("k")], [undefined, undefined]);
    await trashed.restore();
    assert.deepEqual([(await notes.get("k"))?.value, (await others.get("k"))?.value], [{ a: 1 }, 2]);
    assert.notEqual((await notes.get("k"))?.expiresAt, undefined);
    assert.equal((await memory.trash("nothing", new Date(Date.now() + DAY_MS))).entries, 0);
  });
}
