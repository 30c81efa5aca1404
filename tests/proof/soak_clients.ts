/**
 * Clients of every revision over HTTP that come, call, cancel and vanish.
 *
 * @module
 */
import { Client as SecondClient, StreamableHTTPClientTransport as SecondTransport } from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import assert from "node:assert/strict";
import { initialize, type Message, modern } from "../support/raw.ts";
import { pause } from "../support/wait.ts";
import { answerIn, askModern, HttpSession } from "./clients.ts";
import { ask, bytesOf, eventsIn, messagesIn, plainRequest, postRequest, RawConnection } from "./http_wire.ts";

/** What a client is given. */
export interface Visit {
  readonly port: number;
  /** Numbers in [0, 1). */
  random(): number;
}

/** One kind of client, from its coming to its going. */
export type Visitor = (visit: Visit) => Promise<void>;

const WAIT_MS = 15_000;
const SESSION_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"];
const ELICITING = { elicitation: {} };
const ECHO = { name: "echo", arguments: { value: "hi" } };

function pick<T>(list: readonly T[], { random }: Visit): T {
  return list[Math.floor(random() * list.length)]!;
}

async function openSession(visit: Visit, capabilities: Readonly<Record<string, object>> = {}): Promise<HttpSession> {
  return await HttpSession.open(visit.port, { version: pick(SESSION_VERSIONS, visit), capabilities });
}

// most clients never say goodbye
async function leave(session: HttpSession, { random }: Visit): Promise<void> {
  if (random() < 0.5) assert.equal((await session.close()).status, 200);
}

function messagesOf(connection: RawConnection): Message[] {
  return connection.responses().flatMap((it) =>
    it.isWhole || it.headers.get("content-type") === "text/event-stream" ? messagesIn(it) : []
  );
}

async function seen(connection: RawConnection, condition: (message: Message) => boolean): Promise<Message> {
  await connection.wait(WAIT_MS, () => messagesOf(connection).some(condition));
  const found = messagesOf(connection).find(condition);
  assert.ok(found, `it did not come; ${connection.responses().map((it) => `${it.status} ${it.body}`).join()}`);
  return found;
}

function startModern(port: number, params: object, capabilities = {}): Promise<RawConnection> {
  const { body, headers } = modern("tools/call", params as Record<string, unknown>, { capabilities });
  return send(port, bytesOf(postRequest(port, body, { headers })));
}

async function send(port: number, bytes: Uint8Array): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  connection.write(bytes);
  return connection;
}

async function moment({ random }: Visit): Promise<void> {
  await pause(random() * 60);
}

/** Opens a stream of the older transport; gives what posts to it. */
async function openSse(port: number) {
  const stream = await send(port, bytesOf(plainRequest(port, "GET", { target: "/sse" })));
  await stream.wait(WAIT_MS, ([first]) => first?.body.includes("endpoint") === true && first.body.includes("\n\n"));
  const target = eventsIn(stream.responses()[0]!.body)[0]!.data;
  const post = async (message: object) => {
    assert.equal((await ask(port, postRequest(port, message, { target }))).status, 202);
  };
  await post(initialize("2024-11-05"));
  await seen(stream, (it) => it.id === 1);
  await post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return { stream, post };
}

