/**
 * The requests of MCP clients, as they go over the wire.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Answer } from "./answer_reader.ts";
import { HOST, HttpConnection } from "./http_connection.ts";

/** Newest revision without sessions. */
export const STATELESS_REVISION = "2026-07-28";
/** Newest revision with sessions. */
export const SESSION_REVISION = "2025-11-25";

/** One request, and what its answer has to contain. */
export interface Exchange {
  readonly request: string;
  readonly expected: readonly string[];
}

/** A tool as it is listed. */
export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: object;
}

/** A method and its parameters. */
export interface Operation {
  readonly id: number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const CLIENT = { name: "bench", version: "1.0.0" };

/** The message that opens a session, also over stdio. */
export const INITIALIZE: Operation = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: SESSION_REVISION, capabilities: {}, clientInfo: CLIENT },
};

/** The message that a client sends once it knows the server. */
export const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" } as const;

/** Makes a request of the revision without sessions. */
export function statelessRequest(port: number, { id, method, params = {} }: Operation): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": STATELESS_REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT,
  };
  const name = params["name"];
  return post(port, { jsonrpc: "2.0", id, method, params: { ...params, _meta } }, {
    "mcp-protocol-version": STATELESS_REVISION,
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": name }),
  });
}

/** Makes a request inside a session. */
export function sessionRequest(port: number, sessionId: string, { id, method, params = {} }: Operation): string {
  return post(port, { jsonrpc: "2.0", id, method, params }, sessionHeaders(sessionId));
}

/** Makes the call of the tool `echo` with a text that no other id has. */
export function echoCall(id: number): Operation & { readonly expected: readonly string[] } {
  const text = `hello from client ${id}`;
  return {
    id,
    method: "tools/call",
    params: { name: "echo", arguments: { text } },
    expected: [`"id":${id}`, `"text":"${text}"`],
  };
}

/** A session that was opened and is left to itself. */
export interface OpenedSession {
  readonly id: string;
}

/**
 * Opens a session as clients do, by `initialize` and `notifications/initialized`.
 *
 * @throws {Error} when the server refuses.
 */
export async function openSession(connection: HttpConnection, port: number): Promise<OpenedSession> {
  const answer = await connection.send(post(port, { jsonrpc: "2.0", ...INITIALIZE }, {}));
  const id = /\r\nmcp-session-id: *([^\r]+)/i.exec(answer.head)?.[1];
  if (answer.status !== 200 || id === undefined) throw refused("open a session", answer);
  const done = await connection.send(post(port, INITIALIZED, sessionHeaders(id)));
  if (done.status !== 202) throw refused("complete a session", done);
  return { id };
}

/**
 * Ends a session.
 *
 * @throws {Error} when the server refuses.
 */
export async function endSession(connection: HttpConnection, port: number, { id }: OpenedSession): Promise<void> {
  const lines = headerLines({ host: `${HOST}:${port}`, ...sessionHeaders(id) });
  const answer = await connection.send(`DELETE /mcp HTTP/1.1\r\n${lines}\r\n`);
  if (answer.status < 200 || answer.status > 204) throw refused("end a session", answer);
}

/**
 * Fetches every page of `tools/list`.
 *
 * @returns the requests to send again, what each has to answer, and what there is in all.
 * @throws {Error} when the server refuses.
 */
export async function walkTools(port: number): Promise<ToolPages> {
  const connection = new HttpConnection(port);
  try {
    const exchanges: Exchange[] = [];
    const tools: ListedTool[] = [];
    let bytes = 0;
    let cursor: string | undefined;
    do {
      const request = statelessRequest(port, {
        id: exchanges.length,
        method: "tools/list",
        ...(cursor !== undefined && { params: { cursor } }),
      });
      const answer = await connection.send(request);
      if (answer.status !== 200) throw refused("list tools", answer);
      const { result } = JSON.parse(messageText(answer));
      const found: readonly ListedTool[] = result.tools;
      exchanges.push({ request, expected: [`"id":${exchanges.length}`, `"name":"${found.at(-1)?.name}"`] });
      tools.push(...found);
      bytes += answer.body.length;
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    return { exchanges, tools, bytes };
  } finally {
    connection.close();
  }
}

/** All pages of a list. */
export interface ToolPages {
  readonly exchanges: readonly Exchange[];
  readonly tools: readonly ListedTool[];
  /** Of all bodies together. */
  readonly bytes: number;
}

/** Gives the JSON of an answer, be it alone or the last event of a stream. */
export function messageText({ head, body }: Answer): string {
  const text = body.toString("utf8");
  if (!/\r\ncontent-type: *text\/event-stream/i.test(head)) return text;
  return text.split("\n").findLast((line) => line.startsWith("data:") && line.includes("{"))?.slice(5) ?? "";
}

function sessionHeaders(id: string): Readonly<Record<string, string>> {
  return { "mcp-protocol-version": SESSION_REVISION, "mcp-session-id": id };
}

function post(port: number, message: object, headers: Readonly<Record<string, string>>): string {
  const body = JSON.stringify(message);
  const lines = headerLines({
    host: `${HOST}:${port}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
  });
  return `POST /mcp HTTP/1.1\r\n${lines}\r\n${body}`;
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
}

function refused(what: string, { status, body }: Answer): Error {
  return new Error(`Cannot ${what}: status ${status}: ${body.toString("utf8").slice(0, 500)}`);
}
