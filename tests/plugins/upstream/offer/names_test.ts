import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isItemName, sha256 } from "../../../../kernel/mod.ts";
import { nameItems } from "../../../../plugins/upstream/offer/names.ts";
import { isSelected } from "../../../../plugins/upstream/offer/selection.ts";

async function offeredNames(names: readonly string[], options: Parameters<typeof nameItems>[1] = { namespace: "ns" }) {
  const { named, unnamed } = await nameItems(names.map((name) => ({ name })), options);
  return {
    offered: Object.fromEntries(named.map(({ own, offered }) => [own, offered])),
    unnamed: unnamed.map(({ own }) => own),
  };
}

describe("names of a server's items", () => {
  it("are its own behind the namespace", async () => {
    assert.deepEqual(await offeredNames(["echo", "get-sum"]), {
      offered: { echo: "ns_echo", "get-sum": "ns_get-sum" },
      unnamed: [],
    });
  });

  it("have only characters that clients take", async () => {
    const { offered } = await offeredNames(["files/read", "a.b", "a b", "a_b"]);
    assert.equal(offered["files/read"], "ns_files_read");
    assert.equal(offered["a_b"], "ns_a_b");
    assert.equal(offered["a.b"], `ns_a_b_${(await sha256("ns_a.b")).slice(0, 8)}`);
    assert.equal(offered["a b"], `ns_a_b_${(await sha256("ns_a b")).slice(0, 8)}`);
  });

  it("are cut to their first 55 characters and a digest", async () => {
    const long = "x".repeat(80);
    const { offered } = await offeredNames([long]);
    assert.equal(offered[long], `ns_${"x".repeat(52)}_${(await sha256(`ns_${long}`)).slice(0, 8)}`);
  });

  it("can be given, but not those of others", async () => {
    const rename = { b: "other", c: "a" };
    assert.deepEqual(await offeredNames(["a", "b", "c"], { namespace: "ns", rename }), {
      offered: { a: "ns_a", b: "ns_other" },
      unnamed: ["c"],
    });
  });

  it("are given once, and to what has one", async () => {
    const { named, unnamed } = await nameItems([{ name: "a" }, { name: "a" }, {}, { name: "" }], { namespace: "ns" });
    assert.deepEqual(named.map((it) => it.offered), ["ns_a"]);
    assert.equal(unnamed.length, 3);
  });

  it("are unique, well formed, and the same in whatever order", async () => {
    const name = fc.oneof(fc.string({ maxLength: 80 }), fc.stringMatching(/^[ab._]{1,4}$/));
    await fc.assert(fc.asyncProperty(fc.uniqueArray(name, { maxLength: 12 }), async (names) => {
      const { offered } = await offeredNames(names);
      const values = Object.values(offered);
      assert.equal(new Set(values).size, values.length);
      assert.ok(values.every(isItemName));
      assert.deepEqual((await offeredNames(names.toReversed())).offered, offered);
    }));
  });
});

describe("selection of tools", () => {
  it("goes by names with wildcards, and leaving out wins", () => {
    assert.ok(isSelected("read_file", {}));
    assert.ok(isSelected("read_file", { include: ["read_*"] }));
    assert.ok(!isSelected("write_file", { include: ["read_*", "list"] }));
    assert.ok(!isSelected("read_file", { include: ["*"], exclude: ["*_file"] }));
    assert.ok(isSelected("a.c", { include: ["a.c"] }));
    assert.ok(!isSelected("abc", { include: ["a.c"] }));
    assert.ok(!isSelected("ab", { include: ["ab*ab"] }));
    assert.ok(isSelected("xaybz", { include: ["*a*b*"] }));
  });

  it("takes a pattern of many wildcards in its stride", () => {
    assert.ok(!isSelected("a".repeat(5_000), { include: [`${"*a".repeat(500)}b`] }));
  });
});
