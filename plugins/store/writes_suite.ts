/**
 * The contract suite of `Store`: values, conditions, limits.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STORE_LIMITS, update } from "./contract.ts";
import { type Check, keysOf, refuses } from "./suite_tools.ts";

/** Tests single values. */
export function testValues(check: Check): void {
  check("get() gives what set() wrote, as JSON", async (ns) => {
    const values = [null, true, 0, -1.5, "", "\u{1f600}\u0000\ud800", [], [1, [2]], {}, { a: { b: [null] } }];
    for (const [i, value] of values.entries()) await ns.set(`k${i}`, value);
    for (const [i, value] of values.entries()) assert.deepEqual((await ns.get(`k${i}`))?.value, value);
    await ns.set("date", { at: new Date(0), no: undefined });
    assert.deepEqual((await ns.get("date"))?.value, { at: "1970-01-01T00:00:00.000Z" });
  });
  check("get() gives copies that share nothing", async (ns) => {
    const value = { list: [1] };
    await ns.set("k", value);
    value.list.push(2);
    const first = (await ns.get("k"))?.value as { list: number[] };
    first.list.push(3);
    assert.deepEqual((await ns.get("k"))?.value, { list: [1] });
  });
  check("get() of an absent key gives undefined", async (ns) => {
    assert.equal(await ns.get("k"), undefined);
  });
  check("a value may have a property named __proto__", async (ns) => {
    await ns.set("k", JSON.parse('{"__proto__":{"a":1}}'));
    const value = (await ns.get("k"))?.value;
    assert.equal(JSON.stringify(value), '{"__proto__":{"a":1}}');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });
  check("delete() tells whether the key was there", async (ns) => {
    await ns.set("k", 1);
    assert.equal(await ns.delete("k"), true);
    assert.equal(await ns.delete("k"), false);
    assert.equal(await ns.get("k"), undefined);
  });
  check("increment() counts from 0, in either direction", async (ns) => {
    assert.deepEqual([await ns.increment("n"), await ns.increment("n", 5), await ns.increment("n", -7)], [1, 6, -1]);
    assert.equal((await ns.get("n"))?.value, -1);
  });
  check("increment() loses nothing when many call it at once", async (ns) => {
    const sums = await Promise.all(Array.from({ length: 50 }, () => ns.increment("n")));
    assert.deepEqual(sums.sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i + 1));
  });
  check("increment() refuses what is no safe integer", async (ns) => {
    await ns.set("text", "1");
    await ns.set("large", Number.MAX_SAFE_INTEGER);
    await refuses(ns.increment("text"), /whole number/);
    await refuses(ns.increment("large"), /safe integer/);
    await refuses(ns.increment("n", 0.5), /safe integer/);
    await refuses(ns.increment("n", NaN), /safe integer/);
    assert.equal((await ns.get("large"))?.value, Number.MAX_SAFE_INTEGER);
  });
}

/** Tests versions and batches. */
export function testConditions(check: Check): void {
  check("versions rise with every write and are never used again", async (ns) => {
    const first = await ns.set("k", 1);
    const second = await ns.set("k", 1);
    await ns.delete("k");
    const third = await ns.set("k", 1);
    const other = await ns.set("other", 1);
    assert.ok(first >= 1 && first < second && second < third && third < other);
    assert.equal((await ns.get("k"))?.version, third);
  });
  check("compareAndSet() writes only over the version it was given", async (ns) => {
    const made = await ns.compareAndSet("k", 1, { ifVersion: 0 });
    assert.ok(made);
    assert.equal(await ns.compareAndSet("k", 2, { ifVersion: 0 }), undefined);
    const changed = await ns.compareAndSet("k", 3, { ifVersion: made });
    assert.ok(changed);
    assert.equal(await ns.compareAndSet("k", 4, { ifVersion: made }), undefined);
    assert.equal((await ns.get("k"))?.value, 3);
  });
  check("compareAndSet() lets one of many through", async (ns) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ns.compareAndSet("k", i, { ifVersion: 0 })),
    );
    assert.equal(results.filter((version) => version !== undefined).length, 1);
  });
  check("delete() with ifVersion removes only that version", async (ns) => {
    const version = await ns.set("k", 1);
    assert.equal(await ns.delete("k", { ifVersion: version + 1 }), false);
    assert.equal(await ns.delete("k", { ifVersion: 0 }), false);
    assert.equal(await ns.delete("k", { ifVersion: version }), true);
  });
  check("update() loses nothing when many call it at once", async (ns) => {
    const add = () => update(ns, "list", { change: (value) => [...(value as number[] | undefined) ?? [], 1] });
    assert.deepEqual(await Promise.all(Array.from({ length: 10 }, add)), Array(10).fill(true));
    assert.deepEqual((await ns.get("list"))?.value, Array(10).fill(1));
    assert.equal(await update(ns, "list", { change: () => undefined }), false);
  });
  check("batch() does all operations in order", async (ns) => {
    await ns.set("old", 1);
    const result = await ns.batch([
      { type: "set", key: "a", value: 1 },
      { type: "check", key: "b", ifVersion: 0 },
      { type: "set", key: "b", value: 2 },
      { type: "delete", key: "old" },
      { type: "check", key: "old", ifVersion: 0 },
      { type: "set", key: "a", value: 3 },
    ]);
    assert.ok(result.committed);
    const [a, b] = [await ns.get("a"), await ns.get("b")];
    assert.deepEqual([a?.value, b?.value, await ns.get("old")], [3, 2, undefined]);
    assert.deepEqual(result.versions.slice(1), [0, b?.version, 0, 0, a?.version]);
  });
  check("batch() does nothing when one condition does not hold", async (ns) => {
    const version = await ns.set("k", 1);
    const result = await ns.batch([
      { type: "set", key: "new", value: 1 },
      { type: "delete", key: "k" },
      { type: "check", key: "k", ifVersion: version },
      { type: "set", key: "late", value: 1 },
    ]);
    assert.deepEqual(result, { committed: false, conflict: 2 });
    assert.deepEqual(await keysOf(ns), ["k"]);
    assert.equal((await ns.get("k"))?.version, version);
  });
  check("batch() does nothing when one operation is refused", async (ns) => {
    await refuses(ns.batch([{ type: "set", key: "a", value: 1 }, { type: "set", key: "", value: 1 }]), /key/);
    await refuses(ns.batch([{ type: "set", key: "a", value: 1 }, { type: "set", key: "b", value: () => 1 }]), /JSON/);
    assert.deepEqual(await keysOf(ns), []);
    assert.deepEqual(await ns.batch([]), { committed: true, versions: [] });
  });
}

