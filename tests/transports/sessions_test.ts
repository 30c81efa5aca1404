import assert from "node:assert/strict";
import { test } from "node:test";
import { createHttpHandler } from "../../kernel/transports/mod.ts";
import type { Principal } from "../../kernel/mod.ts";
import { INFO } from "../fixtures/everything/mod.ts";
import { answerOf, type Fetch, initialize, messagesOf, post, RawSession } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";
import { pause, soon, until } from "../support/wait.ts";

const PING = { jsonrpc: "2.0", id: 5, method: "ping" };

async function statusOf(fetch: Fetch, id: string): Promise<number> {
  const response = await post(fetch, PING, { headers: { "mcp-session-id": id } });
  await response.body?.cancel();
  return response.status;
}

test("a request without a session is 400, of an unknown one 404, and says what to do", async () => {
  await using started = await startApp();
  const { fetch } = started.app;
  const missing = await post(fetch, PING);
  assert.equal(missing.status, 400);
  assert.match((await answerOf(missing)).error?.message ?? "", /no Mcp-Session-Id header; send initialize first/);
  const unknown = await post(fetch, PING, { headers: { "mcp-session-id": "nobody" } });
  assert.equal(unknown.status, 404);
  const answer = await answerOf(unknown);
  assert.deepEqual([answer.id, answer.error?.message], [5, "Session not found: start a new one with initialize"]);
  for (const method of ["GET", "DELETE"]) {
    assert.equal((await fetch(new Request("http://localhost/mcp", { method }))).status, 400, method);
    const headers = { "mcp-session-id": "nobody" };
    assert.equal((await fetch(new Request("http://localhost/mcp", { method, headers }))).status, 404, method);
  }
});

test("GET and DELETE are 405 in revision 2026-07-28, whatever session they name", async () => {
  await using started = await startApp();
  for (const method of ["GET", "DELETE"]) {
    for (const session of [{}, { "mcp-session-id": "nobody" }]) {
      const headers = { "mcp-protocol-version": "2026-07-28", ...session };
      const response = await started.app.fetch(new Request("http://localhost/mcp", { method, headers }));
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], JSON.stringify(headers));
    }
  }
});

test("other methods are 405", async () => {
  await using started = await startApp();
  for (const method of ["PUT", "PATCH"]) {
    const response = await started.app.fetch(new Request("http://localhost/mcp", { method }));
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST, GET, DELETE"]);
  }
});

test("DELETE ends a session and all that it holds", async () => {
  await using started = await startApp();
  const before = started.kernel.listenerCount;
  const session = await RawSession.open(started.app.fetch);
  await session.request("resources/subscribe", { uri: "item://1" });
  const watched = async (by: RawSession) =>
    (await by.request("tools/call", { name: "watched", arguments: {} })).result.structuredContent;
  assert.deepEqual(await watched(session), { watched: ["item://1"] });
  const stream = await session.bodyless("GET");
  assert.equal((await session.bodyless("DELETE")).status, 200);
  assert.equal(await statusOf(started.app.fetch, session.id), 404);
  assert.deepEqual(await soon(messagesOf(stream)), [], "its stream has ended");
  assert.equal(started.kernel.listenerCount, before);
  assert.deepEqual(await watched(await RawSession.open(started.app.fetch)), { watched: [] });
});

test("a session is its principal's alone", async () => {
  await using started = await startApp();
  const http = createHttpHandler(started.kernel, INFO);
  const as = (principal: Principal): Fetch => (request) => http.fetch(request, { principal });
  const [ada, bob] = [as({ id: "ada", scopes: ["a"] }), as({ id: "bob", scopes: [] })];
  const session = await RawSession.open(ada);
  assert.deepEqual(
    (await session.request("tools/call", { name: "who", arguments: {} })).result.structuredContent.principal,
    {
      id: "ada",
      scopes: ["a"],
    },
  );
  assert.equal(await statusOf(bob, session.id), 404);
  for (const method of ["GET", "DELETE"]) {
    const headers = { accept: "text/event-stream", "mcp-session-id": session.id };
    assert.equal((await bob(new Request("http://localhost/mcp", { method, headers }))).status, 404);
  }
  assert.equal(await statusOf(ada, session.id), 200);
  await http.close();
});

