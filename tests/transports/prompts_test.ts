import assert from "node:assert/strict";
import { EVERY_CONTENT } from "../fixtures/everything/tools.ts";
import { forEachTransport } from "../support/transports.ts";

forEachTransport("prompts are listed with their arguments", async ({ connect }) => {
  await using connection = await connect();
  const { prompts } = await connection.client.listPrompts();
  assert.deepEqual(prompts.map((it) => it.name), ["ask", "greet", "media"]);
  assert.deepEqual(prompts[1], {
    name: "greet",
    title: "Greet",
    description: "Greet somebody",
    arguments: [{ name: "name", description: "Who", required: true }, { name: "tone", required: false }],
    icons: [{ src: "https://collet.example/greet.png" }],
  });
});

forEachTransport("a prompt renders messages", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const greet = await client.getPrompt({ name: "greet", arguments: { name: "Ada", tone: "dry" } });
  assert.equal(greet.description, "Greet somebody");
  assert.deepEqual(greet.messages, [{ role: "user", content: { type: "text", text: "Greet Ada, dry" } }]);
  const media = await client.getPrompt({ name: "media" });
  assert.deepEqual(media.messages.map((it) => it.content), EVERY_CONTENT);
});

forEachTransport("a prompt that is unknown or badly asked is a protocol error", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  await assert.rejects(client.getPrompt({ name: "no" }), { code: -32602, message: /Unknown prompt: no/ });
  await assert.rejects(client.getPrompt({ name: "greet", arguments: {} }), {
    code: -32602,
    message: /Invalid arguments for prompt "greet": .*name/,
  });
});

forEachTransport("arguments are completed", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const prompt = await client.complete({
    ref: { type: "ref/prompt", name: "greet" },
    argument: { name: "tone", value: "wa" },
  });
  assert.deepEqual(prompt.completion, { values: ["warm", "warmer"], total: 2, hasMore: false });
  const template = { type: "ref/resource" as const, uri: "item://{id}" };
  const one = await client.complete({ ref: template, argument: { name: "id", value: "14" } });
  assert.deepEqual(one.completion.values, ["14", "140", "141", "142", "143", "144", "145", "146", "147", "148", "149"]);
  const all = await client.complete({ ref: template, argument: { name: "id", value: "" } });
  assert.deepEqual([all.completion.values.length, all.completion.total, all.completion.hasMore], [100, 150, true]);
  await assert.rejects(
    client.complete({ ref: { type: "ref/prompt", name: "no" }, argument: { name: "a", value: "" } }),
    { code: -32602 },
  );
});
