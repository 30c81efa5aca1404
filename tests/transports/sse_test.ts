import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../support/listen.ts";
import { answerOf, eventsOf, initialize, post } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";
import { pause, soon, until } from "../support/wait.ts";

test("a client of the older transport is served: calls, progress, logs, list changes, questions", async () => {
  await using started = await startApp();
  await using server = await listen((request) => started.app.fetch(request));
  const client = new Client({ name: "older", version: "1.0.0" }, { capabilities: { elicitation: {} } });
  const { ElicitRequestSchema, LoggingMessageNotificationSchema, ToolListChangedNotificationSchema } = await import(
    "@modelcontextprotocol/sdk/types.js"
  );
  const seen: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" as const, content: { name: "Ada" } }));
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }: { params: { level: string } }) => {
    seen.push(params.level);
  });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void seen.push("list changed"));
  await client.connect(new SSEClientTransport(new URL("/sse", server.url)));
  try {
    const { tools } = await client.listTools();
    assert.equal(tools.find((it: { name: string }) => it.name === "add")?.title, "Add");
    const sum = await client.callTool({ name: "add", arguments: { a: 1, b: 2 } });
    assert.deepEqual(sum.structuredContent, { sum: 3 });
    const progress: number[] = [];
    const onprogress = (it: { progress: number }) => void progress.push(it.progress);
    const call = client.callTool({ name: "progress", arguments: { wait: true } }, undefined, { onprogress });
    await until(() => progress.length === 3, "all progress");
    await client.callTool({ name: "proceed", arguments: {} });
    await call;
    assert.deepEqual(progress, [1, 2, 3]);
    const asked = await client.callTool({ name: "ask", arguments: {} });
    assert.deepEqual(asked.content, [{ type: "text", text: "Ada" }]);
    await client.callTool({ name: "log", arguments: {} });
    await client.callTool({ name: "grow", arguments: {} });
    await until(() => seen.includes("list changed"), "the list change");
    assert.equal(seen.filter((it) => it === "list changed").length, 1);
    assert.equal(seen.filter((it) => it !== "list changed").length, 8);
  } finally {
    await client.close();
  }
});

test("the stream of the older transport begins with the address for messages", async () => {
  await using started = await startApp();
  const stream = await started.app.request("http://localhost/sse");
  assert.deepEqual([stream.status, stream.headers.get("content-type")], [200, "text/event-stream"]);
  const events = eventsOf(stream);
  const { value: endpoint } = await events.next();
  assert.equal(endpoint?.event, "endpoint");
  assert.match(endpoint.data, /^\/message\?sessionId=[\w-]{36}$/);
  const url = `http://localhost${endpoint.data}`;
  const accepted = await post(started.app.fetch, initialize("2024-11-05"), { url });
  assert.deepEqual([accepted.status, await accepted.text()], [202, "Accepted"]);
  const { value: answer } = await soon(events.next());
  assert.equal(answer?.event, "message");
  assert.equal(JSON.parse(answer.data).result.protocolVersion, "2024-11-05");
  for (const body of [{ nonsense: true }, [], 1]) {
    assert.equal((await post(started.app.fetch, JSON.stringify(body), { url })).status, 400, JSON.stringify(body));
  }
  assert.equal(
    (await post(started.app.fetch, initialize(), { url: "http://localhost/message?sessionId=nobody" })).status,
    404,
  );
  await events.return();
  await until(
    async () => (await post(started.app.fetch, initialize(), { url })).status === 404,
    "the end of the session",
  );
});

test("leaving the stream of the older transport ends its calls and all that it holds", async () => {
  await using started = await startApp();
  const before = started.kernel.listenerCount;
  const events = eventsOf(await started.app.request("http://localhost/sse"));
  const { value: endpoint } = await events.next();
  const url = `http://localhost${endpoint!.data}`;
  const send = (body: unknown) => post(started.app.fetch, body, { url });
  await send(initialize("2024-11-05"));
  await events.next();
  await send({ jsonrpc: "2.0", method: "notifications/initialized" });
  await send({ jsonrpc: "2.0", id: 2, method: "resources/subscribe", params: { uri: "item://1" } });
  await events.next();
  await send({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "wait", arguments: {} } });
  await pause(20);
  await events.return();
  await until(async () => {
    const { structuredContent } = await started.kernel.call("waits", {});
    return (structuredContent as { aborted: number }).aborted === 1;
  }, "the end of the call");
  assert.deepEqual((await started.kernel.call("watched", {})).structuredContent, { watched: [] });
  assert.equal(started.kernel.listenerCount, before);
});

test("a session of one transport is none of the other", async () => {
  await using started = await startApp();
  const events = eventsOf(await started.app.request("http://localhost/sse"));
  const { value: endpoint } = await events.next();
  const id = endpoint!.data.split("=")[1]!;
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  assert.equal((await post(started.app.fetch, ping, { headers: { "mcp-session-id": id } })).status, 404);
  const opened = await post(started.app.fetch, initialize());
  const other = opened.headers.get("mcp-session-id")!;
  await opened.body?.cancel();
  assert.equal(
    (await post(started.app.fetch, ping, { url: `http://localhost/message?sessionId=${other}` })).status,
    404,
  );
  await events.return();
});

// the two lines of curl in the README of skillz
const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hi"}}}';

test("a message without a session is answered directly, as JSON, as curl sends it", async () => {
  await using started = await startApp();
  await using server = await listen((request) => started.app.fetch(request));
  const before = started.kernel.listenerCount;
  const curl = (body: string) =>
    fetch(new URL("/message", server.url), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "*/*", "user-agent": "curl/8.0" },
      body,
    });
  const list = await curl(LIST);
  assert.deepEqual([list.status, list.headers.get("content-type")], [200, "application/json"]);
  const { result } = await answerOf(list);
  assert.ok(result.tools.some((it: { name: string }) => it.name === "echo"));
  assert.deepEqual((await answerOf(await curl(CALL))).result.content, [{ type: "text", text: "hi" }]);
  const asked = await answerOf(await curl(CALL.replace('"echo"', '"ask"')));
  assert.equal(asked.result.isError, true);
  assert.match(asked.result.content[0].text, /Cannot ask the user/);
  const unknown = await answerOf(await curl(CALL.replace('"echo"', '"no"')));
  assert.deepEqual([unknown.id, unknown.error?.code], [1, -32602]);
  const many = await curl(`[${LIST},${CALL.replace('"id":1', '"id":2')}]`);
  assert.equal((await many.json()).length, 2);
  const one = await (await curl(`[${LIST}]`)).json();
  assert.deepEqual([Array.isArray(one), one.length, one[0]?.id], [true, 1, 1], "a batch of one is a batch");
  assert.equal((await curl('{"jsonrpc":"2.0","method":"notifications/initialized"}')).status, 202);
  assert.equal((await answerOf(await curl(JSON.stringify(initialize())))).result.protocolVersion, "2025-11-25");
  assert.equal(started.kernel.listenerCount, before, "nothing is left of it");
});
