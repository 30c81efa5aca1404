import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialize, modern } from "../support/raw.ts";
import { pause, soon, until } from "../support/wait.ts";
import { askModern, assertServed, holdingsOf, HttpSession } from "./clients.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import { ask, bytesOf, eventsIn, messagesIn, plainRequest, postRequest, RawConnection } from "./http_wire.ts";
import type { Holdings } from "./plugin.ts";
import { startHttp } from "./served_program.ts";

const MEGABYTE = 1_000_000;
// 16 MiB is what a client may leave unread; each of these calls has more to say
const FLOOD = { name: "chatty", arguments: { count: 10_000, bytes: 5_000 } };
const CLIENTS = 4;
const MOST_UNREAD = 17;
const CALLS = 1_000;
const MAX_CALLS = 256;

/** Fails when a client that behaves waits long. */
async function assertQuick(port: number, times = 10): Promise<void> {
  for (let i = 0; i < times; i++) await soon(assertServed(port), "the answer to a client that behaves");
}

function memoryOf({ heap, external }: Holdings): number {
  return (heap + external) / MEGABYTE;
}

/** The doors, and how a flood comes out of each. */
const FLOODS: Readonly<Record<string, (port: number) => Promise<RawConnection>>> = {
  async "a session"(port) {
    const session = await HttpSession.open(port);
    const connection = await RawConnection.open(port);
    connection.pause();
    const body = { jsonrpc: "2.0", id: 9, method: "tools/call", params: FLOOD };
    connection.write(bytesOf(postRequest(port, body, { headers: session.headers })));
    return connection;
  },
  async "a stateless call"(port) {
    const connection = await RawConnection.open(port);
    connection.pause();
    const { body, headers } = modern("tools/call", FLOOD, { meta: { "io.modelcontextprotocol/logLevel": "debug" } });
    connection.write(bytesOf(postRequest(port, body, { headers })));
    return connection;
  },
  async "the older transport"(port) {
    const { stream, url } = await openSse(port);
    stream.pause();
    const body = { jsonrpc: "2.0", id: 9, method: "tools/call", params: FLOOD };
    assert.equal((await ask(port, postRequest(port, body, { target: url }))).status, 202);
    return stream;
  },
};

async function openSse(port: number): Promise<{ readonly stream: RawConnection; readonly url: string }> {
  const stream = await RawConnection.open(port);
  stream.write(bytesOf(plainRequest(port, "GET", { target: "/sse" })));
  assert.ok(await stream.wait(10_000, ([first]) => first?.body.includes("\n\n") === true), "no endpoint");
  const url = eventsIn(stream.responses()[0]!.body)[0]!.data;
  await ask(port, postRequest(port, initialize("2024-11-05"), { target: url }));
  await ask(port, postRequest(port, { jsonrpc: "2.0", method: "notifications/initialized" }, { target: url }));
  return { stream, url };
}

describe("clients over HTTP that read nothing", () => {
  for (const [door, open] of Object.entries(FLOODS)) {
    test(`hold a bounded part of memory, and delay nobody (${door})`, async () => {
      await using server = await startHttp({ limits: { session_idle_ms: 5_000 } });
      const { port } = server;
      await assertQuick(port);
      const measure = () => measured(server.pid, () => holdingsOf(port));
      const before = await measure();
      const connections = await Promise.all(Array.from({ length: CLIENTS }, () => open(port)));
      await assertQuick(port);
      await until(async () => (await holdingsOf(port)).calls === 0, "the end of the calls");
      const held = memoryOf(await holdingsOf(port)) - memoryOf(before);
      assert.ok(held < CLIENTS * MOST_UNREAD + 8, `${CLIENTS} clients hold ${held} MB`);
      for (const connection of connections) connection[Symbol.dispose]();
      await assertNoGrowth(before, measure, { rss: 400 });
      await server.stop();
    });
  }
});

describe("10,000 list changes", () => {
  /** Opens a stream of each kind, and gives what counts its notices. */
  async function listeners(port: number): Promise<Readonly<Record<string, RawConnection>>> {
    const session = await HttpSession.open(port);
    const { stream: sse } = await openSse(port);
    const stateless = await RawConnection.open(port);
    const { body, headers } = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
    stateless.write(bytesOf(postRequest(port, body, { headers })));
    await stateless.wait(10_000, ([first]) => first?.body.includes("acknowledged") === true);
    return { session: await session.stream(), sse, stateless };
  }

  const countIn = (connection: RawConnection) =>
    messagesIn(connection.responses()[0]!).filter((it) => it.method === "notifications/tools/list_changed").length;

  for (const [title, turns, most] of [["at once", 1, 2], ["spread over a second", 1_000, 100]] as const) {
    test(`${title} are few notices to each client`, async () => {
      await using server = await startHttp();
      const { port } = server;
      const streams = await listeners(port);
      await pause(100);
      const params = { name: "burst", arguments: { changes: 10_000, turns } };
      const { result } = await askModern(port, "tools/call", { params });
      assert.equal(result.isError, undefined);
      await pause(500);
      for (const [kind, connection] of Object.entries(streams)) {
        const count = countIn(connection);
        assert.ok(count >= 1 && count <= most, `${count} notices to ${kind} in ${result.structuredContent.ms} ms`);
        connection[Symbol.dispose]();
      }
      await assertServed(port);
      await server.stop();
    });
  }
});

