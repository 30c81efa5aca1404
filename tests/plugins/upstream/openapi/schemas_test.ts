import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { compileSchema, type JsonObject, type JsonSchema } from "../../../../kernel/mod.ts";
import { OpenApiDocument } from "../../../../plugins/upstream/openapi/document/document.ts";
import type { Operation } from "../../../../plugins/upstream/openapi/operations/operation.ts";
import { readOperations } from "../../../../plugins/upstream/openapi/operations/operations.ts";

const NAMES = ["A", "B", "C", "D"];
const METHODS = ["get", "put", "post", "delete", "patch"] as const;

async function read(document: JsonObject): Promise<{ operations: readonly Operation[]; notes: readonly string[] }> {
  const whole = { servers: [{ url: "http://api.test/v1/" }], info: { title: "T", version: "1" }, ...document };
  const options = { select: {}, auth: {}, headers: {}, baseUrl: undefined };
  return await readOperations(new OpenApiDocument("", { "": whole }), options);
}

/** Reads one operation with a body and an answer of a schema. */
async function readOne(openapi: string, schema: JsonObject, schemas: JsonObject = {}): Promise<JsonObject> {
  const content = { "application/json": { schema } };
  const post = { operationId: "one", requestBody: { content }, responses: { 200: { description: "", content } } };
  const { operations, notes } = await read({ openapi, paths: { "/one": { post } }, components: { schemas } });
  assert.deepEqual(notes, []);
  return operations[0]!.tool;
}

function bodyOf(tool: JsonObject): JsonSchema {
  return ((tool["inputSchema"] as JsonObject)["properties"] as JsonObject)["body"] as JsonSchema;
}

