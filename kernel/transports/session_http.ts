/**
 * The revisions before 2026-07-28 over HTTP: sessions that open with `initialize`, and the older HTTP+SSE transport.
 *
 * @module
 */
import { onAbort } from "../cancellation.ts";
import type { Principal } from "../call.ts";
import { ErrorCode } from "../errors.ts";
import { type HeadersView, type HttpAnswer, type HttpRequest, JsonAnswer } from "../http_answer.ts";
import { errorResponse } from "./body.ts";
import { Connection } from "./connection.ts";
import type { Engine } from "./engine.ts";
import type { Change } from "./listening.ts";
import { encodeError, type Message, type RequestMessage } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import type { Parking } from "./parking.ts";
import { JSON_TYPE, Reply, type ReplyStream, takesStream } from "./reply.ts";
import { LEGACY_VERSIONS } from "./revisions.ts";
import { SessionStreams } from "./session_streams.ts";
import { type Session, type SessionLimits, SessionTable } from "./sessions.ts";
import { SseSession } from "./sse.ts";

const RETRY_MS = 1_000;

/** What sessions are served with. */
export interface SessionHttpOptions {
  readonly engine: Engine;
  readonly parking: Parking;
  readonly limits?: SessionLimits;
  readonly retryMs?: number;
}

/** What comes with posted messages. */
export interface PostOptions {
  readonly request: HttpRequest;
  readonly principal: Principal;
}

/** One session: a connection, and its streams once it has any. */
class HttpSession implements Session {
  readonly kind = "streamable";
  readonly id: string = crypto.randomUUID();
  readonly connection: Connection;
  /** Headers of its answers as JSON. */
  readonly jsonHeaders: Readonly<Record<string, string>> = { ...JSON_TYPE, "mcp-session-id": this.id };
  readonly #retryMs: number;
  #streams: SessionStreams | undefined;

  constructor({ engine, parking, retryMs = RETRY_MS }: SessionHttpOptions) {
    this.#retryMs = retryMs;
    this.connection = new Connection({
      engine,
      parking,
      sessionId: this.id,
      send: (message) => this.#streams?.standalone?.send(message) ?? Promise.resolve(),
    });
  }

  get streams(): SessionStreams {
    return this.#streams ??= new SessionStreams({
      headers: { "mcp-session-id": this.id },
      retryMs: this.#retryMs,
      version: () => this.connection.client.protocolVersion,
    });
  }

  isBusy(): boolean {
    return this.connection.isBusy;
  }

  close(): Promise<void> {
    this.connection.close();
    this.#streams?.close();
    return Promise.resolve();
  }
}

/** Serves sessions. */
export class SessionHttp {
  readonly #options: SessionHttpOptions;
  readonly #sessions: SessionTable<HttpSession | SseSession>;

  constructor(options: SessionHttpOptions) {
    this.#options = options;
    this.#sessions = new SessionTable(options.limits);
  }

  /** Answers posted messages. */
  async post(messages: readonly Message[], options: PostOptions & { readonly isBatch: boolean }): Promise<HttpAnswer> {
    const { request, principal, isBatch } = options;
    const opening = messages.find((it) => it.kind === "request" && it.method === "initialize") as RequestMessage;
    if (opening !== undefined) {
      if (isBatch) return invalid("initialize comes alone, and in no batch", undefined);
      if (!request.headers.has("mcp-session-id")) return await this.#open(opening, options);
    }
    const id = messages.length === 1 && messages[0]!.kind === "request" ? messages[0]!.id : undefined;
    const session = this.#find(request, { principal, id });
    if (session instanceof Response) return session;
    if (opening !== undefined) return invalid("the session has been initialized already", opening.id);
    return await this.#deliver(session, messages, { request, principal, isBatch });
  }

  /** Opens the stream of what belongs to no request, or takes up a stream that was lost. */
  get(request: Request, principal: Principal): Response {
    const session = this.#find(request, { principal });
    if (session instanceof Response) return session;
    if (!takesStream(request.headers)) {
      const message = "Not Acceptable: the answer is an event stream, and the client takes none";
      return errorResponse({ status: 406, code: -32000, message });
    }
    const { streams } = session;
    const lastEventId = request.headers.get("last-event-id");
    if (lastEventId !== null) {
      return streams.resume(lastEventId)?.response ?? errorResponse({
        status: 400,
        code: -32000,
        message: "Bad Request: the Last-Event-ID is none of this session, or too old",
      });
    }
    if (streams.standalone?.isConnected === true) {
      const message = "Conflict: the session has a stream already";
      return errorResponse({ status: 409, code: -32000, message });
    }
    streams.standalone?.end();
    streams.standalone = streams.open();
    return streams.standalone.response;
  }

  /** Ends a session. */
  async delete(request: Request, principal: Principal): Promise<Response> {
    const session = this.#find(request, { principal });
    if (session instanceof Response) return session;
    this.#sessions.remove(session.id);
    await session.close();
    return new Response(null, { status: 200 });
  }

