import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, eventsOf, messagesOf, modern, post, RawSession, type ServerEvent } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";
import { pause, soon } from "../support/wait.ts";

async function take(events: AsyncGenerator<ServerEvent, void>, count: number): Promise<ServerEvent[]> {
  const taken: ServerEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await soon(events.next(), "an event");
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

test("a stream begins with an event that can be resumed, and the time to wait before", async () => {
  await using started = await startApp({}, { retryMs: 77 });
  const session = await RawSession.open(started.app.fetch);
  const events = eventsOf(await session.start("tools/call", { name: "wait", arguments: { ms: 300 } }));
  const [first, second] = await take(events, 2);
  assert.deepEqual([first?.data, first?.retry], ["", 77]);
  assert.ok(first?.id);
  assert.equal(JSON.parse(second!.data).result.content[0].text, "waited 300 ms");
});

test("an answer that needs no stream is JSON", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const response = await session.start("tools/call", { name: "echo", arguments: { text: "x" } });
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal((await response.json()).result.content[0].text, "x");
});

test("a client that lost its stream has the rest by Last-Event-ID, each message once", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const controller = new AbortController();
  const lost = await post(started.app.fetch, {
    jsonrpc: "2.0",
    id: 9,
    method: "tools/call",
    params: { name: "wait", arguments: { ms: 500 }, _meta: { progressToken: 1 } },
  }, { headers: { "mcp-session-id": session.id, "mcp-protocol-version": "2025-11-25" }, signal: controller.signal });
  const events = eventsOf(lost);
  const [first] = await take(events, 1);
  await events.return();
  controller.abort();
  const resumed = await session.bodyless("GET", { "last-event-id": first!.id! });
  const messages = await soon(messagesOf(resumed));
  assert.deepEqual(messages.map((it) => [it.id, it.result?.content[0].text]), [[9, "waited 500 ms"]]);
  const again = await soon(messagesOf(await session.bodyless("GET", { "last-event-id": first!.id! })));
  assert.deepEqual(again, messages, "what was replayed can be replayed again");
});

test("leaving the stream of a session does not cancel its call; a cancellation does", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const waits = async () =>
    (await session.request("tools/call", { name: "waits", arguments: {} })).result.structuredContent as Record<
      string,
      number
    >;
  const stream = await session.send({
    jsonrpc: "2.0",
    id: "long",
    method: "tools/call",
    params: { name: "wait", arguments: {} },
  });
  await stream.body?.cancel();
  await pause(50);
  assert.deepEqual(await waits(), { started: 1, aborted: 0 });
  const accepted = await session.send({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: "long" },
  });
  assert.equal(accepted.status, 202);
  assert.deepEqual(await waits(), { started: 1, aborted: 1 });
});

test("a tool that releases its stream is polled for the rest", async () => {
  await using started = await startApp({}, { retryMs: 10 });
  const session = await RawSession.open(started.app.fetch);
  const first = await soon(takeAll(eventsOf(await session.start("tools/call", { name: "release", arguments: {} }))));
  assert.deepEqual(first.map((it) => it.data === "" ? "" : JSON.parse(it.data).params?.data), ["", "before"]);
  const rest = await soon(messagesOf(await session.bodyless("GET", { "last-event-id": first.at(-1)!.id! })));
  assert.deepEqual(rest.map((it) => it.params?.data ?? it.result.content[0].text), ["meanwhile", "released"]);
});

async function takeAll(events: AsyncGenerator<ServerEvent, void>): Promise<ServerEvent[]> {
  return await take(events, Infinity);
}

test("the stream of a session is one, tells of changes, and can be resumed as well", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const stream = await session.bodyless("GET");
  assert.equal((await session.bodyless("GET")).status, 409);
  const events = eventsOf(stream);
  await session.request("tools/call", { name: "grow", arguments: {} });
  const [, change] = await take(events, 2);
  assert.equal(JSON.parse(change!.data).method, "notifications/tools/list_changed");
  await events.return();
  await session.request("tools/call", { name: "grow", arguments: {} });
  await pause(20);
  const resumed = await session.bodyless("GET", { "last-event-id": change!.id! });
  const [missed] = await take(eventsOf(resumed), 1);
  assert.equal(JSON.parse(missed!.data).method, "notifications/tools/list_changed");
  await resumed.body?.cancel().catch(() => {});
});

