/**
 * MCP over HTTP: one endpoint for the stateless revision 2026-07-28 and for sessions of the revisions before it, and
 * the older HTTP+SSE transport. Web standards only; who may ask is decided in front of it.
 *
 * @module
 */
import { LOCAL_PRINCIPAL, type Principal } from "../call.ts";
import { ErrorCode } from "../errors.ts";
import { type HeadersView, type HttpAnswer, type HttpRequest, toResponse } from "../http_answer.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";
import { errorResponse, MAX_MESSAGE_BYTES, readJsonBody } from "./body.ts";
import { Engine, type ServerInfo } from "./engine.ts";
import { namesModernVersion } from "./headers.ts";
import { followChanges } from "./listening.ts";
import { type InvalidMessage, type Message, readMessage } from "./messages.ts";
import { Parking, type ParkingOptions } from "./parking.ts";
import { SessionHttp, unknownSession } from "./session_http.ts";
import type { SessionLimits } from "./sessions.ts";
import { claimsEnvelope } from "./stateless.ts";
import { StatelessHttp } from "./stateless_http.ts";

/** What the HTTP handler can be told. */
export interface HttpOptions {
  readonly sessions?: SessionLimits;
  readonly parking?: ParkingOptions;
  /** Largest message in bytes; 16 MiB by default. */
  readonly maxMessageBytes?: number;
  /** What a client waits before it asks again for a stream that was closed, in milliseconds; 1,000 by default. */
  readonly retryMs?: number;
}

/** Whom a request comes from. */
export interface RequestOptions {
  /** `local` by default. */
  readonly principal?: Principal;
}

/** MCP over HTTP, as functions from requests to responses. */
export interface HttpHandler {
  /** Serves `/mcp`: POST, GET and DELETE. */
  fetch(request: Request, options?: RequestOptions): Promise<Response>;
  /** Opens a stream of the older transport; `endpoint` gives the address of its messages. */
  openSse(request: Request, options: RequestOptions & { endpoint(sessionId: string): string }): Promise<Response>;
  /** Takes a message of the older transport; without a session id it is answered directly. */
  message(request: Request, options?: RequestOptions): Promise<Response>;
  /** Takes a POST to `/mcp` in its lightest form, as `fetch` does. */
  post(request: HttpRequest, principal: Principal): Promise<HttpAnswer>;
  /** Ends streams, sessions and parked calls. */
  close(): Promise<void>;
}

/**
 * Makes the HTTP handler of a kernel.
 *
 * @example In any Hono app
 * ```ts ignore
 * const http = createHttpHandler(kernel, { name: "mine", version: "1.0.0" });
 * app.all("/mcp", (c) => http.fetch(c.req.raw, { principal: { id: c.get("user"), scopes: [] } }));
 * ```
 */
export function createHttpHandler(kernel: Kernel, info: ServerInfo, options: HttpOptions = {}): HttpHandler {
  return new KernelHttpHandler(kernel, info, options);
}

// as many messages as the SDK takes at once
const MAX_BATCH = 100;

class KernelHttpHandler implements HttpHandler {
  readonly #maxMessageBytes: number;
  readonly #parking: Parking;
  readonly #sessions: SessionHttp;
  readonly #stateless: StatelessHttp;
  readonly #unfollow: Disposer;
  #isClosed = false;

