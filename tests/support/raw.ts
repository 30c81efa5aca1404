/**
 * Requests as they are on the wire, for what no client library sends.
 *
 * @module
 */
import type { JsonObject } from "../../kernel/mod.ts";

/** Whatever serves requests: an app in memory, or `fetch` itself. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** A JSON-RPC message, as loosely as tests read it. */
export interface Message {
  readonly jsonrpc?: string;
  readonly id?: unknown;
  readonly method?: string;
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly params?: any;
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** One event of an event stream. */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
  readonly retry: number | undefined;
}

export const MCP_URL = "http://localhost/mcp";

/** Posts a body; objects are sent as JSON, a header that is `undefined` is left out. */
export async function post(
  fetch: Fetch,
  body: unknown,
  { url = MCP_URL, headers = {}, signal }: {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Response> {
  const all = { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers };
  const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = typeof body === "string" || body instanceof Uint8Array ? body as BodyInit : JSON.stringify(body);
  return await fetch(new Request(url, { method: "POST", headers: sent, body: text, signal: signal ?? null }));
}

/** Reads the events of a stream as they come; comments are passed over. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent, void> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const field = (name: string) =>
        block.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) =>
          line.slice(name.length + 1).trim()
        );
      if (block.split("\n").every((line) => line.startsWith(":"))) continue;
      const [retry] = field("retry");
      yield {
        id: field("id")[0],
        event: field("event")[0],
        data: field("data").join("\n"),
        retry: retry === undefined ? undefined : Number(retry),
      };
    }
  }
}

/** Reads the messages of an answer, be it JSON or an event stream, to its end. */
export async function messagesOf(response: Response): Promise<Message[]> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const body = await response.json();
    return Array.isArray(body) ? body : [body];
  }
  const messages: Message[] = [];
  for await (const { data } of eventsOf(response)) if (data !== "") messages.push(JSON.parse(data));
  return messages;
}

/** Gives the message of an answer that has a result or an error. */
export async function answerOf(response: Response): Promise<Message> {
  const answer = (await messagesOf(response)).find((it) => it.result !== undefined || it.error !== undefined);
  if (answer === undefined) throw new Error(`expected an answer, found status ${response.status}`);
  return answer;
}

/** A session of a revision before 2026-07-28, by hand. */
export class RawSession {
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string | undefined>>;
  /** What the server answered to `initialize`. */
  readonly initialized: Message;
  readonly id: string;
  #lastId = 1;

  private constructor(
    fetch: Fetch,
    { id, initialized, headers }: {
      id: string;
      initialized: Message;
      headers: Readonly<Record<string, string | undefined>>;
    },
  ) {
    this.#fetch = fetch;
    this.id = id;
    this.initialized = initialized;
    this.#headers = { ...headers, "mcp-session-id": id };
  }

  /** Opens a session by `initialize` and `notifications/initialized`. */
  static async open(
    fetch: Fetch,
    { version = "2025-11-25", capabilities = {}, headers = {} }: {
      readonly version?: string;
      readonly capabilities?: JsonObject;
      readonly headers?: Readonly<Record<string, string | undefined>>;
    } = {},
  ): Promise<RawSession> {
    const response = await post(fetch, initialize(version, capabilities), { headers });
    const initialized = await answerOf(response);
    const id = response.headers.get("mcp-session-id") ?? "";
    const negotiated = initialized.result?.protocolVersion ?? version;
    const session = new RawSession(fetch, {
      id,
      initialized,
      headers: { "mcp-protocol-version": negotiated, ...headers },
    });
    const { body } = await session.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    await body?.cancel();
    return session;
  }

  /** Posts anything. */
  async send(body: unknown, headers: Readonly<Record<string, string | undefined>> = {}): Promise<Response> {
    return await post(this.#fetch, body, { headers: { ...this.#headers, ...headers } });
  }

  /** Sends a request, and gives the response before it is read. */
  async start(
    method: string,
    params: JsonObject = {},
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Response> {
    return await this.send({ jsonrpc: "2.0", id: ++this.#lastId, method, params }, headers);
  }

  /** Sends a request, and reads its answer. */
  async request(
    method: string,
    params: JsonObject = {},
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Message> {
    return await answerOf(await this.start(method, params, headers));
  }

  /** Sends a GET or DELETE. */
  async bodyless(
    method: "GET" | "DELETE",
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const all = { accept: "text/event-stream", ...this.#headers, ...headers };
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return await this.#fetch(new Request(MCP_URL, { method, headers: sent, signal: signal ?? null }));
  }
}

export function initialize(version = "2025-11-25", capabilities: JsonObject = {}): JsonObject {
  const params = { protocolVersion: version, capabilities, clientInfo: { name: "raw", version: "1.0.0" } };
  return { jsonrpc: "2.0", id: 1, method: "initialize", params };
}

/** A request of revision 2026-07-28, with the headers that go with it. */
export function modern(
  method: string,
  params: JsonObject = {},
  { capabilities = {}, meta = {}, id = 1 }: {
    readonly capabilities?: JsonObject;
    readonly meta?: JsonObject;
    readonly id?: number;
  } = {},
): { readonly body: JsonObject; readonly headers: Record<string, string> } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": capabilities,
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1.0.0" },
    ...meta,
  };
  const name = params["name"] ?? params["uri"] ?? params["taskId"];
  return {
    body: { jsonrpc: "2.0", id, method, params: { ...params, _meta } },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": headerValue(name) }),
    },
  };
}

// what a header cannot carry as it is travels as base64
function headerValue(name: string): string {
  if (/^[!-~]([ -~]*[!-~])?$/.test(name)) return name;
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}?=`;
}
