import assert from "node:assert/strict";
import { test } from "node:test";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { ToolDeclaration, type ToolDeclarationFields } from "../../../../plugins/skills/format/declaration.ts";

const FULL: ToolDeclarationFields = {
  name: "create_sphere",
  description: "Create a sphere",
  inputSchema: { type: "object", properties: { radius: { type: "number", default: 1 } } },
  outputSchema: { type: "object" },
  readOnly: true,
  destructive: true,
  idempotent: true,
  deferLoading: true,
  sourceFile: "scripts/create_sphere.py",
  group: "modeling",
  execution: "async",
  timeoutHintSecs: 60,
  threadAffinity: "main",
  nextTools: { onSuccess: ["bevel"], onFailure: ["undo"] },
  annotations: { title: "Sphere", readOnlyHint: false, openWorldHint: true, deferredHint: false },
  requiredCapabilities: ["scene.mutate"],
  searchAliases: ["ball"],
  protocol: 2,
  extra: { risk: "low", side_effects: ["adds a mesh"] },
};

test("ToolDeclaration() has the defaults of the page", () => {
  const tool = new ToolDeclaration({ name: "a" });
  assert.deepEqual(tool.toJSON(), {
    ...{ name: "a", description: "", input_schema: null, output_schema: null, read_only: false, destructive: false },
    ...{ idempotent: false, defer_loading: false, source_file: "" },
  });
  assert.deepEqual([tool.group, tool.execution, tool.threadAffinity, tool.timeoutHintSecs], [
    "",
    "sync",
    "any",
    undefined,
  ]);
  assert.equal(String(tool), 'ToolDeclaration(name="a")');
});

test("ToolDeclaration() parses schemas that are JSON text, and stores values", () => {
  const text = '{"type":"object","properties":{"radius":{"type":"number"}}}';
  const tool = new ToolDeclaration({ name: "a", inputSchema: text, outputSchema: null });
  assert.deepEqual(tool.inputSchema, { type: "object", properties: { radius: { type: "number" } } });
  assert.equal(tool.inputSchemaJson, text);
  assert.deepEqual([tool.outputSchema, tool.outputSchemaJson], [undefined, undefined]);
});

test("ToolDeclaration() refuses what cannot be", () => {
  const make = (fields: unknown) => () => new ToolDeclaration(fields as ToolDeclarationFields);
  assert.throws(make({}), TypeError);
  assert.throws(make(undefined), TypeError);
  assert.throws(make({ name: 1 }), TypeError);
  const hasCode = (code: string) => (thrown: unknown) => thrown instanceof SkillValueError && thrown.code === code;
  for (const inputSchema of ["{", "[]", "1", "null", [], 5]) {
    assert.throws(make({ name: "a", inputSchema }), hasCode("SCHEMA_INVALID"), String(inputSchema));
  }
  assert.throws(make({ name: "a", execution: "later" }), hasCode("ARGUMENT_INVALID"));
  assert.throws(make({ name: "a", threadAffinity: "ui" }), hasCode("ARGUMENT_INVALID"));
});

test("ToolDeclaration() refuses fields of another type, and says what was found and what is wanted", () => {
  const wrong: readonly [field: keyof ToolDeclarationFields, value: unknown, found: string, wanted: string][] = [
    ["description", 3, "3", "a text"],
    ["sourceFile", ["a.py"], "a list", "a text"],
    ["group", {}, "an object", "a text"],
    ["readOnly", "yes", '"yes"', "true or false"],
    ["destructive", 1, "1", "true or false"],
    ["idempotent", "", '""', "true or false"],
    ["deferLoading", () => true, "a function", "true or false"],
    ["timeoutHintSecs", -4, "-4", "a whole number from 0 on"],
    ["timeoutHintSecs", 1.5, "1.5", "a whole number from 0 on"],
    ["timeoutHintSecs", NaN, "NaN", "a whole number from 0 on"],
    ["timeoutHintSecs", "x".repeat(100), `"${"x".repeat(39)}…`, "a whole number from 0 on"],
    ["protocol", "2", '"2"', "a whole number from 0 on"],
    ["requiredCapabilities", "scene.mutate", '"scene.mutate"', "a list of texts"],
    ["searchAliases", ["ball", 2], "a list", "a list of texts"],
    ["nextTools", ["bevel"], "a list", "an object"],
    ["annotations", "readOnlyHint", '"readOnlyHint"', "an object"],
    ["extra", 0, "0", "an object"],
  ];
  for (const [field, value, found, wanted] of wrong) {
    const message = `Cannot declare tool "a": "${field}" is ${found}; expected ${wanted}`;
    const fields = { name: "a", [field]: value } as unknown as ToolDeclarationFields;
    assert.throws(() => new ToolDeclaration(fields), { name: "TypeError", message });
    // what says nothing has its default
    assert.ok(new ToolDeclaration({ ...fields, [field]: null }).equals(new ToolDeclaration({ name: "a" })), field);
  }
  assert.equal(new ToolDeclaration({ name: "a", timeoutHintSecs: 0 }).timeoutHintSecs, 0);
});

test("ToolDeclaration.fromJSON() gives back all that toJSON() gave, through text", () => {
  const tool = new ToolDeclaration(FULL);
  const back = ToolDeclaration.fromJSON(JSON.parse(JSON.stringify(tool)));
  assert.deepEqual(back, tool);
  assert.ok(back.equals(tool));
  const keys = Object.keys(tool.toJSON());
  assert.deepEqual(keys.filter((key) => /[A-Z]/.test(key)), []);
  for (const key of ["next_tools", "timeout_hint_secs", "risk", "side_effects"]) assert.ok(keys.includes(key), key);
});

test("ToolDeclaration.equals() tells every field", () => {
  const changes: Record<string, unknown> = { name: "b", execution: "sync", threadAffinity: "any", extra: {} };
  for (const key of Object.keys(FULL) as (keyof ToolDeclarationFields)[]) {
    const tool = new ToolDeclaration(FULL);
    const other = new ToolDeclaration(FULL);
    const before = FULL[key];
    const value = changes[key] ?? (typeof before === "boolean" ? !before : Array.isArray(before) ? [] : undefined);
    Object.assign(other, { [key]: value ?? (typeof before === "string" ? `${before}x` : value) });
    assert.ok(tool.equals(new ToolDeclaration(FULL)));
    assert.ok(!tool.equals(other), key);
  }
});

test("ToolDeclaration fields can be written", () => {
  const tool = new ToolDeclaration({ name: "a" });
  tool.description = "x";
  tool.inputSchema = { type: "object" };
  tool.requiredCapabilities.push("scene.read");
  assert.equal(tool.inputSchemaJson, '{"type":"object"}');
  assert.deepEqual(tool.toJSON()["required_capabilities"], ["scene.read"]);
});
