import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { isKernelError } from "../../kernel/errors.ts";
import { type CompileOptions, compileSchema, formatIssues, type Schema } from "../../kernel/schema.ts";

const INPUT: CompileOptions = { what: 'input of tool "x"', direction: "input" };
const OUTPUT: CompileOptions = { what: 'output of tool "x"', direction: "output" };

async function complaint(schema: Schema, value: unknown): Promise<string> {
  const result = await compileSchema(schema, INPUT).parse(value);
  return result.ok ? "" : formatIssues(result.issues);
}

function isInvalid(words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => isKernelError(thrown) && thrown.code === "SCHEMA_INVALID" && words.test(thrown.message);
}

describe("formatIssues()", () => {
  test("writes paths as JavaScript does", () => {
    const path = ["a", "b", 0, "odd key", "0", "ä"];
    assert.equal(formatIssues([{ path, message: "missing" }]), '"a.b[0]["odd key"]["0"].ä": missing');
  });

  test("writes ten and counts the rest", () => {
    const issues = Array.from({ length: 12 }, (_, index) => ({ path: [index], message: "wrong" }));
    const text = formatIssues(issues);
    assert.match(text, /^"\[0\]": wrong; .*"\[9\]": wrong; and 2 more$/);
  });
});

describe("compileSchema().parse() of valibot", () => {
  test("gives the output, at once when the schema is synchronous", () => {
    const schema = v.object({ n: v.pipe(v.string(), v.transform(Number)), d: v.optional(v.string(), "x") });
    assert.deepEqual(compileSchema(schema, INPUT).parse({ n: "1" }), { ok: true, value: { n: 1, d: "x" } });
  });

  test("gives a promise when the schema is asynchronous", async () => {
    const schema = v.pipeAsync(v.string(), v.checkAsync((it) => Promise.resolve(it === "a"), "not a"));
    const compiled = compileSchema(schema, INPUT);
    assert.ok(compiled.parse("a") instanceof Promise);
    assert.deepEqual(await compiled.parse("b"), { ok: false, issues: [{ path: [], message: "not a" }] });
  });

  const colour = v.strictObject({ colour: v.optional(v.string()) });
  const cases: readonly (readonly [schema: Schema, value: unknown, words: string])[] = [
    [
      v.object({ a: v.object({ b: v.array(v.string()) }) }),
      { a: { b: [1] } },
      '"a.b[0]": expected string, found number',
    ],
    [v.object({ a: v.string() }), {}, '"a": missing'],
    [v.object({ a: v.string() }), null, "expected object, found null"],
    [v.object({ a: v.string() }), { a: undefined }, '"a": expected string, found nothing'],
    [v.object({ a: v.picklist(["x", "y"]) }), { a: "z" }, '"a": expected "x" | "y", found "z"'],
    [v.object({ a: v.union([v.string(), v.number()]) }), { a: true }, '"a": expected string | number, found boolean'],
    [v.object({ a: v.pipe(v.string(), v.minLength(3)) }), { a: "x" }, '"a": invalid length: expected >=3, found 1'],
    [v.object({ a: v.pipe(v.string(), v.email()) }), { a: "x" }, '"a": invalid email: found "x"'],
    [v.object({ a: v.pipe(v.string(), v.minLength(3, "too short!")) }), { a: "x" }, '"a": too short!'],
    [v.strictObject({}), { a: 1 }, 'unknown key "a"'],
    [colour, { color: 1 }, 'unknown key "color"; did you mean "colour"?'],
    [v.object({ a: v.array(colour) }), { a: [{ color: 1 }] }, '"a[0]": unknown key "color"; did you mean "colour"?'],
    [v.object({ a: v.optional(colour) }), { a: { color: 1 } }, '"a": unknown key "color"; did you mean "colour"?'],
    [v.strictObject({ a: v.string() }, "no such thing"), { a: "x", b: 1 }, '"b": no such thing'],
    [
      v.object({ a: v.union([v.object({ b: v.string() }), v.object({ c: v.string() })]) }),
      { a: { b: 1 } },
      '"a": fits none of the alternatives ("b": expected string, found number; "c": missing)',
    ],
  ];
  for (const [schema, value, words] of cases) {
    test(`says ${words}`, async () => assert.equal(await complaint(schema, value), words));
  }

  test("turns what a schema throws into an issue", async () => {
    const fail = () => {
      throw new Error("boom");
    };
    assert.equal(await complaint(v.pipe(v.string(), v.transform(fail)), "x"), "cannot be checked: boom");
    assert.equal(await complaint(v.pipeAsync(v.string(), v.transformAsync(fail)), "x"), "cannot be checked: boom");
  });
});