test("an idle session ends, also while its stream is open; one that is used or busy goes on", async () => {
  await using started = await startApp({}, { sessions: { idleMs: 500 } });
  const { fetch } = started.app;
  const idle = await RawSession.open(fetch);
  let hasEnded = false;
  const ending = idle.bodyless("GET").then((stream) => stream.text()).then(() => hasEnded = true);
  const used = await RawSession.open(fetch);
  const busy = await RawSession.open(fetch);
  const call = busy.request("tools/call", { name: "wait", arguments: { ms: 1_500 } });
  await until(async () => {
    assert.equal(await statusOf(fetch, used.id), 200);
    return hasEnded;
  }, "the end of the idle session's stream");
  await ending;
  assert.equal(await statusOf(fetch, idle.id), 404);
  assert.equal((await call).result.content[0].text, "waited 1500 ms");
});

test("a session ends at its age, used or not", async () => {
  await using started = await startApp({}, { sessions: { maxAgeMs: 150 } });
  const session = await RawSession.open(started.app.fetch);
  await until(async () => await statusOf(started.app.fetch, session.id) === 404, "the end of the session");
});

test("the session that is idle longest makes room for a new one, unless it is busy", async () => {
  await using started = await startApp({}, { sessions: { maxSessions: 2 } });
  const { fetch } = started.app;
  const first = await RawSession.open(fetch);
  const second = await RawSession.open(fetch);
  assert.equal(await statusOf(fetch, first.id), 200);
  const third = await RawSession.open(fetch);
  assert.deepEqual([await statusOf(fetch, second.id), await statusOf(fetch, first.id)], [404, 200]);
  const calls = [first, third].map((it) => it.request("tools/call", { name: "wait", arguments: { ms: 1_500 } }));
  await pause(50);
  const refused = await post(fetch, initialize());
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "10"]);
  assert.match((await answerOf(refused)).error?.message ?? "", /Too many sessions/);
  await Promise.all(calls);
  assert.ok((await RawSession.open(fetch)).id);
});

test("a second initialize in a session is refused, and a handshake that fails leaves no session", async () => {
  await using started = await startApp({}, { sessions: { maxSessions: 1 } });
  const before = started.kernel.listenerCount;
  const bad = await post(started.app.fetch, { jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
  assert.ok((await answerOf(bad)).error);
  assert.equal(bad.headers.get("mcp-session-id"), null);
  assert.equal(started.kernel.listenerCount, before);
  const session = await RawSession.open(started.app.fetch);
  assert.equal((await session.send(initialize())).status, 400);
});

test("sessions do not see each other's answers, logs and levels", async () => {
  await using started = await startApp();
  const [one, two] = [await RawSession.open(started.app.fetch), await RawSession.open(started.app.fetch)];
  await one.request("logging/setLevel", { level: "emergency" });
  const [a, b] = await Promise.all([
    one.request("tools/call", { name: "echo", arguments: { text: "one" } }),
    two.request("tools/call", { name: "echo", arguments: { text: "two" } }),
  ]);
  assert.deepEqual([a.result.content[0].text, b.result.content[0].text], ["one", "two"]);
  const logs = async (session: RawSession) =>
    (await messagesOf(await session.start("tools/call", { name: "log", arguments: {} }))).filter((it) =>
      it.method === "notifications/message"
    ).length;
  assert.deepEqual([await logs(one), await logs(two)], [2, 8]);
});

test("closing the app ends sessions and streams, and refuses what comes later", async () => {
  const started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const stream = await session.bodyless("GET");
  const call = session.start("tools/call", { name: "wait", arguments: {} });
  await pause(20);
  await started.close();
  assert.deepEqual(await soon(messagesOf(stream)), []);
  await (await call).text();
  assert.equal((await post(started.app.fetch, initialize())).status, 503);
});

test("two calls of one id at the same time are both answered, and both cancelled when their session ends", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const wait = async (ms: number) => {
    const params = { name: "wait", arguments: { ms } };
    return (await answerOf(await session.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params })));
  };
  const answers = await soon(Promise.all([wait(200), wait(20)]), "both answers");
  assert.deepEqual(answers.map(({ id, result }) => [id, result.content[0].text]), [
    [7, "waited 200 ms"],
    [7, "waited 20 ms"],
  ]);
  const waits = async () => (await started.kernel.call("waits", {})).structuredContent as Record<string, number>;
  const ended = Promise.allSettled([wait(60_000), wait(60_000)]);
  await until(async () => (await waits())["started"] === 4, "both calls");
  assert.equal((await session.bodyless("DELETE")).status, 200);
  assert.deepEqual(await waits(), { started: 4, aborted: 2 });
  await soon(ended, "the end of both responses");
});
