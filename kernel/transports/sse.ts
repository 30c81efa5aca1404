/**
 * The older HTTP+SSE transport (revision 2024-11-05): `GET /sse` opens a stream whose first event names the address
 * for messages, `POST` there is answered on the stream. Over web streams, for the clients that still speak it.
 *
 * @module
 */
import {
  type JSONRPCMessage,
  type MessageExtraInfo,
  parseJSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { ErrorCode } from "../errors.ts";
import { errorResponse } from "./body.ts";
import { MAX_UNREAD_BYTES } from "./event_stream.ts";

const KEEP_ALIVE_MS = 15_000;
// as many as the SDK takes
const MAX_BATCH = 100;

/** One connection of the older transport. */
export class SseTransport implements Transport {
  readonly sessionId: string = crypto.randomUUID();
  readonly response: Response;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
  readonly #encoder = new TextEncoder();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #keepAlive: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  /** Opens the stream; `endpoint` gives the address of messages for a session id. */
  constructor(endpoint: (sessionId: string) => string) {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.close(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }));
    this.#write(`event: endpoint\ndata: ${endpoint(this.sessionId)}\n\n`);
    this.#keepAlive = setInterval(() => this.#write(": keep-alive\n\n"), KEEP_ALIVE_MS);
    this.response = new Response(stream, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
      },
    });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Takes a posted body, already parsed: one message, or a batch. Answers 202, or 400 when it is no message. */
  receive(body: unknown, extra: MessageExtraInfo): Response {
    const items: readonly unknown[] = Array.isArray(body) ? body : [body];
    if (items.length === 0) return invalid("a batch has at least one message");
    if (items.length > MAX_BATCH) return invalid(`a batch has at most ${MAX_BATCH} messages`);
    try {
      for (const message of items.map((it) => parseJSONRPCMessage(it))) this.onmessage?.(message, extra);
      return new Response("Accepted", { status: 202 });
    } catch {
      return invalid("not a JSON-RPC message");
    }
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    clearInterval(this.#keepAlive);
    try {
      this.#controller.close();
    } catch {
      // the client cancelled the stream first
    }
    this.onclose?.();
    return Promise.resolve();
  }

  #write(text: string): void {
    if (this.#isClosed) return;
    this.#controller.enqueue(this.#encoder.encode(text));
    if ((this.#controller.desiredSize ?? 0) < 0) void this.close();
  }
}

function invalid(reason: string): Response {
  return errorResponse({ status: 400, code: ErrorCode.invalidRequest, message: `Invalid Request: ${reason}` });
}