test("a Last-Event-ID that is none of ours is refused", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  for (const id of ["nonsense", "_", "1", "-1_x"]) {
    assert.equal((await session.bodyless("GET", { "last-event-id": id })).status, 400, id);
  }
  const other = await RawSession.open(started.app.fetch);
  const [event] = await take(eventsOf(await other.bodyless("GET")), 1);
  assert.equal((await session.bodyless("GET", { "last-event-id": event!.id! })).status, 400, "of another session");
});

for (
  const [accept, type] of [
    ["application/json, text/event-stream", "text/event-stream"],
    ["text/event-stream", "text/event-stream"],
    ["*/*", "text/event-stream"],
    [undefined, "text/event-stream"],
    ["application/json", "application/json"],
    ["application/json;q=0.9", "application/json"],
  ] as const
) {
  test(`Accept: ${accept} is answered by ${type}`, async () => {
    await using started = await startApp();
    const session = await RawSession.open(started.app.fetch, { headers: { accept } });
    assert.ok(session.id);
    const response = await session.start("tools/call", { name: "log", arguments: {} });
    assert.equal(response.status, 200);
    assert.ok(response.headers.get("content-type")?.startsWith(type), response.headers.get("content-type") ?? "");
    const messages = await messagesOf(response);
    assert.equal(messages.at(-1)?.result.content[0].text, "logged");
    if (type === "application/json") assert.equal(messages.length, 1);
  });
}

test("a client that takes only JSON has the answer of a tool that would let its stream go", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch, { headers: { accept: "application/json" } });
  const { result } = await soon(session.request("tools/call", { name: "release", arguments: {} }));
  assert.equal(result.content[0].text, "released");
});

test("a quick answer of 2026-07-28 is JSON, one that says something on the way or takes long is a stream", async () => {
  await using started = await startApp();
  const call = async (name: string, args: object, meta: object = {}) => {
    const { body, headers } = modern("tools/call", { name, arguments: args }, { meta: { ...meta } });
    return await post(started.app.fetch, body, { headers });
  };
  const quick = await call("echo", { text: "x" });
  assert.equal(quick.headers.get("content-type"), "application/json");
  assert.equal((await answerOf(quick)).result.content[0].text, "x");
  const telling = await call("progress", {}, { progressToken: "p" });
  assert.equal(telling.headers.get("content-type"), "text/event-stream");
  assert.deepEqual((await messagesOf(telling)).map((it) => it.params?.progress ?? it.result.content[0].text), [
    1,
    2,
    3,
    "done",
  ]);
  const slow = await call("wait", { ms: 400 });
  assert.equal(slow.headers.get("content-type"), "text/event-stream");
  assert.equal((await answerOf(slow)).result.content[0].text, "waited 400 ms");
});

test("an answer of 2026-07-28 is JSON for who takes nothing else, however long it takes and whatever is said before", async () => {
  await using started = await startApp();
  for (const [name, args, text] of [["wait", { ms: 400 }, "waited 400 ms"], ["progress", {}, "done"]] as const) {
    const { body, headers } = modern("tools/call", { name, arguments: args }, { meta: { progressToken: 1 } });
    const response = await post(started.app.fetch, body, { headers: { ...headers, accept: "application/json" } });
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal((await answerOf(response)).result.content[0].text, text);
  }
});

test("leaving a request of 2026-07-28 cancels its call", async () => {
  await using started = await startApp();
  const controller = new AbortController();
  const { body, headers } = modern("tools/call", { name: "wait", arguments: {} });
  const quick = post(started.app.fetch, body, { headers, signal: controller.signal });
  await pause(20);
  controller.abort();
  await quick.then((response) => response.body?.cancel(), () => {});
  const stream = await post(started.app.fetch, body, { headers });
  await stream.body?.cancel();
  await pause(20);
  const { structuredContent } = await started.kernel.call("waits", {});
  assert.deepEqual(structuredContent, { started: 2, aborted: 2 });
});
