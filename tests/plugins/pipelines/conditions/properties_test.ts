import { test } from "node:test";
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { isSame, isTruthy } from "../../../../plugins/pipelines/conditions/comparison.ts";
import { Condition } from "../../../../plugins/pipelines/conditions/condition.ts";

const Key = fc.constantFrom("a", "b", "__proto__", "constructor");
const { json: Json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("", "a", 0, 1, -1.5, true, false, null),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.tuple(Key, tie("json")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

function holds(text: string, values: Readonly<Record<string, unknown>>): boolean {
  return Condition.parse(text, []).holds(new Map(Object.entries(values)));
}

test("Condition compares any two values as JSON, in both ways of reading", () => {
  fc.assert(
    fc.property(Json, Json, (a, b) => {
      const expected = isDeepStrictEqual(a, b);
      assert.equal(isSame(a, b), expected);
      assert.equal(holds("$a == $b", { a, b }), expected);
      assert.equal(holds("$a != $b", { a, b }), !expected);
      assert.equal(holds("($a == $b)", { a, b }), expected);
      assert.equal(holds("$b in $a || $a == $b", { a: [a, [1]], b }), expected || isDeepStrictEqual(b, [1]));
      assert.equal(holds("$a == $b", { a, b: structuredClone(a) }), true);
    }),
    { numRuns: 500 },
  );
});

test("Condition tests any value alone for truth as skillz does", () => {
  const falsy = [false, null, "", 0, [], {}];
  fc.assert(fc.property(Json, (a) => {
    const expected = !falsy.some((it) => isDeepStrictEqual(it, a));
    assert.equal(isTruthy(a), expected);
    assert.equal(holds("$a", { a }), expected);
    assert.equal(holds("!$a", { a }), !expected);
    assert.equal(holds("($a)", { a }), expected);
  }));
});

test("Condition reads any text in quotes as that text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (a) => {
    const quoted = `"${a.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r")}"`;
    assert.equal(holds(`$a == ${quoted}`, { a }), true, quoted);
    assert.equal(holds(`($a != ${quoted})`, { a }), false, quoted);
  }));
});

/** An expression, and what it comes to. */
interface Sample<T> {
  readonly text: string;
  readonly value: T;
}

const VARIABLES = { a: 3, b: -2, c: 0.5, list: [1, 2, 3], "d-1": { e: 7 } };
const { number: Sum, truth: Truth } = fc.letrec<{ number: Sample<number>; truth: Sample<boolean> }>((tie) => {
  const numbers = fc.tuple(tie("number"), tie("number"));
  const truths = fc.tuple(tie("truth"), tie("truth"));
  return {
    number: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(
        { text: "$a", value: 3 },
        { text: "$b", value: -2 },
        { text: "${c}", value: 0.5 },
        { text: "$d-1.e", value: 7 },
        { text: "$list[1]", value: 2 },
        { text: "4.0", value: 4 },
      ),
      numbers.map(([x, y]) => ({ text: `(${x.text} + ${y.text})`, value: x.value + y.value })),
      numbers.map(([x, y]) => ({ text: `(${x.text} - ${y.text})`, value: x.value - y.value })),
      numbers.map(([x, y]) => ({ text: `(${x.text} * ${y.text})`, value: x.value * y.value })),
      fc.tuple(tie("truth"), numbers).map(([is, [x, y]]) => ({
        text: `(${is.text} ? ${x.text} : ${y.text})`,
        value: is.value ? x.value : y.value,
      })),
    ),
    truth: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      numbers.map(([x, y]) => ({ text: `${x.text} < ${y.text}`, value: x.value < y.value })),
      numbers.map(([x, y]) => ({ text: `${x.text} >= ${y.text}`, value: x.value >= y.value })),
      numbers.map(([x, y]) => ({ text: `${x.text} == ${y.text}`, value: x.value === y.value })),
      tie("number").map((x) => ({ text: `${x.text} in $list`, value: VARIABLES.list.includes(x.value) })),
      tie("number").map((x) => ({
        text: `$list.exists(i, i > ${x.text})`,
        value: VARIABLES.list.some((i) => i > x.value),
      })),
      truths.map(([x, y]) => ({ text: `(${x.text} && ${y.text})`, value: x.value && y.value })),
      truths.map(([x, y]) => ({ text: `(${x.text} || ${y.text})`, value: x.value || y.value })),
      tie("truth").map((x) => ({ text: `!(${x.text})`, value: !x.value })),
    ),
  };
});

test("Condition evaluates any expression as JavaScript would", () => {
  fc.assert(
    fc.property(Truth, Sum, ({ text, value }, sum) => {
      fc.pre(text.length < 1_500);
      assert.equal(holds(text, VARIABLES), value, text);
      assert.equal(holds(`(${sum.text}) != 1000.5`, VARIABLES), sum.value !== 1000.5, sum.text);
    }),
    { numRuns: 500 },
  );
});

test("Condition reads any text without another failure than its own, at a place within it", () => {
  const unit = fc.constantFrom(
    ...[
      "$a",
      "$",
      "${",
      "}",
      "a",
      "1",
      ".",
      "[",
      "]",
      "(",
      ")",
      '"',
      "'",
      "\\",
      " ",
      "==",
      "!=",
      "!",
      "&&",
      "||",
      "<",
      "?",
    ],
    ...[
      ":",
      "+",
      "-",
      ",",
      "in",
      "has(",
      "size(",
      ".all(x, ",
      ".filter(x, ",
      "x",
      "true",
      "null",
      "{",
      "//",
      "\n",
      "\u{1f600}",
    ],
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 15 }), (text) => {
      const condition = Condition.parse(text, ["condition"]);
      for (const { message } of condition.faults) {
        const [, at] = / at character (\d+) of /.exec(message) ?? [];
        assert.ok(at === undefined || Number(at) >= 1 && Number(at) <= text.length + 1, message);
      }
      try {
        condition.holds(new Map<string, unknown>([["a", { b: [1, "x", null], c: {} }]]));
      } catch (error) {
        assert.equal((error as Error).name, "ToolError", String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});
