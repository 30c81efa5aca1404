import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../kernel/mod.ts";
import { mergePatch } from "../../../plugins/memory/merge_patch.ts";

/** Target, patch and result. Source: RFC 7386, appendix A. */
const EXAMPLES: readonly (readonly [Json, Json, Json])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a", "b"], ["c", "d"], ["c", "d"]],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test("mergePatch does as the examples of its RFC", () => {
  for (const [target, patch, result] of EXAMPLES) {
    assert.deepEqual(mergePatch(target, patch), result, JSON.stringify([target, patch]));
  }
});

test("mergePatch takes __proto__ for a member like any other", () => {
  const merged = mergePatch(JSON.parse('{"a":1}'), JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'));
  assert.equal(JSON.stringify(merged), '{"a":1,"__proto__":{"polluted":true},"constructor":1}');
  assert.equal((merged as { polluted?: unknown }).polluted, undefined);
  const again = mergePatch(merged, JSON.parse('{"__proto__":null}'));
  assert.equal(JSON.stringify(again), '{"a":1,"constructor":1}');
});
