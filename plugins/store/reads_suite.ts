/**
 * The contract suite of `Store`: scans, times, changes, namespaces.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isToolError } from "../../kernel/mod.ts";
import { type Change, type Namespace, scanAll, STORE_LIMITS } from "./contract.ts";
import { type Check, eventually, keysOf, refuses } from "./suite_tools.ts";

// in the order of their code points; by UTF-16 units the last two would be the other way round
const ORDERED = ["\u0001", "10", "9", "a", "a/", "a/b", "a0", "b", "é", "\u{fffd}", "\u{1f600}"];

/** Tests order and pages. */
export function testScans(check: Check): void {
  const fill = async (ns: Namespace, keys: readonly string[]) => {
    for (const key of [...keys].reverse()) await ns.set(key, { key });
  };
  check("scan() gives entries in the order of code points, both ways", async (ns) => {
    await fill(ns, ORDERED);
    const page = await ns.scan();
    assert.deepEqual(page.items.map(({ key, value }) => [key, value]), ORDERED.map((key) => [key, { key }]));
    assert.equal(page.cursor, undefined);
    assert.deepEqual(await keysOf(ns, { reverse: true }), ORDERED.toReversed());
  });
  check("scan() keeps to its prefix and bounds", async (ns) => {
    await fill(ns, ORDERED);
    assert.deepEqual(await keysOf(ns, { prefix: "a" }), ["a", "a/", "a/b", "a0"]);
    assert.deepEqual(await keysOf(ns, { prefix: "a/" }), ["a/", "a/b"]);
    assert.deepEqual(await keysOf(ns, { prefix: "z" }), []);
    assert.deepEqual(await keysOf(ns, { after: "a", before: "b" }), ["a/", "a/b", "a0"]);
    assert.deepEqual(await keysOf(ns, { prefix: "a", after: "a/b" }), ["a0"]);
    assert.deepEqual(await keysOf(ns, { prefix: "a", before: "a0", reverse: true }), ["a/b", "a/", "a"]);
    assert.deepEqual(await keysOf(ns, { after: "b", before: "a" }), []);
  });
  check("a prefix may end in the last code points there are", async (ns) => {
    const keys = ["\u{d7ff}", "\u{d7ff}x", "\u{e000}", "\u{10ffff}", "\u{10ffff}\u{10ffff}"];
    await fill(ns, keys);
    assert.deepEqual(await keysOf(ns, { prefix: "\u{d7ff}" }), keys.slice(0, 2));
    assert.deepEqual(await keysOf(ns, { prefix: "\u{10ffff}" }), keys.slice(3));
  });
  check("pages follow each other by cursor, both ways, without gap or repeat", async (ns) => {
    const keys = Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, "0")}`);
    await fill(ns, keys);
    for (const reverse of [false, true]) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await ns.scan({ prefix: "k", limit: 10, reverse, ...(cursor === undefined ? {} : { cursor }) });
        assert.ok(page.items.length <= 10);
        found.push(...page.items.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(found, reverse ? keys.toReversed() : keys);
    }
    const page = await ns.keys({ limit: 25 });
    assert.equal(page.cursor, undefined, "the last page has no cursor even when it is full");
  });
  check("scanAll() gives every page", async (ns) => {
    await fill(ns, Array.from({ length: 250 }, (_, i) => `k${i}`));
    let count = 0;
    for await (const entry of scanAll(ns)) count += entry.key.startsWith("k") ? 1 : 0;
    assert.equal(count, 250);
  });
  check("scan() ends a page early when its values are large", async (ns) => {
    const value = "x".repeat(STORE_LIMITS.pageBytes / 2);
    for (const key of ["a", "b", "c"]) await ns.set(key, value);
    const page = await ns.scan();
    assert.deepEqual(page.items.map(({ key }) => key), ["a"]);
    assert.deepEqual(await keysOf(ns), ["a", "b", "c"]);
  });
  check("scan() refuses a limit that is not from 1 to 1,000", async (ns) => {
    for (const limit of [0, -1, 1.5, NaN, 1001]) await refuses(ns.scan({ limit }), /limit/);
  });
  check("deletePrefix() removes what begins with the prefix", async (ns) => {
    await fill(ns, ORDERED);
    assert.equal(await ns.deletePrefix("a/"), 2);
    assert.equal(await ns.deletePrefix("a/"), 0);
    assert.equal((await keysOf(ns)).length, ORDERED.length - 2);
    assert.equal(await ns.deletePrefix(""), ORDERED.length - 2);
  });
}

/** Tests entries that end. */
export function testExpiry(check: Check): void {
  const isGone = (ns: Namespace) => eventually(async () => await ns.get("k") === undefined);
  check("an entry whose time is over is nowhere to be seen", async (ns, store) => {
    await ns.set("k", 1, { ttlMs: 40 });
    const entry = await ns.get("k");
    if (entry) assert.ok(Math.abs(entry.expiresAt! - Date.now() - 20) < 5000);
    await isGone(ns);
    assert.deepEqual(await keysOf(ns), []);
    assert.deepEqual((await ns.scan()).items, []);
    assert.deepEqual(await ns.usage(), { entries: 0, bytes: 0 });
    assert.deepEqual((await store.namespaces()).items, []);
    assert.equal(await ns.delete("k"), false);
    assert.equal(await ns.deletePrefix(""), 0);
  });
  check("an expired entry counts as absent for conditions and counters", async (ns) => {
    const version = await ns.set("k", 7, { ttlMs: 20 });
    await isGone(ns);
    assert.equal(await ns.compareAndSet("k", 1, { ifVersion: version }), undefined);
    assert.equal(await ns.increment("k"), 1);
    await ns.set("k", 7, { ttlMs: 20 });
    await isGone(ns);
    assert.ok(await ns.compareAndSet("k", 1, { ifVersion: 0 }));
    assert.equal((await ns.get("k"))?.expiresAt, undefined);
  });
  check("set() without a time makes an entry stay", async (ns) => {
    await ns.set("k", 1, { ttlMs: 60_000 });
    assert.ok((await ns.get("k"))?.expiresAt);
    await ns.set("k", 1);
    assert.equal((await ns.get("k"))?.expiresAt, undefined);
  });
  check("increment() sets a time when it makes the entry, and keeps it", async (ns) => {
    await ns.increment("k", 1, { ttlMs: 60_000 });
    const first = (await ns.get("k"))?.expiresAt;
    assert.ok(first);
    await ns.increment("k", 1, { ttlMs: 120_000 });
    await ns.increment("k");
    assert.equal((await ns.get("k"))?.expiresAt, first);
  });
  check("a time is a number of milliseconds above 0", async (ns) => {
    for (const ttlMs of [0, -1, NaN, Infinity]) await refuses(ns.set("k", 1, { ttlMs }), /ttlMs/);
  });
}

/** Tests watchers. */
export function testChanges(check: Check): void {
  check("watch() reports changes below its prefix in order", async (ns, store) => {
    const seen: Change[] = [];
    await ns.set("k/early", 1);
    const stop = await ns.watch("k/", (changes) => void seen.push(...changes));
    const version = await ns.set("k/a", 1);
    await ns.set("other", 1);
    await store.namespace("elsewhere").set("k/a", 1);
    await ns.batch([{ type: "delete", key: "k/a" }, { type: "set", key: "k/b", value: 1 }]);
    await ns.increment("k/n");
    await ns.delete("k/absent");
    await ns.deletePrefix("k/b");
    await eventually(() => seen.length >= 5);
    await stop();
    assert.deepEqual(
      seen.map(({ kind, key }) => `${kind} ${key}`),
      ["set k/a", "delete k/a", "set k/b", "set k/n", "delete k/b"],
    );
    assert.equal(seen[0]?.version, version);
    for (const [i, change] of seen.entries()) assert.ok(i === 0 || change.version > seen[i - 1]!.version);
  });
  check("watch() reports nothing after it was ended, nor what was undone", async (ns) => {
    const seen: string[] = [];
    const ended: string[] = [];
    const stop = await ns.watch("", (changes) => void ended.push(...changes.map(({ key }) => key)));
    const stopOther = await ns.watch("", (changes) => void seen.push(...changes.map(({ key }) => key)));
    await stop();
    await ns.batch([{ type: "set", key: "undone", value: 1 }, { type: "check", key: "x", ifVersion: 9 }]);
    await ns.set("k", 1);
    await eventually(() => seen.length > 0);
    await stopOther();
    assert.deepEqual([seen, ended], [["k"], []]);
  });
  check("a slow listener gets everything, one call at a time; a failing one hears on", async (ns) => {
    const seen: string[] = [];
    let running = 0;
    let calls = 0;
    const stop = await ns.watch("", async (changes) => {
      assert.equal(++running, 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push(...changes.map(({ key }) => key));
      running--;
      if (++calls === 1) throw new Error("the first call fails");
    });
    const keys = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, "0")}`);
    for (const key of keys) await ns.set(key, 1);
    await eventually(() => seen.length >= keys.length);
    await stop();
    assert.deepEqual(seen, keys);
  });
  check("a listener that lags behind hears of everything, or that it missed changes", async (ns) => {
    const kinds: string[] = [];
    let release: () => void = () => {};
    const isHeld = new Promise<void>((resolve) => release = resolve);
    const stop = await ns.watch("k", async (changes) => {
      kinds.push(...changes.map(({ kind }) => kind));
      await isHeld;
    });
    await ns.set("k", 0);
    await eventually(() => kinds.length > 0);
    const batch = Array.from({ length: 1000 }, (_, i) => ({ type: "set" as const, key: `k${i}`, value: 1 }));
    for (let i = 0; i < 25; i++) await ns.batch(batch);
    release();
    await eventually(() => kinds[1] === "missed" || kinds.length === 25_001);
    await stop();
  });
}

