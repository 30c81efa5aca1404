import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "node:test";
import { assertServed, holdingsOf, HttpSession } from "./clients.ts";
import { type Due, dueFor, keyOf } from "./expectations.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import { bytesOf, messagesIn, RawConnection, type RawResponse } from "./http_wire.ts";
import {
  type BytesPlan,
  bytesPlans,
  type MessagePlan,
  messagePlans,
  type RequestContext,
  requestFor,
} from "./requests.ts";
import { type HttpServer, startHttp } from "./served_program.ts";
import { announceSeed, check, FUZZ_RUNS } from "./settings.ts";

const MAX_BYTES = 20_000;
const BATCH = 25;
const WARM_UP = 200;
const ANSWER_MS = 10_000;
const QUIET_MS = 100;
const CLOSE_MS = 10_000;

/** What a server may answer with; 501 and 505 come from the runtime's own parser. */
const KNOWN = new Set([
  200,
  202,
  204,
  400,
  403,
  404,
  405,
  406,
  408,
  409,
  411,
  413,
  414,
  415,
  417,
  426,
  431,
  501,
  503,
  505,
]);

const LIMITS = { max_message_bytes: MAX_BYTES, parked_ms: 500, max_sessions: 50, session_idle_ms: 2_000 };

/** Fails when a response is none that a server gives. */
function assertKnown(response: RawResponse): void {
  assert.ok(KNOWN.has(response.status), `status ${response.status}: ${response.body.slice(0, 500)}`);
  if (!response.isWhole) return;
  for (const message of messagesIn(response)) {
    assert.equal(message.jsonrpc, "2.0", response.body);
    if (response.status < 400) continue;
    assert.equal(typeof message.error?.code, "number", response.body);
    assert.equal(typeof message.error?.message, "string", response.body);
  }
}

/** Sends a whole request, which has to be answered. */
async function sendMessage(plan: MessagePlan, context: RequestContext): Promise<void> {
  const { door, text } = plan;
  using connection = await RawConnection.open(context.port);
  connection.write(bytesOf(requestFor(plan, context)));
  const value = parsed(text);
  const staysOpen = door === "stateless" && isRecord(value) && value["method"] === "subscriptions/listen";
  await connection.wait(ANSWER_MS, ([first]) => first !== undefined && (first.isWhole || staysOpen));
  const [response, ...others] = connection.responses();
  assert.ok(response?.isWhole || (staysOpen && response), `no response, but ${response?.body}`);
  assert.deepEqual(others, []);
  assertKnown(response);
  if (!response.isWhole || value === undefined || Array.isArray(value)) return;
  assertAnswers(response, dueFor(value));
}

function assertAnswers(response: RawResponse, due: Due | undefined): void {
  const id = due?.id;
  const isOwed = due?.least === 1 && (typeof id === "string" || Number.isSafeInteger(id));
  const answers = messagesIn(response).filter((it) => it.method === undefined);
  const told = `${response.status} ${response.body.slice(0, 500)}`;
  assert.ok(answers.every((it) => it.id === undefined || it.id === null || keyOf(it.id) === keyOf(id)), told);
  assert.ok(answers.length <= 1, told);
  if (response.status === 200 && isOwed) assert.deepEqual(answers.map((it) => keyOf(it.id)), [keyOf(id)], told);
  if (response.status === 202) assert.ok(!isOwed, "a request was only accepted");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sends bytes that may be no request, and looks at whatever comes until the connection is over. */
async function sendBytes({ bytes, cuts, ending }: BytesPlan, context: RequestContext): Promise<void> {
  using connection = await RawConnection.open(context.port);
  const whole = bytes(context);
  const places = [0, ...cuts.map((cut) => Math.floor(whole.length * cut / 1_000)).sort((a, b) => a - b), whole.length];
  for (let i = 1; i < places.length; i++) {
    connection.write(whole.subarray(places[i - 1], places[i]));
    if (i < places.length - 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (ending === "reset") connection.socket.resetAndDestroy();
  if (ending !== "wait") return;
  await connection.quiet(QUIET_MS);
  connection.end();
  await connection.wait(CLOSE_MS, (responses) => isOpenStream(responses.at(-1)));
  const responses = connection.responses();
  assert.ok(connection.isClosed || isOpenStream(responses.at(-1)), "the connection is neither answered nor ended");
  for (const response of responses) assertKnown(response);
}

function isOpenStream(response: RawResponse | undefined): boolean {
  return response?.isWhole === false && response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** A server with a session, which are made anew when they are gone. */
class Door implements AsyncDisposable {
  server!: HttpServer;
  #session: HttpSession | undefined;

  static async open(): Promise<Door> {
    const door = new Door();
    await door.#start();
    return door;
  }

  async #start(): Promise<void> {
    this.server = await startHttp({ limits: LIMITS });
    this.#session = undefined;
  }

  /** Runs a batch at once, and fails unless the server is as well as before. */
  async run(send: (context: RequestContext) => Promise<unknown>): Promise<void> {
    const { port } = this.server;
    try {
      const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
      if ((await this.#session?.post(ping))?.status !== 200) this.#session = await HttpSession.open(port);
      await send({ port, session: this.#session!.id });
      await assertServed(port);
      this.server.assertWell();
    } catch (thrown) {
      await this.server[Symbol.asyncDispose]();
      await this.#start();
      throw thrown;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

async function fuzz<T>(
  plans: fc.Arbitrary<T>,
  send: (plan: T, context: RequestContext) => Promise<void>,
): Promise<void> {
  await using door = await Door.open();
  let sent = 0;
  const property = fc.asyncProperty(fc.array(plans, { minLength: 1, maxLength: BATCH, size: "max" }), async (list) => {
    sent += list.length;
    await door.run((context) => Promise.all(list.map((plan) => send(plan, context))));
  });
  const measure = () => measured(door.server.pid, () => holdingsOf(door.server.port));
  await check(property, WARM_UP / BATCH);
  const before = await measure();
  sent = 0;
  while (sent < FUZZ_RUNS) await check(property, FUZZ_RUNS / BATCH, sent);
  await assertNoGrowth(before, measure);
  await door.server.stop();
}

describe("requests that are wrong", () => {
  test("in their messages are answered or refused, and change nothing", async () => {
    announceSeed("messages over HTTP");
    await fuzz(messagePlans(MAX_BYTES), sendMessage);
  });

  test("in their heads, framing and bytes are answered or refused, and change nothing", async () => {
    announceSeed("bytes over HTTP");
    await fuzz(bytesPlans(), sendBytes);
  });
});
