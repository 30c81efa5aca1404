/**
 * Connections that clients leave, and requests that wait behind others on one connection: over sockets by hand, since
 * client libraries send one request after the other. On Node most of these are answered by the quick way.
 *
 * @module
 */
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import type { Plugin } from "../../kernel/mod.ts";
import { bytesOf, messagesIn, postRequest, RawConnection } from "../proof/http_wire.ts";
import { listen } from "../support/listen.ts";
import { toolPlugin } from "../support/plugins.ts";
import { modern, RawSession } from "../support/raw.ts";
import { serveApp, toolCall } from "../support/served.ts";
import { aborted, pause, until } from "../support/wait.ts";

const ANSWER_MS = 10_000;

/** The bytes of a call of 2026-07-28 on a connection that stays open. */
function callBytes(port: number, id: number, accept = "application/json, text/event-stream"): Uint8Array {
  const { body, headers } = modern("tools/call", { name: "slow", arguments: {} }, { id });
  return bytesOf(postRequest(port, body, { headers: { ...headers, accept, connection: "keep-alive" } }));
}

/** Makes a tool that goes on until its call is cancelled, and counts its calls and their cancellations. */
function countedTool(): { readonly seen: { started: number; cancelled: number }; readonly slow: Plugin<void> } {
  const seen = { started: 0, cancelled: 0 };
  const slow = toolPlugin("slow", (_, { signal }) => {
    seen.started++;
    return aborted(signal).catch(() => void seen.cancelled++);
  });
  return { seen, slow };
}

for (const [when, ms] of [["before its stream begins", 50], ["once its stream has begun", 600]] as const) {
  test(`a client that leaves ${when} has its call cancelled`, async () => {
    const { seen, slow } = countedTool();
    await using served = await serveApp([slow]);
    await using server = await listen(served.app);
    const port = Number(new URL(server.url).port);
    using connection = await RawConnection.open(port);
    connection.write(callBytes(port, 1));
    await until(() => seen.started === 1, "the call");
    await pause(ms);
    connection.socket.destroy();
    await until(() => seen.cancelled === 1, "the cancellation");
    await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
  });
}

test("a call of a session whose client leaves before its stream begins tells it nothing, and goes on to its end", async () => {
  const seen = { isStarted: false, told: 0, isDone: false };
  const slow = toolPlugin("slow", async (_, call) => {
    seen.isStarted = true;
    await pause(400);
    for (; seen.told < 40; seen.told++) await call.progress(seen.told, 40, "x".repeat(100_000));
    seen.isDone = true;
  });
  await using served = await serveApp([slow]);
  await using server = await listen(served.app);
  const session = await RawSession.open((request) => fetch(new URL("/mcp", server.url), request));
  const port = Number(new URL(server.url).port);
  using connection = await RawConnection.open(port);
  const headers = { "mcp-session-id": session.id, "mcp-protocol-version": "2025-11-25" };
  connection.write(bytesOf(postRequest(port, toolCall(7, "slow", { meta: { progressToken: 1 } }), { headers })));
  await until(() => seen.isStarted, "the call");
  connection.socket.destroy();
  await until(() => seen.isDone, "the end of the call");
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "its answer");
});

test("a client that leaves while requests wait behind others on its connection has all of them cancelled", async () => {
  const { seen, slow } = countedTool();
  await using served = await serveApp([slow]);
  await using server = await listen(served.app);
  const port = Number(new URL(server.url).port);
  using connection = await RawConnection.open(port);
  for (let id = 1; id <= 20; id++) connection.write(callBytes(port, id));
  await until(() => seen.started > 0, "the first call");
  // beyond the moment after which answers become streams
  await pause(400);
  connection.socket.destroy();
  await until(() => seen.cancelled === seen.started, "the cancellations");
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the calls");
});

test("many requests at once on one connection are answered in order, and leave no listeners behind", async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  process.on("warning", warn);
  const sockets = new Set<Socket>();
  const requests = channel("http.server.request.start");
  const note = (message: unknown) => void sockets.add((message as { readonly socket: Socket }).socket);
  requests.subscribe(note);
  try {
    const slow = toolPlugin("slow", () => pause(500));
    await using served = await serveApp([slow]);
    await using server = await listen(served.app);
    const port = Number(new URL(server.url).port);
    using connection = await RawConnection.open(port);
    const ask = async (first: number, count: number) => {
      const ids = Array.from({ length: count }, (_, i) => first + i);
      for (const id of ids) connection.write(callBytes(port, id, id % 2 === 0 ? "application/json" : undefined));
      const isAnswered = await connection.wait(
        ANSWER_MS,
        (responses) => responses.length === first + count - 1 && responses.every((it) => it.isWhole),
      );
      const responses = connection.responses();
      assert.ok(isAnswered, `${responses.length} responses came`);
      const answers = responses.slice(first - 1).map((it) => messagesIn(it).find(({ result }) => result !== undefined));
      assert.deepEqual(answers.map((it) => it?.id), ids);
    };
    const held = () => [...sockets].map((it) => it.listenerCount("close"));
    await ask(1, 1);
    const before = held();
    // a server that serves them one after the other would take long for more
    await ask(2, sockets.size > 0 ? 50 : 3);
    if (sockets.size > 0) await until(() => String(held()) === String(before), `${before} listeners`);
    else t.diagnostic("the sockets of this runtime's server have no listeners to count");
    await pause(20);
    assert.deepEqual(warnings.map(String), []);
  } finally {
    requests.unsubscribe(note);
    process.off("warning", warn);
  }
});
