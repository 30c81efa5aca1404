import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isKernelError } from "../../kernel/errors.ts";
import { compileJsonSchema } from "../../kernel/json_schema/mod.ts";
import { type Random, randomFrom } from "./random.ts";

const SEED = 202_012;
const MAX_MS = 30_000;

const KEYS = ["a", "b", "c", "__proto__", "constructor"];

function randomValue(random: Random, depth = 2): unknown {
  const scalars: unknown[] = [null, true, false, 0, 1, 2, 1.5, -1, "", "a", "b", "ab", "😀"];
  if (depth === 0 || random.chance(0.4)) return random.pick(scalars);
  const size = random.between(0, 3);
  if (random.chance(0.5)) return Array.from({ length: size }, () => randomValue(random, depth - 1));
  const entries = Array.from({ length: size }, () => [random.pick(KEYS), randomValue(random, depth - 1)]);
  return Object.fromEntries(entries);
}

/** Makes a schema of any keywords, but for ids and anchors. */
function randomSchema(random: Random, depth = 3): unknown {
  if (random.chance(0.08)) return random.chance(0.7);
  const inner = () => randomSchema(random, depth - 1);
  const inners = () => Array.from({ length: random.between(1, 3) }, inner);
  const count = () => random.between(0, 3);
  const key = () => random.pick(KEYS.slice(0, 3));
  const keys = () => [...new Set(Array.from({ length: random.between(0, 2) }, key))];
  const map = () => Object.fromEntries(Array.from({ length: random.between(0, 3) }, () => [key(), inner()]));
  const types = ["array", "boolean", "integer", "null", "number", "object", "string"];
  const simple: Record<string, () => unknown> = {
    type: () => random.chance(0.7) ? random.pick(types) : [...new Set([random.pick(types), random.pick(types)])],
    enum: () => [
      ...new Map([randomValue(random, 1), randomValue(random, 1)].map((it) => [JSON.stringify(it), it])).values(),
    ],
    const: () => randomValue(random, 1),
    minimum: count,
    exclusiveMaximum: count,
    multipleOf: () => random.between(1, 2),
    minLength: count,
    maxLength: count,
    pattern: () => random.pick(["^a", "b$", "^(a|b)+$", "[^a]"]),
    minItems: count,
    maxItems: count,
    uniqueItems: () => random.chance(0.8),
    minProperties: count,
    maxProperties: count,
    required: keys,
    dependentRequired: () => ({ [key()]: keys() }),
    $ref: () => `#/$defs/${random.pick(["x", "y"])}`,
  };
  const deep: Record<string, () => unknown> = {
    properties: map,
    patternProperties: () => ({ [random.pick(["^a", "b|c"])]: inner() }),
    additionalProperties: inner,
    unevaluatedProperties: inner,
    propertyNames: inner,
    dependentSchemas: map,
    prefixItems: inners,
    items: inner,
    contains: inner,
    unevaluatedItems: inner,
    allOf: inners,
    anyOf: inners,
    oneOf: inners,
    not: inner,
    if: inner,
    then: inner,
    else: inner,
  };
  const keywords = { ...simple, ...(depth > 0 && deep) };
  const chosen = Array.from({ length: random.between(1, 3) }, () => random.pick(Object.keys(keywords)));
  return Object.fromEntries(chosen.map((keyword) => [keyword, keywords[keyword]!()]));
}

/** Makes a schema with two definitions that refer to nothing, so that it always ends. */
function randomDocument(random: Random): Record<string, unknown> {
  const withoutReferences = (schema: unknown) =>
    JSON.parse(JSON.stringify(schema, (key, value) => key === "$ref" ? undefined : value));
  const root = randomSchema(random);
  const definitions = { x: withoutReferences(randomSchema(random, 2)), y: withoutReferences(randomSchema(random, 2)) };
  return { ...(typeof root === "object" ? root : { allOf: [root] }), $defs: definitions };
}

/** Leaves out keywords, and combinations, in which ajv 8 strays from the specification. */
function asAjvHasIt(schema: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    if (key.startsWith("unevaluated")) return undefined;
    const isObject = typeof value === "object" && value !== null && "contains" in value && "prefixItems" in value;
    if (isObject) delete value.prefixItems;
    return value;
  });
}

// the code that ajv generates fails on some schemas
function verdictOf(validate: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return validate(value);
  } catch {
    return undefined;
  }
}

describe("random schemas and values", () => {
  test(`give the verdict of ajv (seed ${SEED})`, async () => {
    const random = randomFrom(SEED);
    const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true, addUsedSchema: false });
    let verdicts = 0;
    let accepted = 0;
    for (let count = 0; count < 1_000; count++) {
      const schema = asAjvHasIt(randomDocument(random));
      const expected = ajv.compile(schema);
      const whole = { allOf: [schema], $defs: schema["$defs"] };
      const validate = await compileJsonSchema(whole, { what: "x", direction: "output" }).load();
      for (let tries = 0; tries < 10; tries++) {
        const value = randomValue(random);
        const verdict = verdictOf(expected, value);
        if (verdict === undefined) continue;
        const isAccepted = validate(value).length === 0;
        const facts = `seed ${SEED}: ${JSON.stringify(schema)} on ${JSON.stringify(value)}`;
        assert.equal(isAccepted, verdict, facts);
        verdicts++;
        if (isAccepted) accepted++;
      }
    }
    assert.ok(verdicts > 9_000, `${verdicts} verdicts`);
    assert.ok(accepted > verdicts / 10 && accepted < verdicts * 0.9, `${accepted} of ${verdicts} accepted`);
  });

  test(`never make validation throw or last (seed ${SEED + 1})`, async () => {
    const random = randomFrom(SEED + 1);
    const junk = [null, "", 1, -1, [], {}, "a", ["a"], { a: 1 }, "#", "#/$defs/x", true, 1e308, ["string"]];
    const words = [
      "type",
      "$ref",
      "$dynamicRef",
      "$id",
      "$anchor",
      "items",
      "properties",
      "required",
      "allOf",
      "pattern",
    ];
    const wilder = (schema: unknown): unknown =>
      JSON.parse(JSON.stringify(schema), (key, value) => {
        if (random.chance(0.05)) return random.pick(junk);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        return isObject && key !== "" && random.chance(0.1)
          ? { ...value, [random.pick(words)]: random.pick(junk) }
          : value;
      });
    let compiled = 0;
    for (let count = 0; count < 1_500; count++) {
      const schema = wilder({ ...randomDocument(random), $dynamicAnchor: "x" });
      const start = Date.now();
      try {
        const validate = await compileJsonSchema(schema, { what: "x", direction: "output" }).load();
        compiled++;
        for (let tries = 0; tries < 5; tries++) assert.ok(validate(randomValue(random, 3)).length <= 10);
      } catch (thrown) {
        const isRefusal = isKernelError(thrown) && thrown.code === "SCHEMA_INVALID";
        assert.ok(isRefusal, `seed ${SEED + 1}: ${JSON.stringify(schema)}: ${thrown}`);
      }
      assert.ok(Date.now() - start < MAX_MS, `seed ${SEED + 1}: ${JSON.stringify(schema)}`);
    }
    assert.ok(compiled > 150, `${compiled} of 1,500 schemas compiled`);
  });
});
