import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toResult } from "../../../plugins/library/result.ts";

const plain = (value: unknown, hasSchema = false) => ({ ...toResult({ value }, hasSchema) });
const text = (text: string) => [{ type: "text", text }];

describe("toResult()", () => {
  test("makes an object structured content and one block of compact JSON", () => {
    assert.deepEqual(plain({ a: [1, 2] }), { content: text('{"a":[1,2]}'), structuredContent: { a: [1, 2] } });
  });

  test("makes a list, number or boolean structured content as well", () => {
    assert.deepEqual(plain([{ type: "text", text: "data" }]), {
      content: text('[{"type":"text","text":"data"}]'),
      structuredContent: [{ type: "text", text: "data" }],
    });
    assert.deepEqual(plain(0), { content: text("0"), structuredContent: 0 });
    assert.deepEqual(plain(false), { content: text("false"), structuredContent: false });
  });

  test("makes a text stand alone, unless it has to be checked", () => {
    assert.deepEqual(plain("a\nb"), { content: text("a\nb") });
    assert.deepEqual(plain("a", true), { content: text("a"), structuredContent: "a" });
    assert.deepEqual(plain(""), { content: text("") });
  });

  test("says so when there is nothing", () => {
    assert.deepEqual(plain(null), { content: text("(no output)") });
    assert.deepEqual(plain(undefined, true), { content: text("(no output)") });
  });

  test("leaves a whole result as it is", () => {
    const result = { content: [], isError: true, _meta: { a: 1 } };
    assert.deepEqual({ ...toResult({ result }, true) }, result);
  });
});
