/**
 * Clients that behave, by hand, so that each byte they send is known.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { JsonObject } from "../../kernel/mod.ts";
import { initialize, type Message, modern } from "../support/raw.ts";
import { ask, bytesOf, messagesIn, plainRequest, postRequest, RawConnection, type RawResponse } from "./http_wire.ts";
import type { Holdings } from "./plugin.ts";

/** A session of a revision before 2026-07-28. */
export class HttpSession {
  readonly port: number;
  readonly id: string;
  readonly version: string;
  #lastId = 1;

  private constructor(port: number, id: string, version: string) {
    this.port = port;
    this.id = id;
    this.version = version;
  }

  /** Opens a session. */
  static async open(
    port: number,
    { version = "2025-11-25", capabilities = {} }: {
      readonly version?: string;
      readonly capabilities?: JsonObject;
    } = {},
  ): Promise<HttpSession> {
    const response = await ask(port, postRequest(port, initialize(version, capabilities)));
    const id = response.headers.get("mcp-session-id");
    if (response.status !== 200 || id === undefined) {
      throw new Error(`Expected a session, found status ${response.status}: ${response.body}`);
    }
    const session = new HttpSession(port, id, version);
    const { status } = await session.post({ jsonrpc: "2.0", method: "notifications/initialized" });
    assert.equal(status, 202);
    return session;
  }

  /** Headers of its requests. */
  get headers(): Record<string, string> {
    return { "mcp-session-id": this.id, "mcp-protocol-version": this.version };
  }

  /** Posts anything, and reads the whole response. */
  async post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    return await ask(this.port, postRequest(this.port, body, { headers: { ...this.headers, ...headers } }));
  }

  /** Sends a request, and gives the connection before anything has come. */
  async start(method: string, params: JsonObject = {}): Promise<RawConnection> {
    const connection = await RawConnection.open(this.port);
    const body = { jsonrpc: "2.0", id: this.nextId(), method, params };
    connection.write(bytesOf(postRequest(this.port, body, { headers: this.headers })));
    return connection;
  }

  /** Sends a request, and gives its answer. */
  async request(method: string, params: JsonObject = {}): Promise<Message> {
    const id = this.nextId();
    return answerIn(await this.post({ jsonrpc: "2.0", id, method, params }), id);
  }

  /** Gives an id that no request has. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** The id of the last request. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Opens the stream for what belongs to no request, or resumes one. */
  async stream(headers: Readonly<Record<string, string>> = {}): Promise<RawConnection> {
    const connection = await RawConnection.open(this.port);
    connection.write(bytesOf(plainRequest(this.port, "GET", { headers: { ...this.headers, ...headers } })));
    return connection;
  }

  /** Ends the session. */
  async close(): Promise<RawResponse> {
    return await ask(this.port, plainRequest(this.port, "DELETE", { headers: this.headers }));
  }
}

/** Gives the answer with an id. */
export function answerIn(response: RawResponse, id: unknown): Message {
  const answer = messagesIn(response).find((it) => it.id === id && it.method === undefined);
  if (answer === undefined) throw new Error(`Expected an answer, found status ${response.status}: ${response.body}`);
  return answer;
}

/** Sends one request of revision 2026-07-28, and gives its answer. */
export async function askModern(
  port: number,
  method: string,
  { params = {}, capabilities = {} }: { readonly params?: JsonObject; readonly capabilities?: JsonObject } = {},
): Promise<Message> {
  const { body, headers } = modern(method, params, { capabilities });
  return answerIn(await ask(port, postRequest(port, body, { headers })), 1);
}

/** Fails unless a client of each era is served as if nothing had happened. */
export async function assertServed(port: number): Promise<void> {
  const session = await HttpSession.open(port);
  const old = await session.request("tools/call", { name: "echo", arguments: { value: "still here" } });
  assert.deepEqual(old.result?.structuredContent, { value: "still here" });
  assert.equal((await session.close()).status, 200);
  const params = { name: "echo", arguments: { value: "still here" } };
  const now = await askModern(port, "tools/call", { params });
  assert.deepEqual(now.result?.structuredContent, { value: "still here" });
}

/** Asks a server over HTTP what it holds. */
export async function holdingsOf(port: number): Promise<Holdings> {
  const { result } = await askModern(port, "tools/call", { params: { name: "holdings", arguments: {} } });
  return result.structuredContent;
}
