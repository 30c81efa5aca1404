import assert from "node:assert/strict";
import { EVERY_CONTENT } from "../fixtures/everything/tools.ts";
import { forEachTransport } from "../support/transports.ts";

forEachTransport("tools are listed with all that is known of them", async ({ era, connect }) => {
  await using connection = await connect();
  const { tools } = await connection.client.listTools();
  assert.deepEqual(tools.map((it) => it.name), tools.map((it) => it.name).sort());
  const { inputSchema, outputSchema, ...add } = tools.find((it) => it.name === "add")!;
  assert.deepEqual(add, {
    name: "add",
    title: "Add",
    description: "Add two numbers",
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false, title: "Adder" },
    icons: [{ src: "https://collet.example/add.png", mimeType: "image/png", sizes: ["48x48"] }],
    _meta: { "collet.example/kind": "sum" },
  });
  assert.equal(inputSchema.type, "object");
  assert.deepEqual(inputSchema.required, ["a", "b"]);
  assert.deepEqual(inputSchema.properties, { a: { type: "number" }, b: { type: "number" } });
  assert.equal((outputSchema as { type: string }).type, "object");
  const echo = tools.find((it) => it.name === "echo")!;
  assert.deepEqual(echo.inputSchema.properties, { text: { type: "string", description: "What to say" } });
  const numbers = tools.find((it) => it.name === "numbers")!;
  assert.equal((numbers.outputSchema as { type?: string } | undefined)?.type, era === "2026" ? "array" : undefined);
});

forEachTransport("a tool's structured content comes with its text", async ({ era, connect }) => {
  await using connection = await connect();
  const { client } = connection;
  await client.listTools();
  const sum = await client.callTool({ name: "add", arguments: { a: 1, b: 2 } });
  assert.deepEqual(sum.structuredContent, { sum: 3 });
  assert.deepEqual(sum.content, [{ type: "text", text: '{"sum":3}' }]);
  assert.notEqual(sum.isError, true);
  const numbers = await client.callTool({ name: "numbers", arguments: {} });
  assert.deepEqual(numbers.content, [{ type: "text", text: "[1,2,3]" }]);
  assert.deepEqual(numbers.structuredContent, era === "2026" ? [1, 2, 3] : undefined);
});

forEachTransport("a tool gives content of every type", async ({ connect }) => {
  await using connection = await connect();
  const { content } = await connection.client.callTool({ name: "content", arguments: {} });
  assert.deepEqual(content, EVERY_CONTENT);
});

forEachTransport("a tool gives a whole result, with its _meta", async ({ connect }) => {
  await using connection = await connect();
  const result = await connection.client.callTool({ name: "whole", arguments: {} });
  assert.deepEqual([result.content, result.structuredContent, result.isError], [
    [{ type: "text", text: "no rows" }],
    { rows: 0 },
    true,
  ]);
  assert.equal(result._meta?.["collet.example/cost"], 7);
});

forEachTransport("what fails is told to the model", async ({ transport, connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const fail = await client.callTool({ name: "fail", arguments: {} });
  assert.deepEqual([fail.isError, fail.content, fail.structuredContent], [
    true,
    [{ type: "text", text: "Cannot do it: on purpose" }],
    { why: "purpose" },
  ]);
  const invalid = await client.callTool({ name: "add", arguments: { a: 1, b: "2" } });
  assert.equal(invalid.isError, true);
  assert.match((invalid.content[0] as { text: string }).text, /Invalid arguments for tool "add": "b"/);
  const crash = await client.callTool({ name: "crash", arguments: {} });
  const text = transport === "stdio" ? 'Tool "crash" failed: secret detail' : 'Tool "crash" failed';
  assert.deepEqual([crash.isError, crash.content], [true, [{ type: "text", text }]]);
});

forEachTransport("an unknown tool is a protocol error", async ({ connect }) => {
  await using connection = await connect();
  await assert.rejects(connection.client.callTool({ name: "no", arguments: {} }), {
    code: -32602,
    message: /Unknown tool: no/,
  });
});

forEachTransport("a tool knows its client", async ({ transport, era, connect }) => {
  await using connection = await connect({ client: { capabilities: { roots: {}, elicitation: {} } } });
  const { structuredContent } = await connection.client.callTool({
    name: "who",
    arguments: {},
    _meta: { "collet.example/trace": "abc" },
  });
  const who = structuredContent as Record<string, Record<string, unknown>>;
  assert.deepEqual(who["principal"], { id: "local", scopes: [] });
  assert.deepEqual(who["path"], ["who"]);
  assert.equal(who["meta"]?.["collet.example/trace"], "abc");
  assert.equal(who["client"]?.["name"], "matrix");
  assert.equal(who["client"]?.["version"], "1.0.0");
  assert.equal(who["client"]?.["protocolVersion"], era === "2026" ? "2026-07-28" : "2025-11-25");
  assert.deepEqual(Object.keys(who["client"]?.["capabilities"] as object).sort(), ["elicitation", "roots"]);
  assert.equal(who["hasSession"], transport !== "stdio" && era === "2025");
});
