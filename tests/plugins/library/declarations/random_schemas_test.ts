/**
 * Random schemas: their declarations are TypeScript, and the values that fit a schema fit its type.
 *
 * @module
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSchema, type Json, type JsonObject } from "../../../../kernel/mod.ts";
import { type DeclaredTool, declareTools, DETAILS } from "../../../../plugins/library/contract.ts";
import { freshSeed } from "../../../support/random.ts";
import { compile, toolOf } from "./compiler.ts";

/** A schema, and a value that fits it. */
interface Sample {
  readonly schema: JsonObject;
  readonly value: Json;
}

const NAMES = ["a", "b", "c d", "constructor", "1", "if", "é", "x-y", '"', "*/", "\\"];

const key = fc.constantFrom(...NAMES);
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: "binary", maxLength: 4 }), key);
const leaf: fc.Arbitrary<Sample> = fc.oneof(
  text.map((value) => ({ schema: { type: "string", description: value, examples: [value] }, value })),
  fc.integer().map((value) => ({ schema: { type: "integer" }, value })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ schema: { type: "number" }, value })),
  fc.boolean().map((value) => ({ schema: { type: ["boolean", "string"] }, value })),
  fc.constant({ schema: { type: "null" }, value: null }),
  text.map((value) => ({ schema: { enum: [value, 1, null, { [value]: [value] }] }, value })),
  fc.jsonValue({ maxDepth: 2 }).map((value) => ({ schema: { const: value }, value }) as unknown as Sample),
  fc.jsonValue({ maxDepth: 2 }).map((value) => ({ schema: {}, value }) as unknown as Sample),
  fc.constantFrom<Sample>(
    { schema: { $ref: "#/$defs/tree" }, value: { of: [{ of: [] }, {}] } },
    { schema: { $ref: "#/$defs/chain" }, value: { next: { next: "end" } } },
    { schema: { $ref: "#anchored" }, value: "text" },
  ),
);
const DEFINITIONS: JsonObject = {
  tree: {
    type: "object",
    properties: { of: { type: "array", items: { $ref: "#/$defs/tree" } } },
    additionalProperties: false,
  },
  chain: { anyOf: [{ type: "string" }, { type: "object", additionalProperties: { $ref: "#/$defs/chain" } }] },
  text: { $anchor: "anchored", type: "string" },
};

const { sample } = fc.letrec<{ sample: Sample; object: Sample; list: Sample; combined: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("object"),
    tie("list"),
    tie("combined"),
  ),
  object: fc.tuple(
    fc.dictionary(key, fc.tuple(tie("sample"), fc.constantFrom("required", "given", "absent")), { maxKeys: 4 }),
    fc.constantFrom(undefined, true, false),
  ).map(([members, additionalProperties]) => {
    const entries = Object.entries(members);
    const given = entries.filter(([, [, how]]) => how !== "absent").map(([name, [it]]) => [name, it.value] as const);
    const others = additionalProperties === true ? [["other", [1]] as const] : [];
    return {
      schema: {
        type: "object",
        properties: Object.fromEntries(entries.map(([name, [it]]) => [name, it.schema])),
        required: entries.filter(([, [, how]]) => how === "required").map(([name]) => name),
        ...(additionalProperties !== undefined && { additionalProperties }),
      },
      value: Object.fromEntries([...given, ...others]),
    };
  }),
  list: fc.oneof(
    fc.tuple(tie("sample"), fc.nat(2)).map(([{ schema, value }, count]) => ({
      schema: { type: "array", items: schema },
      value: Array.from({ length: count }, () => value),
    })),
    fc.tuple(fc.array(tie("sample"), { minLength: 1, maxLength: 3 }), fc.nat(3), fc.boolean()).map(
      ([samples, count, isClosed]) => ({
        schema: {
          type: "array",
          prefixItems: samples.map((it) => it.schema),
          minItems: Math.min(count, samples.length),
          ...(isClosed && { items: false }),
        },
        value: samples.slice(0, Math.max(count, 1)).map((it) => it.value),
      }),
    ),
    fc.dictionary(key, tie("list"), { maxKeys: 2 }).map((members) => ({
      schema: { type: "object", additionalProperties: { type: "array" } },
      value: Object.fromEntries(Object.entries(members).map(([name, it]) => [name, [it.value]])),
    })),
  ),
  combined: fc.tuple(tie("sample"), tie("sample"), fc.constantFrom("anyOf", "allOf", "type")).map(
    ([{ schema, value }, other, how]): Sample =>
      how === "anyOf"
        ? { schema: { anyOf: [other.schema, schema] }, value }
        : how === "allOf"
        ? { schema: { allOf: [schema, {}] }, value }
        : { schema: { ...schema, not: { type: "string", minLength: 1_000 } }, value },
  ),
}));