describe("compileSchema().jsonSchema of valibot", () => {
  test("is converted once, when first asked for", () => {
    let conversions = 0;
    const makeDefault = () => `${++conversions}`;
    const compiled = compileSchema(v.object({ a: v.optional(v.string(), makeDefault) }), INPUT);
    assert.equal(conversions, 0);
    assert.equal(compiled.jsonSchema, compiled.jsonSchema);
    assert.equal(conversions, 1);
  });

  test("differs by direction", () => {
    const schema = v.object({ n: v.pipe(v.string(), v.toNumber(), v.number(), v.minValue(1)) });
    const listed = ({ jsonSchema }: { jsonSchema: Readonly<Record<string, unknown>> }) => jsonSchema["properties"];
    assert.deepEqual(listed(compileSchema(schema, INPUT)), { n: { type: "string" } });
    assert.deepEqual(listed(compileSchema(schema, OUTPUT)), { n: { type: "number", minimum: 1 } });
  });

  test("leaves out what JSON Schema cannot say", () => {
    const text = v.string();
    const schema = v.object({
      checked: v.pipe(text, v.trim(), v.minLength(1), v.check(() => true)),
      flagged: v.pipe(text, v.regex(/a/i)),
      twice: v.pipe(text, v.regex(/a/), v.regex(/b/)),
      custom: v.custom<string>(() => true),
      record: v.record(v.picklist(["a"]), v.number()),
    });
    const properties = {
      checked: { type: "string", minLength: 1 },
      flagged: { type: "string" },
      twice: { type: "string", pattern: "a" },
      custom: {},
      record: {
        type: "object",
        propertyNames: { type: "string", enum: ["a"] },
        additionalProperties: { type: "number" },
      },
    };
    assert.deepEqual(compileSchema(schema, INPUT).jsonSchema["properties"], properties);
  });

  test("leaves out what says nothing: the dialect of the protocol, and keywords that allow everything", () => {
    const open = v.record(v.string(), v.unknown());
    const schema = v.strictObject({
      open,
      described: v.pipe(open, v.description("Anything")),
      record: v.record(v.string(), v.number()),
      // parameters may have the names of keywords
      required: v.optional(v.array(v.string()), []),
      propertyNames: v.object({ additionalProperties: v.object({}) }),
    });
    assert.deepEqual(compileSchema(schema, INPUT).jsonSchema, {
      type: "object",
      properties: {
        open: { type: "object" },
        described: { type: "object", description: "Anything" },
        record: { type: "object", additionalProperties: { type: "number" } },
        required: { type: "array", items: { type: "string" }, default: [] },
        propertyNames: {
          type: "object",
          properties: { additionalProperties: { type: "object", properties: {} } },
          required: ["additionalProperties"],
        },
      },
      required: ["open", "described", "record", "propertyNames"],
      additionalProperties: false,
    });
    assert.deepEqual(compileSchema(v.strictObject({}), INPUT).jsonSchema, {
      type: "object",
      properties: {},
      additionalProperties: false,
    });
  });

  test("leaves the type open after a transformation that ends an output", () => {
    const schema = v.object({ n: v.pipe(v.string(), v.transform(Number)), t: v.pipe(v.string(), v.trim()) });
    assert.deepEqual(compileSchema(schema, OUTPUT).jsonSchema["properties"], { n: {}, t: { type: "string" } });
  });

  test("has an object at its root when only its alternatives have", () => {
    const a = v.object({ a: v.string() });
    const { anyOf, ...root } = compileSchema(v.union([a, v.string()]), INPUT).jsonSchema;
    assert.deepEqual(root, { type: "object", properties: {} });
    assert.equal((anyOf as unknown[]).length, 2);
  });

  test("keeps another root of an output", () => {
    assert.deepEqual(compileSchema(v.string(), OUTPUT).jsonSchema, { type: "string" });
  });

  test("refuses what is not JSON or not an object, naming it", () => {
    const date = compileSchema(v.object({ a: v.date() }), INPUT);
    assert.throws(() => date.jsonSchema, isInvalid(/^Cannot list input of tool "x": The "date" schema cannot/));
    const text = compileSchema(v.string(), INPUT);
    assert.throws(
      () => text.jsonSchema,
      isInvalid(/^Cannot use input of tool "x": its root is string, expected object/),
    );
  });

  test("lists a recursive schema with its definitions", () => {
    interface Tree {
      kids: Tree[];
    }
    const tree: v.GenericSchema<Tree> = v.object({ kids: v.array(v.lazy(() => tree)) });
    const { $defs, type } = compileSchema(tree, INPUT).jsonSchema;
    assert.equal(type, "object");
    assert.deepEqual(Object.keys($defs as object), ["0"]);
  });
});

