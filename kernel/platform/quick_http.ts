/**
 * Requests over `node:http` that are answered without a `Request` and a `Response`, which on Node cost more than a quick
 * call.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { EncodedParts, type HeadersView, type HttpAnswer, type HttpRequest, JsonAnswer } from "../http_answer.ts";

// larger bodies, and those of unknown length, go the ordinary way, which reads them piece by piece
const MAX_BODY_BYTES = 1024 * 1024;

/** Tells whether a request is one of those that may be quick: small, and of known length. */
export function mayBeQuick({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return length !== undefined && headers.expect === undefined && Number(length) <= MAX_BODY_BYTES;
}

/** A request of `node:http` as the transports read it. */
export class QuickRequest implements HttpRequest, HeadersView {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #controller: AbortController | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get method(): string {
    return this.#incoming.method ?? "GET";
  }

  get url(): string {
    return `http://${this.#incoming.headers.host}${this.#incoming.url}`;
  }

  get headers(): HeadersView {
    return this;
  }

  get(name: string): string | null {
    const value = this.#incoming.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : value ?? null;
  }

  has(name: string): boolean {
    return this.#incoming.headers[name.toLowerCase()] !== undefined;
  }

  /** Not read: what may be quick has a known length. */
  readonly body: null = null;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      const outgoing = this.#outgoing;
      if (outgoing.destroyed || outgoing.req.socket.destroyed) controller.abort();
      else onClosed(outgoing, () => void (outgoing.writableFinished || controller.abort()));
    }
    return this.#controller.signal;
  }

  arrayBuffer(): Promise<Uint8Array> {
    const incoming = this.#incoming;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
      incoming.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      incoming.once("error", reject);
      // comes after every request; an error has its price
      incoming.once("close", () => void (incoming.complete || reject(new Error("the client has left"))));
    });
  }
}

/** Sends an answer. */
export async function sendAnswer(answer: HttpAnswer, outgoing: ServerResponse): Promise<void> {
  if (!(answer instanceof JsonAnswer)) return await sendResponse(answer, outgoing);
  const { body, status, headers } = answer;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  outgoing.setHeader("content-length", length);
  outgoing.writeHead(status, headers);
  if (!(body instanceof EncodedParts)) return void outgoing.end(body);
  outgoing.write(body.head);
  outgoing.write(body.kept);
  outgoing.end(body.tail);
}

async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) return void outgoing.end();
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  onClosed(outgoing, () => void reader.cancel().catch(() => {}));
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (!outgoing.write(value)) await drained(outgoing);
    }
    outgoing.end();
  } catch {
    outgoing.destroy();
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      outgoing.off("drain", end);
      forget();
      resolve();
    };
    outgoing.on("drain", end);
    const forget = onClosed(outgoing, end);
  });
}

// an answer that waits behind another on its connection has no socket yet, and hears nothing of its end
function onClosed(outgoing: ServerResponse, listener: () => void): () => void {
  const { socket } = outgoing.req;
  if (outgoing.destroyed || socket.destroyed) {
    queueMicrotask(listener);
    return () => {};
  }
  const forget = () => {
    outgoing.off("close", end);
    socket.off("close", end);
  };
  const end = () => {
    forget();
    listener();
  };
  outgoing.on("close", end);
  socket.on("close", end);
  return forget;
}