/** Draws as many as one compilation takes; a failure names the seed. */
function draw<T>(arbitrary: fc.Arbitrary<T>, count: number): { readonly seed: number; readonly drawn: readonly T[] } {
  const seed = freshSeed();
  return { seed, drawn: fc.sample(arbitrary, { seed, numRuns: count }) };
}

const SCHEMA_WORDS = [
  ..."type properties required additionalProperties items prefixItems anyOf oneOf allOf enum const $ref $defs".split(
    " ",
  ),
  ..."description title default examples minItems patternProperties $anchor $id not if deprecated format".split(" "),
];
const hostile: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.constantFrom(...SCHEMA_WORDS),
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>("#", "#/properties/a", "object", "array", ["object", "array"], [{}], [{ $ref: "#" }]),
    fc.dictionary(
      fc.oneof(key, fc.constant("__proto__"), fc.string({ unit: "binary" })),
      fc.dictionary(fc.constantFrom(...SCHEMA_WORDS), fc.oneof(fc.jsonValue(), fc.constant("#")), { maxKeys: 4 }),
      { maxKeys: 4 },
    ),
  ),
  { maxKeys: 6 },
) as fc.Arbitrary<JsonObject>;

test("values that fit a schema fit its type, as arguments and as results", async () => {
  const { seed, drawn } = draw(sample, 250);
  const files = await Promise.all(drawn.map(async ({ schema, value }, i) => {
    const whole: JsonObject = { type: "object", properties: { x: schema }, required: ["x"], $defs: DEFINITIONS };
    const parsed = await compileSchema(whole, { what: "sample", direction: "input" }).parse({ x: value });
    assert.ok(parsed.ok, `seed ${seed}: the sample is not one: ${JSON.stringify({ schema, value })}`);
    const detail = i % 2 === 0 ? "signatures" : "full";
    return [
      `sample_${i}.ts`,
      `${declareTools([toolOf("tool", whole, { outputSchema: whole })], { detail })}
const value: Awaited<ReturnType<typeof tool>> = { x: ${JSON.stringify(value)} };
void tool({ x: ${JSON.stringify(value)} }); void tool(value); export {};`,
    ] as const;
  }));
  const wrong = await compile(Object.fromEntries(files));
  assert.deepEqual(wrong.slice(0, 3), [], `seed ${seed}: ${fileOf(wrong, files)}`);
});

test("any JSON as schema gives declarations that compile, and that are bounded", async () => {
  const name = fc.string({ unit: fc.constantFrom(..."ab_-19"), minLength: 1, maxLength: 6 });
  const tool: fc.Arbitrary<DeclaredTool> = fc.tuple(
    fc.oneof(name, fc.constantFrom("class", "Array", "toString", "__proto__", "Json")),
    hostile,
    fc.option(hostile, { nil: undefined }),
    fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constant("Do it */ now. // Then */")),
  ).map(([name, schema, outputSchema, description]) => toolOf(name, schema, { outputSchema, description }));
  const tools = fc.uniqueArray(tool, { minLength: 1, maxLength: 5, selector: (it) => it.name });
  const { seed, drawn } = draw(tools, 150);
  const files = drawn.flatMap((tools, i) =>
    DETAILS.flatMap((detail) =>
      [true, false].map((isWhole) => {
        const text = declareTools(tools, { detail, isWhole });
        assert.ok(text.length < tools.length * 20_000, `seed ${seed}`);
        return [`tools_${i}_${detail}_${isWhole}.ts`, `${text}\nexport {};`] as const;
      })
    )
  );
  const wrong = await compile(Object.fromEntries(files));
  assert.deepEqual(wrong.slice(0, 3), [], `seed ${seed}: ${fileOf(wrong, files)}`);
});

function fileOf([first = ""]: readonly string[], files: readonly (readonly [string, string])[]): string {
  return files.find(([name]) => first.startsWith(name))?.[1] ?? first;
}