describe("1,000 calls at once", () => {
  test("are bounded and refused clearly past the bound, and leave nothing when their clients leave", async () => {
    await using server = await startHttp();
    const { port } = server;
    await assertQuick(port);
    const before = await measured(server.pid, () => holdingsOf(port));
    const calls = await Promise.all(Array.from({ length: CALLS }, (_, i) => startCall(port, i)));
    const refused = () => calls.filter((it) => it.responses()[0]?.isWhole === true);
    await until(() => refused().length >= CALLS - MAX_CALLS, "the refusals");
    await pause(100);
    assert.equal(refused().length, CALLS - MAX_CALLS);
    for (const call of refused()) {
      const [answer] = messagesIn(call.responses()[0]!);
      assert.match(answer?.error?.message ?? "", /256 are in flight, which is the limit; try again later/);
    }
    // what is no call is served, and a call is refused
    assert.ok((await askModern(port, "tools/list")).result.tools.length > 0);
    assert.ok((await askModern(port, "tools/call", { params: { name: "echo", arguments: {} } })).error);
    for (const call of calls) call[Symbol.dispose]();
    await until(async () => (await askModern(port, "tools/call", { params: { name: "echo", arguments: {} } })).result);
    await until(async () => (await holdingsOf(port)).calls === 0, "the end of the calls");
    await assertNoGrowth(before, () => measured(server.pid, () => holdingsOf(port)), { rss: 400 });
    await assertQuick(port);
    await server.stop();
  });

  async function startCall(port: number, i: number): Promise<RawConnection> {
    const connection = await RawConnection.open(port);
    const call = { name: "slow", arguments: {} };
    if (i % 2 === 0) {
      const { body, headers } = modern("tools/call", call);
      connection.write(bytesOf(postRequest(port, body, { headers })));
    } else {
      connection.write(
        bytesOf(
          postRequest(port, { jsonrpc: "2.0", id: 1, method: "tools/call", params: call }, { target: "/message" }),
        ),
      );
    }
    return connection;
  }
});

describe("connections that only take room", () => {
  const COUNT = 60;

  /** What a connection sends at once, and then bit by bit. */
  const KINDS: Readonly<Record<string, (port: number) => readonly [first: string, more: string]>> = {
    "heads that come letter by letter": (port) => ["POST /mcp HTTP/1.1\r\n", `host: 127.0.0.1:${port}\r\nx: `],
    "bodies that come letter by letter": (port) => [
      bytesOf(postRequest(port, "", { headers: { "content-length": "16000000" } })).toString(),
      '{"jsonrpc":"2.0"',
    ],
    "chunks that come letter by letter": (port) => [
      `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n`,
      '{"jsonrpc":"2.0"',
    ],
    "connections that say nothing": () => ["", ""],
    "answers that are not waited for": (
      port,
    ) => [bytesOf(plainRequest(port, "GET", { target: "/sse" })).toString(), ""],
  };

  for (const [kind, words] of Object.entries(KINDS)) {
    test(`delay nobody, and leave nothing: ${kind}`, async () => {
      await using server = await startHttp({ limits: { session_idle_ms: 5_000 } });
      const { port } = server;
      await assertQuick(port);
      const measure = () => measured(server.pid, () => holdingsOf(port));
      const before = await measure();
      const [first, more] = words(port);
      const connections = await Promise.all(Array.from({ length: COUNT }, () => RawConnection.open(port)));
      for (const connection of connections) connection.write(first);
      for (const letter of more) {
        for (const connection of connections) connection.write(letter);
        await assertQuick(port, 1);
      }
      const held = memoryOf(await holdingsOf(port)) - memoryOf(before);
      assert.ok(held < 10, `${COUNT} connections hold ${held} MB`);
      // some say goodbye, some do not
      for (const [i, connection] of connections.entries()) {
        if (i % 3 === 0) connection.end();
        else if (i % 3 === 1) connection[Symbol.dispose]();
        else connection.socket.resetAndDestroy();
      }
      await Promise.all(
        connections.map((it, i) => i % 3 === 0 ? soon(it.closed, "the end of a connection") : undefined),
      );
      for (const connection of connections) connection[Symbol.dispose]();
      await assertNoGrowth(before, measure);
      await server.stop();
    });
  }
});