  constructor(kernel: Kernel, info: ServerInfo, options: HttpOptions) {
    this.#maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#parking = new Parking(options.parking);
    const shared = { engine: new Engine(kernel, info), parking: this.#parking };
    const { sessions: limits, retryMs } = options;
    this.#sessions = new SessionHttp({
      ...shared,
      ...(limits !== undefined && { limits }),
      ...(retryMs !== undefined && { retryMs }),
    });
    this.#stateless = new StatelessHttp(shared);
    this.#unfollow = followChanges(kernel, (change) => {
      this.#sessions.tell(change);
      this.#stateless.tell(change);
    });
  }

  async fetch(request: Request, { principal = LOCAL_PRINCIPAL }: RequestOptions = {}): Promise<Response> {
    const { method, headers } = request;
    if (method === "POST") return toResponse(await this.post(request, principal));
    if (this.#isClosed) return stopping();
    if (method !== "GET" && method !== "DELETE") return notAllowed(method, "POST, GET, DELETE");
    // 2026-07-28 has no sessions, whatever the header says
    if (namesModernVersion(headers)) return notAllowed(method, "POST");
    return method === "GET" ? this.#sessions.get(request, principal) : this.#sessions.delete(request, principal);
  }

  openSse(
    _request: Request,
    { principal = LOCAL_PRINCIPAL, endpoint }: RequestOptions & { endpoint(sessionId: string): string },
  ): Promise<Response> {
    return Promise.resolve(this.#isClosed ? stopping() : this.#sessions.openSse(principal, endpoint));
  }

  async message(request: Request, { principal = LOCAL_PRINCIPAL }: RequestOptions = {}): Promise<Response> {
    if (this.#isClosed) return stopping();
    const sessionId = new URL(request.url).searchParams.get("sessionId");
    const session = sessionId === null ? undefined : this.#sessions.findSse(sessionId, principal);
    if (sessionId !== null && session === undefined) return unknownSession();
    const body = await readJsonBody(request, this.#maxMessageBytes);
    if (this.#isClosed) return stopping();
    if (session !== undefined && this.#sessions.findSse(sessionId!, principal) !== session) return unknownSession();
    if (!body.ok) return body.response;
    const messages = readMessages(body.value);
    if (!Array.isArray(messages)) return invalidMessage(messages);
    if (session !== undefined) return session.receive(messages, principal);
    return toResponse(
      await this.#sessions.answerDirectly(messages, { request, principal, isBatch: Array.isArray(body.value) }),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#unfollow();
    this.#parking.close();
    await this.#stateless.close();
    await this.#sessions.close();
  }

  async post(request: HttpRequest, principal: Principal): Promise<HttpAnswer> {
    if (this.#isClosed) return stopping();
    const body = await readJsonBody(request, this.#maxMessageBytes);
    if (this.#isClosed) return stopping();
    if (!body.ok) return body.response;
    const messages = readMessages(body.value);
    if (!Array.isArray(messages)) return invalidMessage(messages);
    const isBatch = Array.isArray(body.value);
    const [first] = messages;
    if (!isBatch && first !== undefined && isModern(first, request.headers)) {
      return await this.#stateless.post(first, { request, principal });
    }
    if (isBatch && messages.some((it) => it.kind !== "answer" && claimsEnvelope(it))) {
      return invalidMessage({ kind: "invalid", id: undefined, reason: "2026-07-28 has no batches" });
    }
    return await this.#sessions.post(messages, { request, principal, isBatch });
  }
}

type ModernMessage = Exclude<Message, { readonly kind: "answer" }>;

// the body says what a request is; where it says nothing, the header does
function isModern(message: Message, headers: HeadersView): message is ModernMessage {
  return message.kind !== "answer" && (claimsEnvelope(message) || namesModernVersion(headers));
}

function readMessages(body: unknown): Message[] | InvalidMessage {
  const items = Array.isArray(body) ? body : [body];
  if (items.length === 0) return { kind: "invalid", id: undefined, reason: "a batch has at least one message" };
  if (items.length > MAX_BATCH) {
    return { kind: "invalid", id: undefined, reason: `a batch has at most ${MAX_BATCH} messages` };
  }
  const messages: Message[] = [];
  for (const item of items) {
    const message = readMessage(item);
    if (message.kind === "invalid") return items.length > 1 ? { ...message, id: undefined } : message;
    messages.push(message);
  }
  return messages;
}

function invalidMessage({ id, reason }: InvalidMessage): Response {
  const message = `Invalid Request: ${reason}`;
  return errorResponse({ status: 400, code: ErrorCode.invalidRequest, message, id });
}

function notAllowed(method: string, allow: string): Response {
  const message = `Method ${method} not allowed`;
  return errorResponse({ status: 405, code: -32000, message, headers: { allow } });
}

function stopping(): Response {
  return errorResponse({ status: 503, code: -32000, message: "Service Unavailable: the server is stopping" });
}
