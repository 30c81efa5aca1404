import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { type DeclaredTool, declareTools, DETAILS, NAMESPACE_META } from "../../../../plugins/library/contract.ts";
import { compile, toolOf } from "./compiler.ts";

const WEATHER = toolOf("get-weather", {
  type: "object",
  properties: {
    city: { type: "string", description: "Its name", minLength: 1 },
    days: { type: "integer", minimum: 1, default: 3 },
  },
  required: ["city"],
}, {
  description: "Tell the weather. It comes from afar.\n\nAnother paragraph.",
  outputSchema: {
    type: "object",
    properties: { celsius: { type: "number" }, sky: { enum: ["clear", "cloudy"] } },
    required: ["celsius"],
  },
});

function declareFull(schema: JsonObject): string {
  return declareTools([toolOf("t", schema)], { detail: "full" });
}

function typeOf(schema: JsonObject): string {
  const text = declareTools([
    toolOf("t", { type: "object", properties: { x: schema }, required: ["x"], $defs: schema["$defs"] }),
  ], { detail: "signatures" });
  const [, type] = /t\(args: \{ x: (.*) \}\): Promise<Json>/.exec(text) ?? [];
  assert.ok(type !== undefined, text);
  return type;
}

describe("declareTools", () => {
  test("names gives a line with the first sentence", () => {
    assert.equal(
      declareTools([WEATHER, toolOf("a-b", {}), toolOf("a_b", {})], { detail: "names" }),
      '// get_weather: Tell the weather.\n// tools["a-b"]\n// a_b',
    );
  });

  test("signatures gives a line with types", () => {
    assert.equal(
      declareTools([WEATHER], { detail: "signatures" }),
      "declare function get_weather(args: { city: string; days?: number }): " +
        'Promise<{ celsius: number; sky?: "clear" | "cloudy" }>; // Tell the weather.',
    );
  });

  test("full gives all that is written", () => {
    assert.equal(
      declareTools([WEATHER], { detail: "full" }),
      `/**
 * Tell the weather. It comes from afar.
 * Another paragraph.
 */
declare function get_weather(args: {
  /**
   * Its name
   * @minLength 1
   */
  city: string;
  /** @minimum 1 @default 3 */
  days?: number;
}): Promise<{
  celsius: number;
  sky?: "clear" | "cloudy";
}>;`,
    );
  });

  test("declares on tools what is no global, and what is imported", () => {
    const meta = { [NAMESPACE_META]: "github" };
    assert.equal(
      declareTools([toolOf("a-b", { type: "object", properties: {}, additionalProperties: false })], {
        detail: "signatures",
        all: ["a-b", "a_b"].map((it) => toolOf(it, {})),
      }),
      'type Json = any; // JSON of any kind\ndeclare const tools: {\n  "a-b"(args?: Record<string, never>): Promise<Json>;\n};',
    );
    assert.equal(
      declareTools([toolOf("github_run", { type: "object" }, { meta })], { detail: "signatures" }),
      "type Json = any; // JSON of any kind\ndeclare const tools: {\n  github: {\n" +
        "    run(args?: { [key: string]: Json }): Promise<Json>;\n  };\n};",
    );
  });

  test("gives a place below a namespace to the tool that code finds there, whatever is declared", () => {
    const meta = { [NAMESPACE_META]: "gh" };
    const [first, second] = ["gh-run", "gh_run"].map((it) => toolOf(it, {}, { meta }));
    const declare = (...tools: DeclaredTool[]) => declareTools(tools, { detail: "names", all: [first!, second!] });
    assert.equal(declare(second!, first!), "// gh_run\n// tools.gh.run");
    assert.equal(declare(second!), "// gh_run");
  });

  test("whole declares every name that a tool has", async () => {
    const tools = [
      ...["a-b", "a_b", "c-d", "github", "delete", "get", "of", "async", "type"].map((it) =>
        toolOf(it, { type: "object" })
      ),
      toolOf("github_run", { type: "object" }, { meta: { [NAMESPACE_META]: "github" } }),
      toolOf("my-app-run", { type: "object" }, { meta: { [NAMESPACE_META]: "my-app" } }),
    ];
    const names = [
      ...[
        'tools["a-b"]',
        "a_b",
        "tools.a_b",
        "c_d",
        'tools["c-d"]',
        "tools.c_d",
        "delete_",
        "tools.delete",
        "get",
        "of",
        "async",
        "type",
      ],
      ...["github", "tools.github", "tools.github.run", "github_run", "tools.github_run"],
      ...['tools["my-app"].run', 'tools["my-app-run"]', "my_app_run", "tools.my_app_run"],
    ];
    const declarations = declareTools(tools, { detail: "signatures", isWhole: true });
    assert.deepEqual(
      await compile({
        "tools.d.ts": declarations,
        "uses.ts": names.map((it) => `void ${it}({ x: 1 }).then((it) => it.y);`).join("\n"),
      }),
      [],
    );
    assert.match(
      (await compile({ "tools.d.ts": declarations, "uses.ts": "a_c({})" })).join(),
      /Cannot find name 'a_c'/,
    );
  });

  test("declares a tool called new as one that is called, and not as a constructor", async () => {
    const meta = { [NAMESPACE_META]: "gh" };
    const tools = [
      ...["new", "new_"].map((it) => toolOf(it, { type: "object" })),
      toolOf("gh_new", { type: "object" }, { meta }),
    ];
    for (const isWhole of [true, false]) {
      const declarations = declareTools(tools, { detail: "signatures", isWhole });
      const uses = "void tools.new({ x: 1 }).then((it) => it.y); void tools.gh.new({}); void new_({});";
      assert.deepEqual(await compile({ "tools.d.ts": declarations, "uses.ts": uses }), [], declarations);
    }
  });

  test("knows what schemas say", () => {
    assert.equal(typeOf({ type: ["string", "null"] }), "string | null");
    assert.equal(typeOf({ const: -1.5 }), "-1.5");
    assert.equal(typeOf({ enum: ["a", 1, null, true, { a: [1] }, []] }), '"a" | 1 | null | true | { a: [1] } | []');
    assert.equal(typeOf({ type: "array", items: { type: ["string", "integer"] } }), "(string | number)[]");
    assert.equal(
      typeOf({ type: "array", prefixItems: [{ type: "string" }, { enum: [1, 2] }], items: false, minItems: 1 }),
      "[string, (1 | 2)?]",
    );
    assert.equal(typeOf({ items: [{ type: "string" }], additionalItems: { type: "null" } }), "[string?, ...null[]]");
    assert.equal(typeOf({ type: "object", additionalProperties: { type: "number" } }), "{ [key: string]: number }");
    assert.equal(
      typeOf({ properties: { "a b": {}, c: false }, required: ["z"], additionalProperties: {} }),
      '{ "a b"?: Json; c?: never; z: Json; [key: string]: Json }',
    );
    assert.equal(typeOf({ anyOf: [{ type: "string" }, { type: "object", required: ["a"] }] }), "string | { a: Json }");
    assert.equal(typeOf({ anyOf: [{ type: "string" }, {}] }), "Json");
    assert.equal(
      typeOf({ properties: { a: { type: "string" } }, anyOf: [{ required: ["a"] }, { required: ["b"] }] }),
      "{ a?: string }",
    );
    assert.equal(
      typeOf({ allOf: [{ properties: { a: { type: "string" } } }, { properties: { b: { type: "null" } } }] }),
      "{ a?: string } & { b?: null }",
    );
    assert.equal(typeOf({ not: { type: "string" } }), "Json");
  });

  test("follows references, and names what contains itself", async () => {
    assert.equal(typeOf({ $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } }), "string");
    assert.equal(typeOf({ $ref: "#text", $defs: { a: { $anchor: "text", type: "string" } } }), "string");
    assert.equal(typeOf({ $ref: "#/$defs/none" }), "Json");
    const tree = {
      type: "object",
      properties: { top: { $ref: "#/$defs/Node" }, bottom: { $ref: "#/$defs/Node" } },
      $defs: {
        Node: { type: "object", properties: { key: { type: "string" }, nodes: { items: { $ref: "#/$defs/Node" } } } },
      },
    };
    const declarations = declareTools([toolOf("tree", tree, { outputSchema: tree })], { detail: "signatures" });
    assert.equal(
      declarations,
      "type tree_Node = { key?: string; nodes?: tree_Node[] };\n" +
        "type tree_Node_2 = { key?: string; nodes?: tree_Node_2[] };\n" +
        "declare function tree(args?: { top?: tree_Node; bottom?: tree_Node }): " +
        "Promise<{ top?: tree_Node_2; bottom?: tree_Node_2 }>;",
    );
    const uses = 'tree({ top: { key: "a", nodes: [{ nodes: [] }] } });';
    assert.deepEqual(await compile({ "tools.d.ts": declarations, "uses.ts": uses }), []);
    const wrong = await compile({ "tools.d.ts": declarations, "uses.ts": "tree({ top: { nodes: [{ key: 1 }] } });" });
    assert.match(wrong.join(), /Type 'number' is not assignable to type 'string'/);
  });

  test("names parts of two tools apart", async () => {
    const of = (name: string) => ({
      type: "object",
      properties: { x: { $ref: `#/$defs/${name}` } },
      $defs: { [name]: { type: "object", properties: { x: { $ref: `#/$defs/${name}` } } } },
    });
    const tools = [toolOf("a", of("b_c")), toolOf("a-b", of("c")), toolOf("a_b", of("c")), toolOf("a_b_c", of("#"))];
    const declarations = declareTools(tools, { detail: "signatures", isWhole: true });
    assert.deepEqual(await compile({ "tools.d.ts": declarations }), []);
  });

  test("has types for what refers to itself and nothing else", async () => {
    const schemas = [
      { $ref: "#" },
      { anyOf: [{ $ref: "#" }, { type: "object" }] },
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      { type: "object", additionalProperties: { $ref: "#" } },
      { allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { items: { $ref: "#/$defs/a" } } } },
      { properties: { x: { $ref: "#/properties/x" } } },
      {
        properties: { x: { $ref: "#/$defs/a" } },
        $defs: { a: { oneOf: [{ $ref: "#/$defs/a" }, { items: { $ref: "#/$defs/a" } }] } },
      },
    ];
    const files = schemas.map((schema, i) => [`t${i}.ts`, `${declareFull(schema as JsonObject)}\nexport {};`] as const);
    assert.deepEqual(await compile(Object.fromEntries(files)), [], JSON.stringify(files));
  });

  test("ends no comment that an author did not write", async () => {
    const text = "*/ declare const x: never; /* \u2028 declare\r\nconst y: 1 // \n /** @ts-ignore */";
    const tool = toolOf("t", {
      type: "object",
      properties: {
        a: { type: "string", description: text, default: text, examples: [text] },
        [text]: { const: text },
      },
    }, { description: text, title: text });
    const files = DETAILS.map((detail) =>
      [`${detail}.ts`, `${declareTools([tool], { detail })}\ndeclare const x: 1, y: 2;\nexport {};`] as const
    );
    assert.deepEqual(await compile(Object.fromEntries(files)), [], JSON.stringify(files));
  });

  test("cuts no character of a description in half", () => {
    for (const start of ["", "x"]) {
      const description = `${start}${"\u{1F600}".repeat(2_000)}`;
      const tool = toolOf("t", { type: "object", properties: { a: { description } } }, { description });
      for (const detail of DETAILS) assert.doesNotMatch(declareTools([tool], { detail }), /\p{Cs}/u, detail);
    }
  });

  test("is bounded, whatever the schema", () => {
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, i) => [`property_${i}`, { type: "string", description: "x".repeat(5_000) }]),
    );
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `d${i}`,
        { type: "object", properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } } },
      ]),
    );
    const schemas: JsonObject[] = [
      { type: "object", properties: wide },
      { $ref: "#/$defs/d0", $defs: doubling },
      { enum: Array.from({ length: 100_000 }, (_, i) => `value ${i}`) },
      { const: "x".repeat(100_000) },
      { type: "object", properties: { ["x".repeat(100_000)]: { type: "string" } } },
      { prefixItems: Array.from({ length: 10_000 }, () => ({ type: "string" })) },
    ];
    for (const schema of schemas) {
      const tool = toolOf("t", { type: "object", properties: { x: schema }, $defs: schema["$defs"] }, {
        description: "y".repeat(100_000),
        outputSchema: schema,
      });
      assert.ok(declareTools([tool], { detail: "names" }).length < 300);
      assert.ok(declareTools([tool], { detail: "signatures" }).length < 4_500);
      assert.ok(declareTools([tool], { detail: "full" }).length < 18_500);
    }
  });
});