/** Tests limits and quotas. */
export function testLimits(check: Check): void {
  check("keys are 1 to 1,024 bytes of well-formed text", async (ns) => {
    const longest = "ä".repeat(STORE_LIMITS.keyBytes / 2);
    await ns.set(longest, 1);
    assert.deepEqual(await keysOf(ns), [longest]);
    for (const key of ["", `${longest}a`, "a\ud800", "\udc00a", "a\0b"]) {
      await refuses(ns.set(key, 1), /Cannot use the key/);
      await refuses(ns.get(key), /Cannot use the key/);
      await refuses(ns.delete(key), /Cannot use the key/);
      await refuses(ns.increment(key), /Cannot use the key/);
    }
    await refuses(ns.scan({ prefix: "\ud800" }), /Cannot use the prefix/);
  });
  check("values are JSON within the limit of size", async (ns) => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [undefined, () => 1, Symbol("s"), 1n, circle]) await refuses(ns.set("k", value), /no JSON/);
    await ns.set("k", "x".repeat(STORE_LIMITS.valueBytes - 2));
    await refuses(ns.set("k", "x".repeat(STORE_LIMITS.valueBytes - 1)), /bytes as JSON/);
  });
  check("batches are bounded in number and size", async (ns) => {
    const operations = Array.from({ length: STORE_LIMITS.batchOperations }, (_, i) => ({
      type: "set" as const,
      key: `k${i}`,
      value: i,
    }));
    assert.ok((await ns.batch(operations)).committed);
    await refuses(ns.batch([...operations, operations[0]!]), /batch of 1001 operations/);
    const large = "x".repeat(STORE_LIMITS.valueBytes - 2);
    const many = Array.from({ length: 5 }, (_, i) => ({ type: "set" as const, key: `l${i}`, value: large }));
    await refuses(ns.batch(many), /batch of \d+ bytes/);
  });
  check("usage() counts entries and bytes of keys and values", async (ns) => {
    await ns.set("ä", "ö");
    await ns.set("k", [1]);
    assert.deepEqual(await ns.usage(), { entries: 2, bytes: 2 + 4 + 1 + 3 });
    await ns.set("k", 1);
    await ns.increment("k", 99);
    assert.deepEqual(await ns.usage(), { entries: 2, bytes: 2 + 4 + 1 + 3 });
    await ns.deletePrefix("");
    assert.deepEqual(await ns.usage(), { entries: 0, bytes: 0 });
  });
  check("a quota refuses what would go beyond it, and nothing else", async (_, store) => {
    const few = store.namespace("few", { quota: { entries: 2 } });
    await few.set("a", 1);
    await few.set("b", 1);
    await refuses(few.set("c", 1), /3 entries, it may hold 2/, { quota: "entries", limit: 2, wanted: 3 });
    await few.set("a", "a longer value is no further entry");
    await few.delete("a");
    await few.set("c", 1);
    const small = store.namespace("small", { quota: { bytes: 10 } });
    await small.set("a", "1234567");
    await refuses(small.set("a", "12345678"), /11 bytes, it may hold 10/, { quota: "bytes", limit: 10, wanted: 11 });
    await refuses(
      small.batch([{ type: "set", key: "a", value: 1 }, { type: "set", key: "b", value: "12345678" }]),
      /may/,
    );
    assert.equal((await small.get("a"))?.value, "1234567");
    await store.namespace("small").set("b", "without a quota there is none");
    await small.set("a", 1);
  });
}
