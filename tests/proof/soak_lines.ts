/**
 * Exchanges over stdio: calls that end, are cancelled, ask and listen, in both eras of the protocol on one connection.
 *
 * @module
 */
import assert from "node:assert/strict";
import { modern } from "../support/raw.ts";
import { pause } from "../support/wait.ts";
import type { LineClient } from "./line_client.ts";
import type { Visit } from "./soak_clients.ts";

/** One exchange. */
export type LineVisit = (client: LineClient, visit: Visit) => Promise<void>;

const ECHO = { name: "echo", arguments: { value: "hi" } };

async function cancelled(client: LineClient, id: string, { random }: Visit): Promise<void> {
  await pause(random() * 60);
  client.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
}

let lastId = 0;

function startModern(client: LineClient, method: string, params: Readonly<Record<string, unknown>>): string {
  const id = `stateless ${++lastId}`;
  client.write({ ...modern(method, params, { capabilities: { elicitation: {} } }).body, id });
  return id;
}

/** All kinds of exchanges. */
export const LINE_VISITS: Readonly<Record<string, LineVisit>> = {
  async "call"(client) {
    assert.deepEqual((await client.request("tools/call", ECHO)).result.structuredContent, { value: "hi" });
  },

  async "stateless call"(client) {
    assert.deepEqual((await client.requestModern("tools/call", ECHO)).result.structuredContent, { value: "hi" });
  },

  async "list"(client) {
    assert.ok((await client.request("tools/list")).result.tools.length > 0);
    assert.equal((await client.request("resources/read", { uri: "proof://7" })).result.contents[0].text, "7");
  },

  async "subscription"(client, { random }) {
    const id = String(random());
    await client.request("resources/subscribe", { uri: `proof://${id}` });
    await client.request("tools/call", { name: "touch", arguments: { id } });
    await client.request("resources/unsubscribe", { uri: `proof://${id}` });
  },

  async "changes"(client) {
    await client.request("tools/call", { name: "burst", arguments: { changes: 4 } });
  },

  async "chat"(client) {
    await client.request("tools/call", { name: "chatty", arguments: { count: 20 } });
  },

  async "cancelled call"(client, visit) {
    const name = visit.random() < 0.3 ? "child" : "slow";
    await cancelled(client, client.start("tools/call", { name, arguments: {} }), visit);
  },

  async "cancelled stateless call"(client, visit) {
    await cancelled(client, startModern(client, "tools/call", { name: "slow", arguments: {} }), visit);
  },

  async "question"(client) {
    const { result } = await client.request("tools/call", { name: "ask", arguments: {} });
    assert.equal(result.content[0].text, "decline");
  },

  async "forgotten question"(client) {
    const answer = await client.answer(startModern(client, "tools/call", { name: "ask", arguments: {} }));
    assert.equal(answer.result.resultType, "input_required");
  },

  async "listener"(client, visit) {
    const notifications = { toolsListChanged: true, resourceSubscriptions: [`proof://${visit.random()}`] };
    const id = startModern(client, "subscriptions/listen", { notifications });
    await client.request("tools/call", { name: "touch", arguments: {} });
    await cancelled(client, id, visit);
  },

  "nonsense"(client, { random }) {
    client.write(new TextEncoder().encode(random() < 0.5 ? "{\n" : '{"jsonrpc":"2.0","id":7}\n'));
    return Promise.resolve();
  },
};
