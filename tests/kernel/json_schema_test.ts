import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatIssues } from "../../kernel/issue.ts";
import { compileJsonSchema } from "../../kernel/json_schema/mod.ts";

async function complaint(schema: unknown, value: unknown): Promise<string> {
  return formatIssues((await compileJsonSchema(schema, { what: "a schema", direction: "output" }).load())(value));
}

async function isValid(schema: unknown, value: unknown): Promise<boolean> {
  return await complaint(schema, value) === "";
}

type Sample = readonly [schema: unknown, valid: readonly unknown[], invalid: readonly unknown[]];

function describeSamples(title: string, samples: Record<string, Sample>): void {
  describe(title, () => {
    for (const [name, [schema, valid, invalid]] of Object.entries(samples)) {
      test(name, async () => {
        for (const value of valid) assert.equal(await complaint(schema, value), "", JSON.stringify(value));
        for (const value of invalid) assert.notEqual(await complaint(schema, value), "", JSON.stringify(value));
      });
    }
  });
}

const tree = {
  $defs: {
    node: { $dynamicAnchor: "node", type: "object", properties: { kids: { items: { $dynamicRef: "#node" } } } },
  },
};

describeSamples("JSON Schema 2020-12", {
  "type takes integers that are written as decimals": [{ type: "integer" }, [1, 1.0, 1e3], [1.5, "1", null]],
  "type takes several": [{ type: ["string", "null"] }, ["a", null], [1, {}, []]],
  "enum and const compare deeply, without order of keys": [
    { enum: [{ a: 1, b: [2] }, null, "x"] },
    [{ b: [2], a: 1 }, null, "x"],
    [{ a: 1 }, { a: 1, b: [3] }, false, 0, "", { a: 1, b: [2], c: 0 }],
  ],
  "const tells numbers, booleans and texts apart": [{ const: 0 }, [0, -0, 0.0], [false, "0", null, []]],
  "const null is a value": [{ const: null }, [null], [0, "null"]],
  "multipleOf is exact": [{ multipleOf: 0.01 }, [0.07, 19.99, 3, 0], [0.075, 1e-3]],
  "multipleOf takes extreme numbers": [{ multipleOf: 1e-8 }, [12391239123, 1e308], [1e-9]],
  "limits include and exclude": [{ minimum: 1, exclusiveMaximum: 3 }, [1, 2.9, "9"], [0.9, 3]],
  "lengths count code points": [{ minLength: 2, maxLength: 2 }, ["ab", "😀😀", 5], ["a", "😀", "abc"]],
  "pattern searches": [{ pattern: "b+" }, ["abc", 1], ["ac"]],
  "items leaves out prefixItems": [{ prefixItems: [{ type: "string" }], items: { type: "number" } }, [[], ["a", 1]], [[
    1,
  ], [
    "a",
    "b",
  ]]],
  "items false ends a list": [{ prefixItems: [true], items: false }, [[], [1]], [[1, 2]]],
  "contains counts": [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1], [1, 0, 1, 1]], [[1], [
    1,
    1,
    1,
    1,
  ]]],
  "minContains 0 asks for nothing": [{ contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
  "uniqueItems compares deeply": [{ uniqueItems: true }, [[1, "1", true, [1], { a: 1 }]], [[{ a: 1, b: 2 }, {
    b: 2,
    a: 1,
  }]]],
  "additionalProperties sees patterns": [
    { properties: { a: {} }, patternProperties: { "^x-": { type: "number" } }, additionalProperties: false },
    [{ a: 1, "x-b": 2 }],
    [{ b: 1 }, { "x-b": "2" }],
  ],
  "propertyNames": [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }, []], [{ ab: 1 }]],
  "dependentRequired": [{ dependentRequired: { a: ["b"] } }, [{}, { b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
  "dependentSchemas": [{ dependentSchemas: { a: { maxProperties: 1 } } }, [{ a: 1 }, { b: 1, c: 1 }], [{ a: 1, b: 1 }]],
  "oneOf wants exactly one": [{ oneOf: [{ type: "number" }, { minimum: 2 }] }, [1, "a"], [3]],
  "not": [{ not: { type: "string" } }, [1], ["a"]],
  "if, then, else": [{ if: { minimum: 10 }, then: { multipleOf: 10 }, else: { maximum: 5 } }, [20, 5], [15, 6]],
  "then without if is nothing": [{ then: false, else: false }, [1], []],
  "unevaluatedProperties sees through allOf, if and references": [
    {
      $defs: { c: { properties: { c: true } } },
      allOf: [{ properties: { a: true } }, { $ref: "#/$defs/c" }],
      if: { properties: { b: { const: 1 } }, required: ["b"] },
      unevaluatedProperties: false,
    },
    [{ a: 1, b: 1, c: 1 }],
    [{ a: 1, b: 2 }, { d: 1 }],
  ],
  "unevaluatedProperties does not see what a failed alternative saw": [
    { anyOf: [{ properties: { a: true }, minProperties: 5 }, true], unevaluatedProperties: false },
    [{}],
    [{ a: 1 }],
  ],
  "unevaluatedProperties does not see into not, nor beside its own parent": [
    {
      properties: { a: true },
      allOf: [{ not: { not: { properties: { b: true } } } }, { unevaluatedProperties: false }],
    },
    [{}],
    [{ a: 1 }, { b: 1 }],
  ],
  "unevaluatedItems sees contains and prefixItems": [
    { prefixItems: [true], contains: { const: 1 }, unevaluatedItems: false },
    [[0, 1], [1]],
    [[0, 1, 2], [0]],
  ],
  "references take pointers, anchors, ids and encoded names": [
    {
      $id: "https://example.com/root.json",
      $defs: {
        "a/b~c %": { type: "number" },
        anchored: { $anchor: "text", type: "string" },
        own: { $id: "own.json", $defs: { deep: { type: "boolean" } } },
      },
      prefixItems: [
        { $ref: "#/$defs/a~1b~0c%20%25" },
        { $ref: "#text" },
        { $ref: "own.json#/$defs/deep" },
        { $ref: "https://example.com/root.json#text" },
      ],
    },
    [[1, "a", true, "b"]],
    [["a"], [1, 1], [1, "a", 1], [1, "a", true, 1]],
  ],
  "references take a stray percent sign": [{ $defs: { "100%": { const: 1 } }, $ref: "#/$defs/100%" }, [1], [2]],
  "references have siblings": [{ $defs: { a: { type: "string" } }, $ref: "#/$defs/a", minLength: 2 }, ["ab"], ["a", 1]],
  "references lead to places that are no keywords": [
    { components: { a: { $ref: "#/components/b" }, b: { type: "string" } }, $ref: "#/components/a" },
    ["a"],
    [1],
  ],
  "$dynamicRef without an outer anchor is a $ref": [{ ...tree, $ref: "#node" }, [{ kids: [{}] }], [{ kids: [1] }]],
  "recursion follows the value": [
    { $defs: { list: { prefixItems: [{ type: "number" }, { $ref: "#/$defs/list" }] } }, $ref: "#/$defs/list" },
    [[1, [2, [3]]]],
    [[1, [2, ["3"]]]],
  ],
  "names of Object.prototype are plain names": [
    JSON.parse(
      '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"number"}},"required":["toString"]}',
    ),
    [JSON.parse('{"__proto__":"a","constructor":1,"toString":2}')],
    [JSON.parse('{"__proto__":1,"toString":2}'), {}, { toString: 1, constructor: "a" }],
  ],
  "keywords named like members of Object.prototype are ignored": [{ constructor: 1, hasOwnProperty: 2, valueOf: {} }, [
    {},
    1,
  ], []],
  "a key without value is absent": [{ required: ["a"], maxProperties: 1 }, [{ a: 1 }], [{ a: undefined }]],
});

describeSamples("older drafts", {
  "a list under items, with additionalItems": [
    { items: [{ type: "string" }], additionalItems: { type: "number" } },
    [["a", 1], []],
    [[1], ["a", "b"]],
  ],
  "definitions": [{ definitions: { a: { type: "string" } }, $ref: "#/definitions/a" }, ["a"], [1]],
  "dependencies": [
    { dependencies: { a: ["b"], c: { maxProperties: 1 } } },
    [{ a: 1, b: 1 }, { c: 1 }],
    [{ a: 1 }, { c: 1, d: 1 }],
  ],
  "boolean exclusive limits": [{ minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false }, [1.1, 3], [
    1,
    3.1,
  ]],
  "an anchor under $id": [{ definitions: { a: { $id: "#a", type: "string" } }, $ref: "#a" }, ["a"], [1]],
});

const formats: Record<string, readonly [valid: readonly string[], invalid: readonly string[]]> = {
  "date": [["2024-02-29", "2000-02-29"], ["2023-02-29", "1900-02-29", "2024-13-01", "2024-1-1", "2024-01-01T"]],
  "time": [["23:59:60Z", "01:02:03.5+01:00", "00:59:60+01:00"], ["24:00:00Z", "12:00:60Z", "12:00:00", "1:2:3Z"]],
  "date-time": [["2024-01-31T12:00:00Z", "2024-01-31t12:00:00.123-05:30"], ["2024-01-31T25:00:00Z", "2024-01-31"]],
  "duration": [["P1D", "PT1H30M", "P2W", "P1Y2M3DT4H5M6S"], ["P", "PT", "P1", "1D", "P1DT", "P1W1D"]],
  "email": [["a.b+c@example.com", '"a b"@example.com', "a@[127.0.0.1]"], ["a", "@b.c", "a@", ".a@b.c", "a..b@c.d"]],
  "hostname": [["a.example.com", "xn--nxasmq6b", "1a"], ["-a", "a-", "a..b", "a_b", "", `${"a".repeat(64)}.com`]],
  "ipv4": [["0.0.0.0", "255.1.2.3"], ["256.0.0.1", "1.2.3", "1.2.3.4.5"]],
  "ipv6": [["::", "::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"], [
    "1:2",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
  ]],
  "uri": [["https://a.b/c?d#e", "urn:a:b", "http://[::1]:80/"], ["/a", "a b:c", "https://a b", "http://[1]/", "a"]],
  "uri-reference": [["/a/b", "#c", "?d", "", "a:b"], ["\\a", "#a#b", "a b"]],
  "uri-template": [["x{?a,b}{+c}", "a"], ["x{", "x{a b}", "}"]],
  "uuid": [["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08aa9811eab4aa73b441d16380", "x"]],
  "json-pointer": [["", "/a~0b/~1"], ["a", "/~2"]],
  "relative-json-pointer": [["0#", "1/a"], ["/a", "01", "-1"]],
  "regex": [["^a$"], ["("]],
  "unheard-of": [["anything"], []],
};

describe("format", () => {
  for (const [format, [valid, invalid]] of Object.entries(formats)) {
    test(`${format} tells right from wrong`, async () => {
      for (const it of valid) assert.ok(await isValid({ format }, it), it);
      for (const it of invalid) assert.ok(!await isValid({ format }, it), it);
      assert.ok(await isValid({ format }, 1));
    });
  }
});

describe("messages", () => {
  const cases: readonly (readonly [schema: unknown, value: unknown, words: string])[] = [
    [{ properties: { a: { type: "string" } } }, { a: 1 }, '"a": expected string, found 1'],
    [{ properties: { a: { type: ["string", "null"] } } }, { a: {} }, '"a": expected string or null, found object'],
    [{ required: ["a", "b"] }, {}, '"a": missing; "b": missing'],
    [{ enum: ["a", "b", 3] }, "c", 'expected "a", "b" or 3, found "c"'],
    [{ const: { a: 1 } }, {}, 'expected {"a":1}, found object'],
    [{ minimum: 3 }, 2, "expected at least 3, found 2"],
    [{ minLength: 1 }, "", "expected at least 1 character, found 0"],
    [{ maxItems: 2 }, [1, 2, 3], "expected at most 2 items, found 3"],
    [{ multipleOf: 2 }, 3, "expected a multiple of 2, found 3"],
    [{ pattern: "^a$" }, "b", 'expected a match of the pattern ^a$, found "b"'],
    [{ format: "date" }, "b", 'expected the format "date", found "b"'],
    [{ uniqueItems: true }, [1, 2, 1], "expected no duplicates, found items 0 and 2 equal"],
    [
      { additionalProperties: false, properties: { colour: {} } },
      { color: 1 },
      'unknown key "color"; did you mean "colour"?',
    ],
    [{ unevaluatedProperties: false, properties: { colour: {} } }, { x: 1 }, 'unknown key "x"'],
    [{ properties: { a: false } }, { a: 1 }, '"a": not allowed'],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, '"b": missing, needed beside "a"'],
    [{ anyOf: [{ type: "string" }, { const: 1 }] }, true, "expected string or 1, found true"],
    [{ oneOf: [{ type: "number" }, { minimum: 2 }] }, 3, "fits 2 of the alternatives, expected exactly one"],
    [
      { anyOf: [{ properties: { k: { const: "a" } }, required: ["k", "x"] }, { properties: { k: { const: "b" } } }] },
      { k: "c" },
      "fits none of the 2 alternatives",
    ],
    [{ not: { type: "string" } }, "a", 'found "a", expected anything but string'],
    [
      { propertyNames: { maxLength: 1 } },
      { ab: 1 },
      'the key "ab" is not allowed: expected at most 1 character, found 2',
    ],
    [{ contains: { const: 1 } }, [], "expected at least 1 of the items to be 1, found 0"],
    [{ items: { items: { type: "string" } } }, [[], ["a", 2]], '"[1][1]": expected string, found 2'],
    [false, 1, "not allowed"],
  ];
  for (const [schema, value, words] of cases) {
    test(words, async () => assert.equal(await complaint(schema, value), words));
  }

  test("are at most ten", async () => {
    const options = { what: "a schema", direction: "output" } as const;
    const validate = await compileJsonSchema({ items: { type: "string" } }, options).load();
    assert.equal(validate(Array.from({ length: 100 }, (_, index) => index)).length, 10);
  });

  test("show a long value by its beginning", async () => {
    assert.ok((await complaint({ enum: ["a"] }, "x".repeat(100_000))).length < 200);
    assert.ok((await complaint({ additionalProperties: false }, { ["x".repeat(100_000)]: 1 })).length < 200);
  });
});
