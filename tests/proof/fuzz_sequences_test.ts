import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "node:test";
import { initialize, modern } from "../support/raw.ts";
import { assertServed, holdingsOf } from "./clients.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import {
  bytesOf,
  messagesIn,
  plainRequest,
  postRequest,
  RawConnection,
  type RawRequest,
  type RawResponse,
} from "./http_wire.ts";
import { type HttpServer, startHttp } from "./served_program.ts";
import { announceSeed, check, FUZZ_RUNS } from "./settings.ts";

const LIMITS = { parked_ms: 500, max_sessions: 50, session_idle_ms: 5_000 };
const STEPS = 12;
const AT_ONCE = 4;
const ANSWER_MS = 10_000;

/** What a step works with: a client that keeps the session it was given, and may forget to open it. */
interface Client {
  readonly port: number;
  session: string | undefined;
  /** Ids of events that came. */
  readonly events: string[];
  readonly open: RawConnection[];
}

type Make = (client: Client, n: number) => RawRequest;

const request = (method: string, params: object = {}): Make => ({ port, session }, n) =>
  postRequest(port, { jsonrpc: "2.0", id: n, method, params }, { headers: sessionHeaders(session) });

function sessionHeaders(session: string | undefined): Record<string, string> {
  return session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
}

const send = (message: (n: number) => unknown): Make => ({ port, session }, n) =>
  postRequest(port, message(n), { headers: sessionHeaders(session) });

const get = (headers: (client: Client) => Record<string, string> = () => ({})): Make => (client) =>
  plainRequest(client.port, "GET", { headers: { ...sessionHeaders(client.session), ...headers(client) } });

/** Everything a client may do, in any order. */
const MOVES: Readonly<Record<string, Make>> = {
  initialize: ({ port }) => postRequest(port, initialize("2025-11-25", { elicitation: {} })),
  "initialize again": send(() => initialize()),
  initialized: send(() => ({ jsonrpc: "2.0", method: "notifications/initialized" })),
  call: request("tools/call", { name: "echo", arguments: { value: 1 } }),
  pause: request("tools/call", { name: "pause", arguments: {} }),
  ask: request("tools/call", { name: "ask", arguments: {} }),
  chat: request("tools/call", { name: "chatty", arguments: { count: 5, progress: true }, _meta: { progressToken: 1 } }),
  list: request("tools/list"),
  subscribe: request("resources/subscribe", { uri: "proof://1" }),
  unsubscribe: request("resources/unsubscribe", { uri: "proof://1" }),
  touch: request("tools/call", { name: "touch", arguments: {} }),
  burst: request("tools/call", { name: "burst", arguments: { changes: 10 } }),
  cancel: send((n) => ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: n } })),
  answer: send((n) => ({ jsonrpc: "2.0", id: n, result: { action: "accept", content: { name: "Eve" } } })),
  "answer 0": send(() => ({ jsonrpc: "2.0", id: 0, result: { action: "accept", content: { name: "Eve" } } })),
  batch: send((
    n,
  ) => [{ jsonrpc: "2.0", id: n, method: "ping" }, { jsonrpc: "2.0", id: n + 100, method: "tools/list" }]),
  stream: get(),
  resume: get(({ events }) => ({ "last-event-id": events[0] ?? "1" })),
  "resume the last": get(({ events }) => ({ "last-event-id": events.at(-1) ?? "1" })),
  end: ({ port, session }) => plainRequest(port, "DELETE", { headers: sessionHeaders(session) }),
  stateless: ({ port }, n) => {
    const { body, headers } = modern("tools/call", { name: "echo", arguments: { value: n } });
    return postRequest(port, body, { headers });
  },
  listen: ({ port, session }) => {
    const { body, headers } = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
    return postRequest(port, body, {
      headers: { ...headers, ...(session !== undefined && { "mcp-session-id": session }) },
    });
  },
};

/** How a step waits for what it began. */
type Wait = "answer" | "head" | "nothing" | "leave";

interface Step {
  readonly move: string;
  /** The id; few, so that they meet. */
  readonly n: number;
  readonly wait: Wait;
}

const KNOWN = new Set([200, 202, 400, 404, 405, 406, 409, 503]);

async function take(client: Client, { move, n, wait }: Step): Promise<void> {
  const connection = await RawConnection.open(client.port);
  client.open.push(connection);
  connection.write(bytesOf(MOVES[move]!(client, n)));
  if (wait === "leave") return connection[Symbol.dispose]();
  if (wait === "nothing") return;
  // a stream that stays open is answered by its head, and so is a question to the client
  const isLong = ["stream", "listen", "ask", "resume", "resume the last"].includes(move) || wait === "head";
  const isAnswered = await connection.wait(ANSWER_MS, ([first]) => first !== undefined && (isLong || first.isWhole));
  assert.ok(isAnswered || connection.isClosed, `"${move}" is not answered`);
  const [response] = connection.responses();
  if (response !== undefined) learn(client, response, move);
}

function learn(client: Client, response: RawResponse, move: string): void {
  assert.ok(KNOWN.has(response.status), `"${move}": status ${response.status}: ${response.body.slice(0, 300)}`);
  client.events.push(...[...response.body.matchAll(/^id: ?(.+)$/gm)].map(([, id]) => id!));
  if (response.isWhole) { for (const message of messagesIn(response)) assert.equal(message.jsonrpc, "2.0"); }
  client.session = response.headers.get("mcp-session-id") ?? client.session;
}

async function play(server: HttpServer, steps: readonly Step[]): Promise<void> {
  const client: Client = { port: server.port, session: undefined, events: [], open: [] };
  try {
    for (const step of steps) await take(client, step);
  } finally {
    for (const connection of client.open) connection[Symbol.dispose]();
  }
}

const sequences = fc.array(
  fc.record({
    move: fc.constantFrom("initialize", "initialize", ...Object.keys(MOVES)),
    n: fc.integer({ min: 0, max: 3 }),
    wait: fc.constantFrom<Wait[]>("answer", "answer", "answer", "head", "nothing", "leave"),
  }),
  { minLength: 1, maxLength: STEPS, size: "max" },
);

describe("sequences that are out of order", () => {
  test("are answered or refused step by step, and change nothing", async () => {
    announceSeed("sequences over HTTP");
    let server = await startHttp({ limits: LIMITS });
    try {
      const property = fc.asyncProperty(fc.array(sequences, { minLength: 1, maxLength: AT_ONCE }), async (lists) => {
        try {
          await Promise.all(lists.map((steps) => play(server, steps)));
          await assertServed(server.port);
          server.assertWell();
        } catch (thrown) {
          await server[Symbol.asyncDispose]();
          server = await startHttp({ limits: LIMITS });
          throw thrown;
        }
      });
      const measure = () => measured(server.pid, () => holdingsOf(server.port));
      const runs = FUZZ_RUNS / STEPS;
      await check(property, Math.min(runs, 20));
      const before = await measure();
      await check(property, runs, 1);
      await assertNoGrowth(before, measure);
      await server.stop();
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });
});