/** All kinds of clients. */
export const VISITORS: Readonly<Record<string, Visitor>> = {
  async "session"(visit) {
    const session = await openSession(visit);
    assert.ok((await session.request("tools/list")).result.tools.length > 0);
    assert.deepEqual((await session.request("tools/call", ECHO)).result.structuredContent, { value: "hi" });
    assert.equal((await session.request("resources/read", { uri: "proof://7" })).result.contents[0].text, "7");
    assert.ok((await session.request("prompts/get", { name: "greet", arguments: { name: "x" } })).result);
    await leave(session, visit);
  },

  async "session that watches"(visit) {
    const session = await openSession(visit);
    using stream = await session.stream();
    await stream.wait(WAIT_MS, ([first]) => first !== undefined);
    const id = String(visit.random());
    await session.request("resources/subscribe", { uri: `proof://${id}` });
    await session.request("tools/call", { name: "touch", arguments: { id } });
    await seen(stream, (it) => it.method === "notifications/resources/updated");
    await session.request("tools/call", { name: "burst", arguments: { changes: 4 } });
    await seen(stream, (it) => it.method === "notifications/tools/list_changed");
    if (visit.random() < 0.5) await session.request("resources/unsubscribe", { uri: `proof://${id}` });
    await leave(session, visit);
  },

  async "session that cancels"(visit) {
    const session = await openSession(visit);
    using _ = await session.start("tools/call", { name: pick(["slow", "child"], visit), arguments: {} });
    await moment(visit);
    await session.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: session.lastId } });
    await leave(session, visit);
  },

  async "session that loses a stream and comes back"(visit) {
    const session = await openSession(visit);
    const call = await session.start("tools/call", { name: "chatty", arguments: { count: 3, bytes: 10 } });
    await seen(call, (it) => it.method === "notifications/message");
    const [first] = eventsIn(call.responses()[0]!.body).filter(({ id }) => id !== undefined);
    call[Symbol.dispose]();
    using again = await session.stream({ "last-event-id": first!.id! });
    await seen(again, (it) => it.result?.content[0].text === "said");
    await leave(session, visit);
  },

  async "session that vanishes in a call"(visit) {
    const session = await openSession(visit);
    using _ = await session.start("tools/call", { name: "slow", arguments: { ms: 300 } });
    await moment(visit);
  },

  async "session that answers a question"(visit) {
    const session = await openSession(visit, ELICITING);
    using call = await session.start("tools/call", { name: "ask", arguments: {} });
    const { id } = await seen(call, (it) => it.method === "elicitation/create");
    await session.post({ jsonrpc: "2.0", id, result: { action: "accept", content: { name: "Ada" } } });
    await seen(call, (it) => it.result?.content[0].text === "Ada");
    await leave(session, visit);
  },

  async "session that vanishes from a question"(visit) {
    const session = await openSession(visit, ELICITING);
    using call = await session.start("tools/call", { name: "ask", arguments: {} });
    await seen(call, (it) => it.method === "elicitation/create");
  },

  async "batch"({ port }) {
    const session = await HttpSession.open(port, { version: "2025-03-26" });
    const batch = [2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "tools/call", params: ECHO }));
    const response = await session.post(batch);
    for (const { id } of batch) assert.ok(answerIn(response, id).result, response.body);
  },

  async "older transport"(visit) {
    const { stream, post } = await openSse(visit.port);
    using _ = stream;
    await post({ jsonrpc: "2.0", id: 2, method: "tools/call", params: ECHO });
    await seen(stream, (it) => it.id === 2);
    if (visit.random() < 0.5) return;
    // it leaves in a call
    await post({
      jsonrpc: "2.0",
      id: 3,
      method: "tools/call",
      params: { name: pick(["slow", "child"], visit), arguments: {} },
    });
    await moment(visit);
  },

  async "message without a session"({ port }) {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: ECHO };
    assert.ok(answerIn(await ask(port, postRequest(port, body, { target: "/message" })), 1).result);
  },

  async "stateless"({ port }) {
    assert.ok((await askModern(port, "server/discover")).result.capabilities);
    assert.ok((await askModern(port, "tools/list")).result.tools.length > 0);
    assert.deepEqual((await askModern(port, "tools/call", { params: ECHO })).result.structuredContent, { value: "hi" });
  },

  async "stateless that leaves"(visit) {
    using _ = await startModern(visit.port, { name: pick(["slow", "child"], visit), arguments: {} });
    await moment(visit);
  },

  async "stateless that answers a question"({ port }) {
    const params = { name: "ask", arguments: {} };
    const { result } = await askModern(port, "tools/call", { params, capabilities: ELICITING });
    const [key = ""] = Object.keys(result.inputRequests);
    const answer = { action: "accept", content: { name: "Ada" } };
    const again = { ...params, requestState: result.requestState, inputResponses: { [key]: answer } };
    const { result: named } = await askModern(port, "tools/call", { params: again, capabilities: ELICITING });
    assert.equal(named.content[0].text, "Ada");
  },

  async "stateless that forgets a question"({ port }) {
    const params = { name: "ask", arguments: {} };
    const { result } = await askModern(port, "tools/call", { params, capabilities: ELICITING });
    assert.equal(result.resultType, "input_required");
  },

  async "listener"(visit) {
    const { port } = visit;
    const id = String(visit.random());
    const notifications = { toolsListChanged: true, resourceSubscriptions: [`proof://${id}`] };
    const { body, headers } = modern("subscriptions/listen", { notifications });
    using stream = await send(port, bytesOf(postRequest(port, body, { headers })));
    await seen(stream, (it) => it.method === "notifications/subscriptions/acknowledged");
    await askModern(port, "tools/call", { params: { name: "touch", arguments: { id } } });
    await seen(stream, (it) => it.method === "notifications/resources/updated");
    await moment(visit);
  },

  async "script"(visit) {
    const isEndless = visit.random() < 0.5;
    const params = { name: "soak_script", arguments: { until: isEndless ? "doomsday" : "now" } };
    if (!isEndless) {
      const { result } = await askModern(visit.port, "tools/call", { params });
      assert.equal(result.content[0].text.trim(), "done");
      return;
    }
    using _ = await startModern(visit.port, params);
    await moment(visit);
  },

  async "nonsense"({ port, random }) {
    using connection = await RawConnection.open(port);
    const { length } =
      "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    const words = bytesOf(postRequest(port, "{", { headers: { "content-length": "99" } }));
    connection.write(words.subarray(0, Math.floor(random() * length * 2)));
    await pause(random() * 20);
  },

  async "first SDK"({ port }) {
    const client = new FirstClient({ name: "soak", version: "1.0.0" });
    await client.connect(
      new FirstTransport(new URL(`http://127.0.0.1:${port}/mcp`)) as Parameters<FirstClient["connect"]>[0],
    );
    assert.deepEqual((await client.callTool(ECHO)).structuredContent, { value: "hi" });
    await client.close();
  },

  async "second SDK"({ port, random }) {
    const mode = random() < 0.5 ? { pin: "2026-07-28" } : "legacy" as const;
    const client = new SecondClient({ name: "soak", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new SecondTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
    assert.deepEqual((await client.callTool(ECHO)).structuredContent, { value: "hi" });
    await client.close();
  },
};

/** Makes the tool that the visitors called `script` use. */
export async function makeScript(port: number): Promise<void> {
  const code = "read -r line\ncase $line in *doomsday*) sleep 600;; esac\necho done\n";
  const input_schema = { type: "object", properties: { until: { type: "string" } } };
  const params = {
    name: "register_script",
    arguments: { name: "soak_script", description: "Wait", interpreter: "bash", code, input_schema },
  };
  const { result } = await askModern(port, "tools/call", { params });
  assert.notEqual(result?.isError, true, JSON.stringify(result));
}