describe("compileSchema() of other Standard Schemas", () => {
  function standard(extra: object, issues?: object[]): Schema {
    const validate = (value: unknown) => issues === undefined ? { value } : { issues };
    return { "~standard": { version: 1, vendor: "other", validate, ...extra } } as Schema;
  }

  test("uses their own JSON Schema", () => {
    const jsonSchema = {
      input: ({ target }: { target: string }) => ({ title: target, properties: { a: true } }),
      output: () => ({ type: "number" }),
    };
    const input = compileSchema(standard({ jsonSchema }), INPUT).jsonSchema;
    assert.deepEqual(input, { title: "draft-2020-12", properties: { a: {} }, type: "object" });
    assert.deepEqual(compileSchema(standard({ jsonSchema }), OUTPUT).jsonSchema, { type: "number" });
  });

  test("keeps their words", async () => {
    const schema = standard({}, [{ message: "Nope", path: ["a", { key: 0 }] }]);
    assert.equal(await complaint(schema, 1), '"a[0]": Nope');
  });

  test("refuses to list what carries no JSON Schema", () => {
    const compiled = compileSchema(standard({}), INPUT);
    assert.throws(() => compiled.jsonSchema, isInvalid(/schemas of other carry no JSON Schema/));
  });

  test("takes a schema that is a function", async () => {
    const schema = Object.assign(() => {}, standard({}, [{ message: "Nope" }]));
    assert.equal(await complaint(schema as unknown as Schema, 1), "Nope");
  });
});

