import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isKernelError } from "../../kernel/errors.ts";
import { formatIssues } from "../../kernel/issue.ts";
import { compileJsonSchema } from "../../kernel/json_schema/mod.ts";

// not a measure of speed: without limits these would take from minutes to for ever
const MAX_MS = 30_000;

async function complaint(schema: unknown, value: unknown): Promise<string> {
  return formatIssues((await compileJsonSchema(schema, { what: "a schema", direction: "output" }).load())(value));
}

/** Nests a value in objects or arrays. */
function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = wrap({});
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

/** Makes definitions of which each applies the next one twice. */
function doubling(keyword: string, last: unknown, levels = 40): Record<string, unknown> {
  const definitions: Record<string, unknown> = { [`d${levels}`]: last };
  for (let level = 0; level < levels; level++) {
    const next = { $ref: `#/$defs/d${level + 1}` };
    definitions[`d${level}`] = keyword === "not"
      ? { not: { allOf: [{ not: next }, { not: next }] } }
      : { [keyword]: [next, next] };
  }
  return { $defs: definitions, $ref: "#/$defs/d0" };
}

describe("hostile schemas and values", () => {
  const inObject = (inner: unknown) => ({ a: inner });
  const inArray = (inner: unknown) => [inner];
  const many = Array.from({ length: 300_000 }, (_, index) => index);
  const long = "a".repeat(200_000);
  const recursive = { $defs: { n: { properties: { a: { $ref: "#/$defs/n" } } } }, $ref: "#/$defs/n" };
  const STOPPED = /^checking stopped/;
  const TOO_DEEP = /levels deep|schemas deep/;
  const cases: Record<string, readonly [schema: unknown, value: unknown, words: RegExp]> = {
    "allOf that doubles": [doubling("allOf", true), 1, STOPPED],
    "anyOf that doubles": [doubling("anyOf", false), 1, STOPPED],
    "oneOf that doubles": [doubling("oneOf", { type: "string" }), 1, STOPPED],
    "not that doubles": [doubling("not", false), 1, STOPPED],
    "doubling with unevaluatedProperties": [
      { ...doubling("allOf", {}), unevaluatedProperties: false },
      { a: 1 },
      STOPPED,
    ],
    "doubling before a long text": [
      doubling("allOf", { minLength: 5, format: "email" }),
      long,
      STOPPED,
    ],
    "doubling before a large object": [doubling("anyOf", { minProperties: 1e9 }), { ...many }, STOPPED],
    "doubling before a large enum": [
      doubling("allOf", { enum: [many.slice(0, 1_000)] }),
      many,
      STOPPED,
    ],
    "doubling before extreme numbers": [doubling("allOf", { multipleOf: 1e-300 }), 1e300, STOPPED],
    "a reference to itself": [{ $ref: "#" }, 1, TOO_DEEP],
    "references in a circle": [
      { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" },
      1,
      TOO_DEEP,
    ],
    "a circle that doubles": [{ anyOf: [{ $ref: "#" }, { $ref: "#" }] }, 1, TOO_DEEP],
    "a dynamic circle": [{ $dynamicAnchor: "a", $dynamicRef: "#a" }, 1, TOO_DEEP],
    "deep data in a recursive schema": [recursive, nested(10_000, inObject), TOO_DEEP],
    "deep data under uniqueItems": [{ uniqueItems: true }, nested(10_000, inArray), /^$/],
    "deep data against const": [{ const: 1 }, nested(10_000, inObject), /^expected 1, found object$/],
    "deep data that nothing looks at": [{ type: "object" }, nested(10_000, inObject), /^$/],
    "a pattern with nested repetition": [{ pattern: "^(a+)+$" }, long + "!", /^expected a match/],
    "a pattern for keys": [
      { patternProperties: { "^a*a*$": false } },
      { [long + "!"]: 1 },
      /^a key has 200001 characters, and patterns of keys take 1000 at most$/,
    ],
    "large uniqueItems": [{ uniqueItems: true }, many.map((a) => ({ a })), /^$|^checking stopped/],
    "nested contains": [
      { contains: { contains: { contains: false } } },
      Array(99).fill(Array(99).fill(Array(999).fill(0))),
      STOPPED,
    ],
    "a large enum": [{ enum: many.slice(0, 40_000).map(String) }, "x", /^expected one of "0", .* …, found "x"$/],
    "many unknown keys": [
      {
        additionalProperties: false,
        properties: Object.fromEntries(many.slice(0, 4_000).map((it) => [`key_${it}`, true])),
      },
      Object.fromEntries(many.slice(0, 4_000).map((it) => [`kex_${it}`, 1])),
      /unknown key "kex_0"; did you mean/,
    ],
  };
  for (const [name, [schema, value, words]] of Object.entries(cases)) {
    test(`${name} ends soon`, async () => {
      const start = Date.now();
      assert.match(await complaint(schema, value), words);
      assert.ok(Date.now() - start < MAX_MS);
    });
  }

  const refused: Record<string, readonly [schema: unknown, words: RegExp]> = {
    "a huge enum": [{ enum: many }, /more than 50000 values/],
    "a deep schema": [nested(10_000, (not) => ({ not })), /nested more than 100 levels deep/],
    "a schema that contains itself": [((it: Record<string, unknown>) => (it["not"] = it))({}), /nested more than 100/],
    "a schema of many parts": [{ allOf: many.slice(0, 6_000).map(() => ({})) }, /more than 5000 subschemas/],
    "a schema of long texts": [{ enum: ["x".repeat(2_000_000)] }, /more than 1000000 characters/],
    "a pattern for keys that might run away": [
      { patternProperties: { "^(a|a)*$": false } },
      /for keys, repeated groups, look-around and a third repetition are not supported/,
    ],
    "many large patterns": [
      { allOf: many.slice(0, 50).map((it) => ({ pattern: `a{5000}${it}` })) },
      /cannot use the pattern: a repetition beyond 1,000 is not supported/,
    ],
  };
  for (const [name, [schema, words]] of Object.entries(refused)) {
    test(`${name} is refused soon`, () => {
      const start = Date.now();
      const isExpected = (thrown: unknown) =>
        isKernelError(thrown) && thrown.code === "SCHEMA_INVALID" && words.test(thrown.message);
      assert.throws(() => compileJsonSchema(schema, { what: "a schema", direction: "output" }), isExpected);
      assert.ok(Date.now() - start < MAX_MS);
    });
  }

  test("a value that throws when it is read is an issue", async () => {
    const value = Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => {
        throw new Error("boom");
      },
    });
    assert.equal(await complaint({ properties: { a: { type: "string" } } }, value), "cannot be checked: boom");
  });
});