describe("schemas of operations", () => {
  test("of 3.0 become JSON Schema", async () => {
    const tool = await readOne("3.0.3", {
      type: "object",
      required: ["id", "secret", "name"],
      properties: {
        id: { type: "integer", readOnly: true },
        secret: { type: "string", writeOnly: true },
        name: { type: "string", nullable: true, enum: ["a"], example: "a", xml: { name: "n" } },
        size: { type: "number", minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
        other: { nullable: true, allOf: [{ type: "object" }] },
      },
    });
    const shared = {
      name: { type: ["string", "null"], enum: ["a", null], examples: ["a"] },
      size: { type: "number", exclusiveMinimum: 0, maximum: 9 },
      other: { anyOf: [{ allOf: [{ type: "object" }] }, { type: "null" }] },
    };
    assert.deepEqual(bodyOf(tool), {
      type: "object",
      required: ["secret", "name"],
      properties: { secret: { type: "string", writeOnly: true }, ...shared },
    });
    assert.deepEqual(tool["outputSchema"], {
      type: "object",
      required: ["id", "name"],
      properties: { id: { type: "integer", readOnly: true }, ...shared },
    });
  });

  test("are promised for answers only where those are always JSON objects", async () => {
    const answer = async (responses: JsonObject) => {
      const { operations } = await read({ openapi: "3.1.0", paths: { "/one": { get: { responses } } } });
      return operations[0]!.tool["outputSchema"];
    };
    const json = (schema: JsonObject) => ({ description: "", content: { "application/json": { schema } } });
    assert.deepEqual(await answer({ 200: json({ properties: {} }) }), { type: "object", properties: {} });
    assert.deepEqual(
      await answer({ 200: json({ type: "object" }), 201: json({ type: "object", title: "B" }), 404: json({}) }),
      {
        type: "object",
        anyOf: [{ type: "object" }, { type: "object", title: "B" }],
      },
    );
    for (const schema of [{}, { type: "array" }, { type: ["object", "null"] }, { anyOf: [{ type: "object" }, {}] }]) {
      assert.equal(await answer({ 200: json(schema) }), undefined);
    }
    assert.equal(await answer({ 200: json({ type: "object" }), 204: { description: "" } }), undefined);
    assert.equal(await answer({ default: json({ type: "object" }) }), undefined);
  });

  test("that are cyclic stay so, and take what they took", async () => {
    const node = {
      type: "object",
      properties: { next: { $ref: "#/components/schemas/Node" }, id: { type: "integer" } },
    };
    const tool = await readOne("3.1.0", { $ref: "#/components/schemas/Node" }, { Node: node });
    const schema = compileSchema(tool["inputSchema"] as JsonSchema, { what: "input" });
    assert.equal((await schema.parse({ body: { next: { next: { id: 1 } } } })).ok, true);
    assert.equal((await schema.parse({ body: { next: { next: { id: "x" } } } })).ok, false);
    assert.equal(compileSchema(tool["outputSchema"] as JsonSchema, { what: "output" }) !== undefined, true);
  });

  test("that are large are cut where they lie deep", async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`p${at}`, { $ref: `#/components/schemas/S${at}` }]),
    );
    const schemas = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`S${at}`, { type: "object", description: "x".repeat(200), properties }]),
    );
    const tool = await readOne("3.1.0", { $ref: "#/components/schemas/S0" }, schemas);
    assert.ok(JSON.stringify(tool["inputSchema"]).length <= 24_000);
    assert.equal(
      (await compileSchema(tool["inputSchema"] as JsonSchema, { what: "input" }).parse({ body: {} })).ok,
      true,
    );
  });

  test("of any document give tools that can be registered and called", async () => {
    await fc.assert(
      fc.asyncProperty(documents(), fc.jsonValue(), async (document, value) => {
        const { operations, notes } = await read(document);
        const names = operations.map((it) => it.name);
        assert.equal(new Set(names).size, names.length);
        const count = Object.values(document["paths"] as JsonObject).flatMap((it) =>
          Object.keys(it as JsonObject)
        ).length;
        assert.equal(operations.length + notes.filter((it) => it.includes("is left out")).length, count);
        for (const { name, tool } of operations) {
          assert.match(name, /^[A-Za-z0-9_-]{1,64}$/);
          const { inputSchema, outputSchema } = tool as Record<string, JsonSchema>;
          assert.equal(inputSchema!["type"], "object");
          // whatever it says, checking it ends
          await compileSchema(inputSchema!, { what: "input" }).parse({ body: value });
          if (outputSchema === undefined) continue;
          assert.equal(outputSchema["type"], "object");
          await compileSchema(outputSchema, { what: "output", direction: "output" }).parse(value);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function schemas(): Arbitrary<JsonObject> {
  const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<JsonObject>({}, { type: "string", format: "binary" }, { type: "integer", nullable: true }, {
        type: "number",
        exclusiveMinimum: true,
        minimum: 1,
      }),
      fc.constantFrom(...NAMES).map((name) => ({ $ref: `#/components/schemas/${name}` })),
      tie("schema").map((items) => ({ type: "array", items })),
      fc.dictionary(fc.constantFrom("a", "b", "readOnly"), tie("schema")).map((properties) => ({
        type: "object",
        properties,
      })),
      fc.tuple(fc.constantFrom("allOf", "anyOf", "oneOf"), fc.array(tie("schema"), { minLength: 1, maxLength: 2 }))
        .map(([key, list]) => ({ [key]: list })),
      tie("schema").map((it) => ({ type: "object", additionalProperties: it, readOnly: true })),
      fc.constant({ $ref: "#/components/schemas/Absent" }),
    ),
  }));
  return schema;
}

function documents(): Arbitrary<JsonObject> {
  const content = schemas().map((schema) => ({ "application/json": { schema } }));
  const parameter = fc.record({
    name: fc.constantFrom("id", "body", "filter[x]", "é", "Accept"),
    in: fc.constantFrom("query", "header", "cookie"),
    required: fc.boolean(),
    schema: schemas(),
  });
  const operation = fc.record({
    operationId: fc.oneof(fc.constantFrom("same", "a b", "a_b", ""), fc.string()),
    parameters: fc.array(parameter, { maxLength: 3 }),
    requestBody: content.map((it) => ({ content: it })),
    responses: content.map((it) => ({ 200: { description: "", content: it } })),
  }, { requiredKeys: ["responses"] });
  const item = fc.dictionary(fc.constantFrom(...METHODS), operation);
  return fc.record({
    openapi: fc.constantFrom("3.0.3", "3.1.0"),
    paths: fc.dictionary(fc.constantFrom("/a", "/a/{id}", "/a-b", "/a_b"), item),
    components: fc.record(Object.fromEntries(NAMES.map((name) => [name, schemas()]))).map((all) => ({ schemas: all })),
  });
}