describe("compileSchema() of JSON Schema", () => {
  const mended: readonly (readonly [what: string, given: unknown, listed: object])[] = [
    ["an empty schema", {}, { type: "object", properties: {} }],
    ["an empty type", { type: "" }, { type: "object", properties: {} }],
    ["null", null, { type: "object", properties: {} }],
    ["true", true, { type: "object", properties: {} }],
    ["a missing type", { properties: { a: {} } }, { type: "object", properties: { a: {} } }],
    ["null for a type", { type: null, properties: {} }, { type: "object", properties: {} }],
    ["a type that may be null", { type: ["object", "null"] }, { type: "object", properties: {} }],
    ["capital types", { type: "OBJECT", properties: { a: { type: "String" } } }, {
      type: "object",
      properties: { a: { type: "string" } },
    }],
    ["properties that are an empty list", { properties: [] }, { type: "object", properties: {} }],
    ["properties that are a text", { properties: "" }, { type: "object", properties: {} }],
    ["boolean properties", { properties: { a: true, b: false } }, {
      type: "object",
      properties: { a: {}, b: { not: {} } },
    }],
    ["a type alone as property", { properties: { a: "string", b: null } }, {
      type: "object",
      properties: { a: { type: "string" }, b: {} },
    }],
    ["deep empty types", { properties: { a: { items: { type: "" } } } }, {
      type: "object",
      properties: { a: { items: {} } },
    }],
    ["annotations of the wrong type", { title: 1, description: ["x"], examples: "x" }, {
      type: "object",
      properties: {},
    }],
    ["null keywords", { required: null, enum: null, minProperties: null }, { type: "object", properties: {} }],
  ];
  for (const [what, given, listed] of mended) {
    test(`mends ${what}`, () => {
      const before = JSON.stringify(given);
      assert.deepEqual(compileSchema(given as Schema, INPUT).jsonSchema, listed);
      assert.equal(JSON.stringify(given), before);
    });
  }

  test("keeps dialect, definitions and unknown keywords", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { a: { $ref: "#/$defs/a", "x-hint": [1, { deep: null }] } },
      additionalProperties: false,
      $defs: { a: { type: "string", default: null } },
      "x-other": null,
    };
    assert.deepEqual(compileSchema(schema, INPUT).jsonSchema, schema);
  });

  test("keeps an output as it is, but for the type that its properties imply", () => {
    const listed = (schema: Schema) => compileSchema(schema, OUTPUT).jsonSchema;
    assert.deepEqual(listed({ type: "array", items: false }), { type: "array", items: false });
    assert.deepEqual(listed({}), {});
    assert.deepEqual(listed({ properties: { a: true } }), { type: "object", properties: { a: {} } });
  });

  const refused: readonly (readonly [schema: unknown, words: RegExp])[] = [
    [{ type: "array" }, /^Cannot use input of tool "x": its root is array, expected object$/],
    [{ anyOf: [{ type: "string" }, { type: "number" }] }, /expected object$/],
    ["text", /: expected a schema, found string$/],
    [[], /: expected a schema, found array$/],
    [{ properties: { a: 1 } }, /"properties\.a": expected a schema, found number$/],
    [{ properties: ["a"] }, /"properties": expected an object of schemas, found array$/],
    [{ properties: { a: { type: "int" } } }, /"properties\.a\.type": expected one of array, .*, found "int"$/],
    [
      { properties: { a: { required: true } } },
      /"properties\.a\.required": expected a list of strings, found boolean$/,
    ],
    [
      { properties: { a: { minLength: "3" } } },
      /"properties\.a\.minLength": expected a whole number .*, found string$/,
    ],
    [{ anyOf: { type: "object" } }, /"anyOf": expected a list of schemas, found object$/],
    [{ anyOf: [{}, { not: 3 }] }, /"anyOf\[1\]\.not": expected a schema, found number$/],
    [{ properties: { a: { multipleOf: 0 } } }, /"properties\.a\.multipleOf": expected a number above 0/],
    [{ properties: { a: { const: () => {} } } }, /"properties\.a\.const": expected JSON, found/],
    [{ properties: { a: { maximum: NaN } } }, /"properties\.a\.maximum": expected JSON, found NaN$/],
    [{ $schema: "https://example.com/own" }, /"\$schema": unknown meta-schema "https:\/\/example\.com\/own"/],
    [{ properties: { a: { $ref: "#/$defs/b" } } }, /"properties\.a\.\$ref": "#\/\$defs\/b" points to nothing/],
    [{ $ref: "https://example.com/a.json" }, /"\$ref": "https:\/\/example\.com\/a\.json" is outside the schema/],
    [{ $ref: "file:///etc/passwd" }, /is outside the schema/],
    [{ $ref: "https://json-schema.org/draft/2020-12/schema" }, /is outside the schema/],
    [{ $dynamicRef: "other.json#a" }, /"\$dynamicRef": "other\.json#a" is outside the schema/],
    [{ $recursiveRef: "#" }, /not part of draft 2020-12/],
    [
      { $dynamicAnchor: "a", $dynamicRef: "#a", $defs: { b: { $id: "x:b", $dynamicAnchor: "a" } } },
      /"\$dynamicRef": "#a" has several targets, expected one$/,
    ],
    [{ $defs: { a: { $id: "x:a" }, b: { $id: "x:a" } } }, /"\$defs\.b\.\$id": "x:a" is taken/],
    [{ $defs: { a: { $anchor: "a" }, b: { $anchor: "a" } } }, /the anchor "a" is given twice/],
    [
      { properties: { a: { pattern: "(" } } },
      /"properties\.a\.pattern": cannot use the pattern: not a regular expression/,
    ],
    [{ patternProperties: { "(a)\\1": {} } }, /cannot use the pattern: for keys, .* look-around .* are not supported$/],
    [
      { properties: { a: { pattern: "(a)\\1" } } },
      /cannot use the pattern: a back-reference is not supported/,
    ],
  ];
  for (const [schema, words] of refused) {
    test(`refuses ${JSON.stringify(schema)}`, () => {
      assert.throws(() => compileSchema(schema as Schema, INPUT), isInvalid(words));
    });
  }

  test("accepts the meta-schemas that are known", () => {
    for (
      const $schema of ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema#"]
    ) {
      assert.equal(compileSchema({ $schema }, INPUT).jsonSchema["$schema"], $schema);
    }
  });

  test("gives the same value back, without defaults", async () => {
    const value = {};
    const result = await compileSchema({ properties: { a: { default: 1 } } }, INPUT).parse(value);
    assert.ok(result.ok && result.value === value);
    assert.deepEqual(value, {});
  });
});
