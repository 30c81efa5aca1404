import assert from "node:assert/strict";
import { test } from "node:test";
import { toolPlugin } from "../support/plugins.ts";
import { eventsOf, initialize, post, RawSession } from "../support/raw.ts";
import { asking, serveApp, toolCall } from "../support/served.ts";
import { aborted, soon, until } from "../support/wait.ts";

const MESSAGES = "http://localhost/message";

test("after close() every door of MCP is answered 503, and no session is begun", async () => {
  await using served = await serveApp([asking()]);
  const session = await RawSession.open(served.app.fetch);
  await served.app.close();
  const responses = {
    initialize: await post(served.app.fetch, initialize()),
    session: await session.start("tools/list"),
    stream: await session.bodyless("GET"),
    "2026-07-28": await served.start("tools/list", {}),
    sse: await served.app.request("http://localhost/sse"),
    message: await post(served.app.fetch, toolCall(1, "echo"), { url: MESSAGES }),
  };
  for (const [door, response] of Object.entries(responses)) {
    assert.equal(response.status, 503, door);
    assert.equal(response.headers.has("mcp-session-id"), false, door);
    assert.match((await response.json()).error.message, /the server is stopping/);
  }
  await served.app.close();
});

test("a client that leaves a message without a session cancels its call", async () => {
  let isAborted = false;
  const waits = toolPlugin("waits", (_, { signal }) => aborted(signal).catch(() => void (isAborted = true)));
  await using served = await serveApp([waits]);
  const before = served.kernel.listenerCount;
  const controller = new AbortController();
  const response = post(served.app.fetch, toolCall(1, "waits"), { url: MESSAGES, signal: controller.signal });
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 1, "the call");
  controller.abort();
  // some runtimes answer for the client that has gone, some reject
  await soon(response.catch(() => {}), "an answer");
  await until(() => isAborted && served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
  await until(() => served.kernel.listenerCount === before, "the end of the connection");
});

test("a batch of the older transport has at most 100 messages", async () => {
  await using served = await serveApp([asking()]);
  const events = eventsOf(await served.app.request("http://localhost/sse"));
  const { value: endpoint } = await soon(events.next());
  const url = `http://localhost${endpoint!.data}`;
  const pings = (count: number) => Array.from({ length: count }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
  const refused = await post(served.app.fetch, pings(101), { url });
  assert.equal(refused.status, 400);
  assert.deepEqual((await refused.json()).error, {
    code: -32600,
    message: "Invalid Request: a batch has at most 100 messages",
  });
  assert.equal((await post(served.app.fetch, pings(100), { url })).status, 202);
  for (let i = 0; i < 100; i++) assert.deepEqual(JSON.parse((await soon(events.next())).value!.data).result, {});
  await events.return();
});
