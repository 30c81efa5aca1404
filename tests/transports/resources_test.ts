import assert from "node:assert/strict";
import { forEachTransport } from "../support/transports.ts";
import { until } from "../support/wait.ts";

forEachTransport("resources and templates are listed with all that is known of them", async ({ connect }) => {
  await using connection = await connect();
  const { resources } = await connection.client.listResources();
  assert.deepEqual(resources.map((it) => it.uri), [
    "a://bytes",
    "a://text",
    "ask://name",
    "broken://it",
    "item://1",
    "item://2",
  ]);
  assert.deepEqual(resources.find((it) => it.uri === "a://text"), {
    uri: "a://text",
    name: "text",
    title: "A text",
    description: "Some text",
    mimeType: "text/plain",
    size: 5,
    annotations: { audience: ["assistant"], priority: 1, lastModified: "2026-01-01T00:00:00Z" },
    icons: [{ src: "https://collet.example/text.png" }],
    _meta: { "collet.example/kind": "text" },
  });
  const { resourceTemplates } = await connection.client.listResourceTemplates();
  assert.deepEqual(resourceTemplates, [{
    uriTemplate: "item://{id}",
    name: "item",
    title: "An item",
    description: "An item by its id",
    mimeType: "application/json",
  }]);
});

forEachTransport("resources read as text, bytes and by template", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const read = async (uri: string) => (await client.readResource({ uri })).contents;
  assert.deepEqual(await read("a://text"), [{ uri: "a://text", mimeType: "text/plain", text: "hello" }]);
  assert.deepEqual(await read("a://bytes"), [{ uri: "a://bytes", mimeType: "application/octet-stream", blob: "AP+A" }]);
  assert.deepEqual(await read("item://a%20b"), [{
    uri: "item://a%20b",
    mimeType: "application/json",
    text: '{"id":"a b"}',
  }]);
});

forEachTransport("a resource that is unknown or broken is a protocol error", async ({ transport, connect }) => {
  await using connection = await connect();
  const { client } = connection;
  await assert.rejects(client.readResource({ uri: "no://x" }), { message: /Resource not found: no:\/\/x/ });
  const detail = transport === "stdio" ? ": secret detail" : "";
  await assert.rejects(client.readResource({ uri: "broken://it" }), (thrown: { code: number; message: string }) => {
    assert.equal(thrown.code, -32603);
    assert.ok(thrown.message.endsWith(`The resource "broken://it" failed${detail}`), thrown.message);
    return true;
  });
});

forEachTransport(
  "a client that subscribes is told of updates, and its plugin watches meanwhile",
  async ({ connect }) => {
    const updated: string[] = [];
    await using connection = await connect({
      prepare: (client) =>
        client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri)),
    });
    const { client } = connection;
    const watched = async () => (await client.callTool({ name: "watched", arguments: {} })).structuredContent;
    const touch = async (uri: string) => await client.callTool({ name: "touch", arguments: { uri } });
    await client.subscribeResource({ uri: "item://1" });
    await client.subscribeResource({ uri: "item://1" });
    await client.subscribeResource({ uri: "a://text" });
    assert.deepEqual(await watched(), { watched: ["item://1"] });
    await touch("item://2");
    await touch("item://1");
    await touch("a://text");
    await until(() => updated.length === 2);
    assert.deepEqual(updated, ["item://1", "a://text"]);
    await client.unsubscribeResource({ uri: "item://1" });
    await client.unsubscribeResource({ uri: "item://1" });
    assert.deepEqual(await watched(), { watched: [] });
    await touch("item://1");
    await touch("a://text");
    await until(() => updated.length === 3);
    assert.deepEqual(updated, ["item://1", "a://text", "a://text"]);
    await assert.rejects(client.subscribeResource({ uri: "no://x" }), /Resource not found/);
  },
  { eras: ["2025"] },
);

forEachTransport("a client that listens is told of updates, and its plugin watches meanwhile", async ({ connect }) => {
  const updated: string[] = [];
  await using connection = await connect({
    prepare: (client) =>
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri)),
  });
  const { client } = connection;
  const watched = async () => (await client.callTool({ name: "watched", arguments: {} })).structuredContent;
  const touch = async (uri: string) => await client.callTool({ name: "touch", arguments: { uri } });
  const subscription = await client.listen({ resourceSubscriptions: ["item://1", "a://text", "no://x"] });
  assert.deepEqual(subscription.honoredFilter.resourceSubscriptions?.includes("item://1"), true);
  await until(async () => JSON.stringify(await watched()) === '{"watched":["item://1"]}', "the watcher");
  await touch("item://2");
  await touch("item://1");
  await touch("a://text");
  await until(() => updated.length === 2);
  assert.deepEqual(updated, ["item://1", "a://text"]);
  await subscription.close();
  await until(async () => JSON.stringify(await watched()) === '{"watched":[]}', "the watcher's end");
  await touch("item://1");
  assert.equal(updated.length, 2);
}, { eras: ["2026"] });
