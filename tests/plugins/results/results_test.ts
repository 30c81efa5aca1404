import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { definePlugin, type Plugin, Toolbox, valueOf } from "../../../kernel/mod.ts";
import { conformance, testPlugin } from "../../../kernel/testing.ts";
import results from "../../../plugins/results/mod.ts";

const LIMITS = { inline_characters: 100, head_characters: 10 };

/** Tools with answers of a length that the caller names. */
const talkers: Plugin<void> = definePlugin({
  name: "talkers",
  version: "1.0.0",
  requires: { toolbox: Toolbox },
  setup({ tool, deps: { toolbox } }) {
    const input = v.object({ length: v.number() });
    tool({ name: "say", description: "Text", input, run: ({ length }) => "x".repeat(length) });
    tool({ name: "give", description: "A value", input, run: ({ length }) => ({ text: "x".repeat(length) }) });
    tool({
      name: "promise",
      description: "A value with a schema",
      input,
      output: v.object({ text: v.string() }),
      run: ({ length }) => ({ text: "x".repeat(length) }),
    });
    tool({
      name: "measure",
      description: "Length of what say answers",
      input,
      run: async (args, call) => String(String(valueOf(await toolbox.call("say", args, call))).length),
    });
  },
});

function kitOf() {
  return testPlugin(results, LIMITS, { with: [talkers] });
}

async function readText(kit: Awaited<ReturnType<typeof kitOf>>, uri: string): Promise<string> {
  const { contents } = await kit.client.readResource({ uri });
  return (contents[0] as { text: string }).text;
}

test("results leaves small answers as they are", async () => {
  await using kit = await kitOf();
  const result = await kit.client.callTool({ name: "say", arguments: { length: 100 } });
  assert.deepEqual(result.content, [{ type: "text", text: "x".repeat(100) }]);
});

test("results answers with the head of a long text and a link to the whole", async () => {
  await using kit = await kitOf();
  const { content, isError } = await kit.client.callTool({ name: "say", arguments: { length: 101 } });
  const [head, link] = content as unknown as [
    { text: string },
    { type: string; uri: string; size: number; mimeType: string },
  ];
  assert.equal(isError, undefined);
  assert.match(head.text, /^x{10}\n\n\[91 of 101 characters left out: read the whole at collet:\/\/results\//);
  assert.deepEqual([link.type, link.size, link.mimeType], ["resource_link", 101, "text/plain"]);
  assert.equal(await readText(kit, link.uri), "x".repeat(101));
  assert.equal(await readText(kit, `${link.uri}?offset=95&length=50`), "x".repeat(6));
});

test("results sends no structured content that it would have to cut", async () => {
  await using kit = await kitOf();
  const { content, structuredContent, isError } = await kit.client.callTool({
    name: "give",
    arguments: { length: 200 },
  });
  assert.deepEqual([structuredContent, isError], [undefined, undefined]);
  const { uri } = (content as { uri: string }[])[1]!;
  assert.deepEqual(JSON.parse(await readText(kit, uri)), { text: "x".repeat(200) });
});

test("results fails a call whose tool promises structured content, and names the resource", async () => {
  await using kit = await kitOf();
  const { content, isError } = await kit.client.callTool({ name: "promise", arguments: { length: 200 } });
  assert.equal(isError, true);
  const [text, link] = content as unknown as [{ text: string }, { uri: string }];
  assert.ok(text.text.includes(link.uri));
  assert.deepEqual(JSON.parse(await readText(kit, link.uri)), { text: "x".repeat(200) });
});

test("results gives the whole to a tool that calls another", async () => {
  await using kit = await kitOf();
  const result = await kit.client.callTool({ name: "measure", arguments: { length: 5_000 } });
  assert.deepEqual(result.content, [{ type: "text", text: "5000" }]);
});

test("results shows a result to nobody but its caller", async () => {
  await using kit = await kitOf();
  const principal = { id: "ada", scopes: [] };
  const { content } = await kit.kernel.call("say", { length: 200 }, { principal });
  const { uri } = content[1] as { uri: string };
  assert.equal((await kit.kernel.read(uri, { principal })).length, 1);
  await assert.rejects(kit.kernel.read(uri, { principal: { id: "eve", scopes: [] } }), /Resource not found/);
});

test("results forgets the oldest when space runs out", async () => {
  await using kit = await testPlugin(results, { ...LIMITS, kept_characters: 500 }, { with: [talkers] });
  const uris: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { content } = await kit.kernel.call("say", { length: 200 });
    uris.push((content[1] as { uri: string }).uri);
  }
  await assert.rejects(kit.kernel.read(uris[0]!), /Resource not found/);
  assert.equal((await kit.kernel.read(uris[2]!)).length, 1);
});

conformance(results);
