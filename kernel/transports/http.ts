/**
 * MCP over HTTP: one endpoint for the stateless revision 2026-07-28 and for sessions of the revisions before it, and
 * the older HTTP+SSE transport. Web standards only; who may ask is decided in front of it.
 *
 * @module
 */
import {
  type AuthInfo,
  createMcpHandler,
  InMemoryServerEventBus,
  isLegacyRequest,
  type McpHttpHandler,
  type McpServerFactory,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { createCall, LOCAL_PRINCIPAL, type Principal } from "../call.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode } from "../errors.ts";
import { RegistryChanged, ResourceUpdated } from "../events.ts";
import type { ToolEntry } from "../items.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";
import { errorResponse, MAX_MESSAGE_BYTES, readJsonBody } from "./body.ts";
import { RecentEvents } from "./event_store.ts";
import { boundStream, isEventStream } from "./event_stream.ts";
import { subscribeListed } from "./listening.ts";
import { answersAsJson, handleLeniently, takesStream } from "./lenient.ts";
import { findHeaderMismatch } from "./param_headers.ts";
import { Parking, type ParkingOptions } from "./parking.ts";
import { createServerFactory, requestsInFlight, type ServerInfo } from "./server.ts";
import { type Session, type SessionLimits, SessionTable } from "./sessions.ts";
import { streamWhenSlow } from "./slow_answers.ts";
import { SseTransport } from "./sse.ts";

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

interface StreamableSession extends Session {
  readonly kind: "streamable";
  readonly transport: WebStandardStreamableHTTPServerTransport;
}

interface SseSession extends Session {
  readonly kind: "sse";
  readonly transport: SseTransport;
}

class KernelHttpHandler implements HttpHandler {
  readonly #kernel: Kernel;
  readonly #options: HttpOptions;
  readonly #parking: Parking;
  readonly #sessions: SessionTable<StreamableSession | SseSession>;
  readonly #connections: McpServerFactory;
  readonly #modern: McpHttpHandler;
  readonly #disposers: Disposer[];
  #isClosed = false;

  constructor(kernel: Kernel, info: ServerInfo, options: HttpOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.#parking = new Parking(options.parking);
    this.#sessions = new SessionTable(options.sessions);
    const shared = { principal: principalOf, parking: this.#parking };
    this.#connections = createServerFactory(kernel, info, { ...shared, isConnection: () => true });
    const bus = new InMemoryServerEventBus();
    this.#modern = createMcpHandler(createServerFactory(kernel, info, { ...shared, isConnection: () => false }), {
      legacy: "reject",
      bus,
      onerror: (error) => kernel.log.debug(`HTTP: ${error.message}`),
    });
    this.#disposers = [
      kernel.on(RegistryChanged, ({ kind }) => bus.publish({ kind: `${kind}s_list_changed` })),
      kernel.on(ResourceUpdated, ({ uri }) => bus.publish({ kind: "resource_updated", uri })),
    ];
  }

  async fetch(request: Request, { principal = LOCAL_PRINCIPAL }: RequestOptions = {}): Promise<Response> {
    if (this.#isClosed) return stopping();
    if (request.method === "POST") return await this.#post(request, principal);
    if (request.method === "GET" || request.method === "DELETE") return await this.#sessionRequest(request, principal);
    return errorResponse({
      status: 405,
      code: -32000,
      message: `Method ${request.method} not allowed`,
      headers: { allow: "POST, GET, DELETE" },
    });
  }

  async openSse(
    _request: Request,
    { principal = LOCAL_PRINCIPAL, endpoint }: RequestOptions & { endpoint(sessionId: string): string },
  ): Promise<Response> {
    if (this.#isClosed) return stopping();
    const transport = new SseTransport(endpoint);
    const server = await this.#connect(transport, principal);
    const session: SseSession = { kind: "sse", transport, ...sessionOver(server) };
    if (!this.#admit(transport.sessionId, session, principal)) {
      await session.close();
      return tooManySessions();
    }
    return transport.response;
  }

  async message(request: Request, { principal = LOCAL_PRINCIPAL }: RequestOptions = {}): Promise<Response> {
    if (this.#isClosed) return stopping();
    const sessionId = new URL(request.url).searchParams.get("sessionId");
    const session = sessionId === null ? undefined : this.#sessions.use(sessionId, principal);
    if (sessionId !== null && session?.kind !== "sse") return unknownSession();
    const body = await this.#readBody(request);
    if (!body.ok) return body.response;
    if (session?.kind === "sse") return session.transport.receive(body.value, { authInfo: authOf(principal) });
    return await this.#answerDirectly(request, { body: body.value, principal });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const dispose of this.#disposers) await dispose();
    this.#parking.close();
    await this.#modern.close();
    await this.#sessions.close();
  }

  #readBody(request: Request) {
    return readJsonBody(request, this.#options.maxMessageBytes ?? MAX_MESSAGE_BYTES);
  }

  async #post(request: Request, principal: Principal): Promise<Response> {
    const body = await this.#readBody(request);
    if (!body.ok) return body.response;
    const bare = withoutBody(request);
    if (await isLegacyRequest(bare, body.value)) return await this.#legacyPost(bare, { body: body.value, principal });
    const mismatch = this.#findHeaderMismatch(bare.headers, body.value);
    if (mismatch !== undefined) return mismatch;
    const serve = { parsedBody: body.value, authInfo: authOf(principal) };
    const response = await streamWhenSlow(bare, (served) => this.#modern.fetch(served, serve));
    const isListening = isObject(body.value) && body.value["method"] === "subscriptions/listen";
    if (isEventStream(response) && !isListening && !takesStream(bare)) return await answersAsJson(response);
    const call = createCall({ principal });
    const unsubscribe = isEventStream(response) ? subscribeListed(this.#kernel, body.value, call) : undefined;
    return boundStream(response, unsubscribe);
  }

  async #legacyPost(
    request: Request,
    { body, principal }: { readonly body: unknown; readonly principal: Principal },
  ): Promise<Response> {
    if (request.headers.has("mcp-session-id")) return await this.#sessionRequest(request, principal, body);
    if (!isObject(body) || body["method"] !== "initialize") {
      return errorResponse({
        status: 400,
        code: -32000,
        message: "Bad Request: no Mcp-Session-Id header; send initialize first, or speak revision 2026-07-28",
        id: isObject(body) ? body["id"] : undefined,
      });
    }
    return await this.#initialize(request, { body, principal });
  }

  async #initialize(
    request: Request,
    { body, principal }: { readonly body: JsonObject; readonly principal: Principal },
  ): Promise<Response> {
    const id = crypto.randomUUID();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      onsessionclosed: (closed) => this.#sessions.remove(closed),
      eventStore: new RecentEvents(),
      retryInterval: this.#options.retryMs ?? 1_000,
    });
    const server = await this.#connect(transport, principal);
    const session: StreamableSession = { kind: "streamable", transport, ...sessionOver(server) };
    if (!this.#admit(id, session, principal)) {
      await session.close();
      return tooManySessions();
    }
    const response = await handleLeniently(transport, request, { body, authInfo: authOf(principal) });
    // a refused handshake leaves no session behind
    if (!response.ok) {
      this.#sessions.remove(id);
      await session.close();
    }
    return response;
  }

  async #sessionRequest(request: Request, principal: Principal, body?: unknown): Promise<Response> {
    // 2026-07-28 has no sessions, whatever the header says
    if ((request.headers.get("mcp-protocol-version") ?? "") >= "2026") {
      const message = `Method ${request.method} not allowed`;
      return errorResponse({ status: 405, code: -32000, message, headers: { allow: "POST" } });
    }
    const id = request.headers.get("mcp-session-id");
    if (id === null) {
      return errorResponse({ status: 400, code: -32000, message: "Bad Request: no Mcp-Session-Id header" });
    }
    const session = this.#sessions.use(id, principal);
    if (session?.kind !== "streamable") return unknownSession(isObject(body) ? body["id"] : undefined);
    return await handleLeniently(session.transport, request, { body, authInfo: authOf(principal) });
  }

  // one message without a session, as `curl` sends it: a server of its own, and the answer as JSON
  async #answerDirectly(
    request: Request,
    { body, principal }: { readonly body: unknown; readonly principal: Principal },
  ): Promise<Response> {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    const server = await this.#connect(transport, principal);
    const abandoned = new Promise<Response>((resolve) => {
      request.signal.addEventListener("abort", () => resolve(new Response(null, { status: 499 })), { once: true });
    });
    try {
      const answer = handleLeniently(transport, withoutBody(request), { body, authInfo: authOf(principal) });
      return await Promise.race([answer, abandoned]);
    } finally {
      await server.close();
    }
  }

  async #connect(
    transport: SseTransport | WebStandardStreamableHTTPServerTransport,
    principal: Principal,
  ): Promise<Server> {
    const server = await this.#connections({ era: "legacy", authInfo: authOf(principal) }) as Server;
    await server.connect(transport);
    return server;
  }

  #admit(id: string, session: StreamableSession | SseSession, principal: Principal): boolean {
    if (this.#isClosed) return false;
    const { transport } = session;
    const { onclose } = transport;
    transport.onclose = () => {
      this.#sessions.remove(id);
      onclose?.();
    };
    return this.#sessions.add(id, session, principal);
  }

  #findHeaderMismatch(headers: Headers, body: unknown): Response | undefined {
    if (!isObject(body) || body["method"] !== "tools/call" || !isObject(body["params"])) return undefined;
    const { name, arguments: args } = body["params"];
    const schema = typeof name === "string" ? listedSchema(this.#kernel.tools.get(name)) : undefined;
    const mismatch = schema === undefined ? undefined : findHeaderMismatch(schema, args, headers);
    if (mismatch === undefined) return undefined;
    const message = `Bad Request: the request headers and body disagree: ${mismatch}`;
    return errorResponse({ status: 400, code: ErrorCode.headerMismatch, message, id: body["id"] });
  }
}