  /** Opens a stream of the older transport. */
  openSse(principal: Principal, endpoint: (sessionId: string) => string): Response {
    const session = new SseSession({
      ...this.#options,
      endpoint,
      onEnd: () => this.#sessions.remove(session.id),
    });
    if (this.#sessions.add(session.id, session, principal)) return session.response;
    void session.close();
    return tooManySessions();
  }

  /** Finds a session of the older transport. */
  findSse(id: string, principal: Principal): SseSession | undefined {
    const session = this.#sessions.use(id, principal);
    return session?.kind === "sse" ? session : undefined;
  }

  /** Answers one message without a session, as `curl` sends it: as JSON, with no way to ask the client. */
  async answerDirectly(
    messages: readonly Message[],
    { request, principal, isBatch }: PostOptions & { readonly isBatch: boolean },
  ): Promise<HttpAnswer> {
    const connection = new Connection({ ...this.#options, send: () => Promise.resolve() });
    const reply = new DirectReply(connection, { request, ...(isBatch && { requests: countRequests(messages) }) });
    try {
      return await this.#answer(messages, { connection, reply, principal });
    } finally {
      connection.close();
    }
  }

  /** Tells the clients of a change. */
  tell(change: Change): void {
    for (const [{ connection }, principalId] of this.#sessions.entries()) connection.tellOf(change, principalId);
  }

  /** Ends every session. */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  async #open(opening: RequestMessage, { principal }: PostOptions): Promise<HttpAnswer> {
    const session = new HttpSession(this.#options);
    const body = await session.connection.answer(opening, { principal, outlet: NOWHERE });
    // a refused handshake leaves no session behind
    const isOpen = session.connection.client.protocolVersion !== undefined;
    if (isOpen && !this.#sessions.add(session.id, session, principal)) return tooManySessions();
    const headers = { "content-type": "application/json", ...(isOpen && { "mcp-session-id": session.id }) };
    return new JsonAnswer(body!, { status: 200, headers });
  }

  #find(
    { headers }: HttpRequest,
    { principal, id }: { readonly principal: Principal; readonly id?: unknown },
  ): HttpSession | Response {
    const sessionId = headers.get("mcp-session-id");
    if (sessionId === null) {
      const message = "Bad Request: no Mcp-Session-Id header; send initialize first, or speak revision 2026-07-28";
      return errorResponse({ status: 400, code: -32000, message, id });
    }
    const session = this.#sessions.use(sessionId, principal);
    if (session?.kind !== "streamable") return unknownSession(id);
    const version = headers.get("mcp-protocol-version");
    if (version === null || LEGACY_VERSIONS.includes(version)) return session;
    const message = `Bad Request: unsupported protocol version "${version}"; sessions have ${
      LEGACY_VERSIONS.join(", ")
    }`;
    return errorResponse({ status: 400, code: -32000, message, id });
  }

  #deliver(
    session: HttpSession,
    messages: readonly Message[],
    { request: { headers }, principal, isBatch }: PostOptions & { readonly isBatch: boolean },
  ): Promise<HttpAnswer> {
    const reply = new SessionReply(session, { headers, ...(isBatch && { requests: countRequests(messages) }) });
    return this.#answer(messages, { connection: session.connection, reply, principal });
  }

  async #answer(messages: readonly Message[], { connection, reply, principal }: Answering): Promise<HttpAnswer> {
    for (const message of messages) {
      if (message.kind === "answer") connection.settle(message);
      else if (message.kind === "notification") connection.receive(message);
      else {void connection.answer(message, { principal, outlet: reply }).then((body) =>
          // what was cancelled has no answer; the response that waits for it has to end all the same
          reply.answer(body ?? encodeError(message.id, CANCELLED))
        );}
    }
    if (countRequests(messages) > 0) return await reply.response;
    reply.dispose();
    return new Response(null, { status: 202 });
  }
}

/** An answer in a session: its stream can be taken up again. */
class SessionReply extends Reply {
  readonly #session: HttpSession;

  constructor(
    session: HttpSession,
    { headers, requests }: { readonly headers: HeadersView; readonly requests?: number },
  ) {
    super(headers, requests);
    this.#session = session;
  }

  protected override openStream(): ReplyStream {
    return this.#session.streams.open();
  }

  protected override get jsonHeaders(): Readonly<Record<string, string>> {
    return this.#session.jsonHeaders;
  }
}

/** An answer without a session, which has no stream. */
class DirectReply extends Reply {
  readonly #connection: Connection;
  readonly #request: HttpRequest;

  constructor(
    connection: Connection,
    { request, requests }: { readonly request: HttpRequest; readonly requests?: number },
  ) {
    super(request.headers, requests);
    this.#connection = connection;
    this.#request = request;
  }

  override get isOpen(): boolean {
    return false;
  }

  protected override openStream(): never {
    throw new TypeError("Cannot open a stream: there is no session");
  }

  protected override onLong(): void {
    onAbort(this.#request.signal, () => this.#connection.close());
  }
}

interface Answering {
  readonly connection: Connection;
  readonly reply: Reply;
  readonly principal: Principal;
}

const CANCELLED = { code: ErrorCode.internalError, message: "Cancelled by the client" };

/** The way to a client that hears nothing but its answer. */
const NOWHERE: Outlet = { isOpen: false, notify: () => Promise.resolve(), ask: () => Promise.resolve() };

function countRequests(messages: readonly Message[]): number {
  return messages.reduce((count, { kind }) => count + (kind === "request" ? 1 : 0), 0);
}

function invalid(reason: string, id: unknown): Response {
  const message = `Invalid Request: ${reason}`;
  return errorResponse({ status: 400, code: ErrorCode.invalidRequest, message, id });
}

/** Refuses a request of a session that is not there, or is another's. */
export function unknownSession(id?: unknown): Response {
  return errorResponse({
    status: 404,
    code: -32001,
    message: "Session not found: start a new one with initialize",
    id,
  });
}

function tooManySessions(): Response {
  const message = "Too many sessions: every one is busy; try again later";
  return errorResponse({ status: 503, code: -32000, message, headers: { "retry-after": "10" } });
}