/** Tests namespaces beside each other. */
export function testNamespaces(check: Check): void {
  check("namespaces do not see each other", async (ns, store) => {
    const other = store.namespace("suit");
    await ns.set("k", 1);
    await other.set("ek", 2);
    assert.deepEqual([await keysOf(ns), await keysOf(other)], [["k"], ["ek"]]);
    await other.deletePrefix("");
    assert.deepEqual(await keysOf(ns), ["k"]);
  });
  check("namespaces() lists those that hold entries, in order, by page", async (_, store) => {
    for (const name of ["b", "a/2", "a/1", "a/3", "gone"]) await store.namespace(name).set("k", "1");
    await store.namespace("gone").delete("k");
    const first = await store.namespaces({ limit: 3 });
    assert.deepEqual(first.items.map(({ name }) => name), ["a/1", "a/2", "a/3"]);
    assert.deepEqual(first.items[0], { name: "a/1", entries: 1, bytes: 4 });
    const second = await store.namespaces({ limit: 3, cursor: first.cursor! });
    assert.deepEqual([second.items.map(({ name }) => name), second.cursor], [["b"], undefined]);
    assert.equal((await store.namespaces({ prefix: "a/" })).items.length, 3);
  });
  check("namespace() refuses a name that is empty, too long or no text", (_, store) => {
    for (const name of ["", "x".repeat(257), "a\0"]) {
      assert.throws(
        () => store.namespace(name),
        (error: Error) => isToolError(error) && /namespace/.test(error.message),
      );
    }
    return Promise.resolve();
  });
}