function sessionOver(server: Server): Session {
  return { isBusy: () => requestsInFlight(server) > 0, close: () => server.close() };
}

// principals travel through the SDK as its AuthInfo
function authOf(principal: Principal): AuthInfo {
  return { token: "", clientId: principal.id, scopes: [...principal.scopes], extra: { principal } };
}

function principalOf(auth: AuthInfo | undefined): Principal | undefined {
  return auth?.extra?.["principal"] as Principal | undefined;
}

// a tool whose schema cannot be shown is not listed, and so has no headers that a client could know
function listedSchema(tool: ToolEntry | undefined): JsonObject | undefined {
  try {
    return tool?.compiled.input.jsonSchema;
  } catch {
    return undefined;
  }
}

function withoutBody(request: Request): Request {
  return new Request(request.url, { method: request.method, headers: request.headers, signal: request.signal });
}

function unknownSession(id?: unknown): Response {
  return errorResponse({
    status: 404,
    code: -32001,
    message: "Session not found: start a new one with initialize",
    id,
  });
}

function stopping(): Response {
  return errorResponse({ status: 503, code: -32000, message: "Service Unavailable: the server is stopping" });
}

function tooManySessions(): Response {
  const message = "Too many sessions: every one is busy; try again later";
  return errorResponse({ status: 503, code: -32000, message, headers: { "retry-after": "10" } });
}
