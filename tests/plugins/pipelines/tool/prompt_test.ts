import assert from "node:assert/strict";
import { test } from "node:test";
import { definePlugin, isProtocolError, type JsonObject } from "../../../../kernel/mod.ts";
import { type PipelinesKit, startPipelines, succeed } from "./kit.ts";

async function render(kit: PipelinesKit, tools: string, name = "made"): Promise<string> {
  const { messages } = await kit.kernel.render("create_pipeline", { name, description: "Do things", tools });
  assert.equal(messages.length, 1);
  return (messages[0]!.content as { readonly text: string }).text;
}

function callIn(text: string): JsonObject {
  const [, json] = /```json\n([^]*?)\n```/.exec(text) ?? [];
  assert.ok(json, text);
  return JSON.parse(json);
}

test("create_pipeline gives a call that makes a pipeline of the tools, whatever they require", async () => {
  await using kit = await startPipelines();
  const call = callIn(await render(kit, "count, upper large"));
  assert.deepEqual(call["steps"], [
    { name: "step1", tool: "count", args: { text: "$input.text" } },
    { name: "step2", tool: "upper", args: { text: "$input.text" } },
    { name: "step3", tool: "large", args: { length: "$input.length" } },
  ]);
  succeed(await kit.call("pipeline", call));
  // it is there now
  const again = await render(kit, "echo");
  assert.match(again, /A tool of this name is there already/);
  succeed(await kit.call("pipeline", callIn(again)));
});

test("create_pipeline keeps arguments apart whose names come to the same", async () => {
  const odd = definePlugin({
    name: "odd",
    version: "1.0.0",
    setup({ tool }) {
      for (const [name, type] of [["one", "string"], ["two", "number"]] as const) {
        const input = { type: "object", properties: { "a-b": { type } }, required: ["a-b"] };
        tool({ name, description: name, input, run: () => name });
      }
    },
  });
  await using kit = await startPipelines({ plugins: [odd] });
  const call = callIn(await render(kit, "one, two"));
  assert.deepEqual((call["steps"] as { args: unknown }[]).map((it) => it.args), [
    { "a-b": "$input.a_b" },
    { "a-b": "$input.step2_a_b" },
  ]);
  const { properties } = call["input_schema"] as { properties: unknown };
  assert.deepEqual(properties, { a_b: { type: "string" }, step2_a_b: { type: "number" } });
  succeed(await kit.call("pipeline", call));
});

test("create_pipeline refuses tools that are not there, and names that plugins have", async () => {
  await using kit = await startPipelines();
  const refused = (pattern: RegExp) => (error: unknown) => isProtocolError(error) && pattern.test(error.message);
  await assert.rejects(render(kit, "cuont"), refused(/there is no tool "cuont"; did you mean "count"\?/));
  await assert.rejects(render(kit, " , "), refused(/expected 1 to 50 names, found 0/));
  await assert.rejects(render(kit, "count", "echo"), refused(/"echo" is a tool of plugin "step_tools"/));
});

test("create_pipeline completes the last of the tools", async () => {
  await using kit = await startPipelines();
  const found = await kit.kernel.complete({ type: "prompt", name: "create_pipeline" }, {
    argument: "tools",
    value: "echo, cou",
  });
  assert.deepEqual(found, ["echo, count"]);
});
