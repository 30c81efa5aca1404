/**
 * Requests and answers of HTTP in their lightest form. `Request` and `Response` of the platform fit, and cost, on some
 * runtimes, more than all that is done with them; whoever listens may hand over something lighter.
 *
 * @module
 */

/** What is read of headers. */
export type HeadersView = Pick<Headers, "get" | "has">;

/** What is read of a request; a `Request` is one. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeadersView;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal;
  arrayBuffer(): Promise<ArrayBuffer | Uint8Array>;
}

/** JSON as text, as UTF-8 when it was kept that way, or as UTF-8 between two pieces of text. */
export type Encoded = string | Uint8Array | EncodedParts;

const ENCODER = new TextEncoder();

/** JSON of which the most was kept: it is not copied for each answer. */
export class EncodedParts {
  readonly head: string;
  readonly kept: Uint8Array;
  readonly tail: string;

  /** `head` and `tail` are ASCII. */
  constructor(head: string, kept: Uint8Array, tail: string) {
    this.head = head;
    this.kept = kept;
    this.tail = tail;
  }

  /** Number of bytes. */
  get length(): number {
    return this.head.length + this.kept.length + this.tail.length;
  }

  /** Gives all in one piece. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length);
    ENCODER.encodeInto(this.head, bytes);
    bytes.set(this.kept, this.head.length);
    bytes.set(ENCODER.encode(this.tail), this.head.length + this.kept.length);
    return bytes;
  }
}

/** An answer as JSON. */
export class JsonAnswer {
  readonly body: Encoded;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    body: Encoded,
    { status, headers }: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  ) {
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

/** An answer: JSON, or anything else as a `Response`. */
export type HttpAnswer = JsonAnswer | Response;

/** Makes a `Response` of an answer. */
export function toResponse(answer: HttpAnswer): Response {
  if (!(answer instanceof JsonAnswer)) return answer;
  const { body, status, headers } = answer;
  return new Response((body instanceof EncodedParts ? body.toBytes() : body) as BodyInit, { status, headers });
}

/** Answers requests of the lightest form; `undefined` leaves one to whoever takes a `Request`. */
export type QuickAnswer = (request: HttpRequest) => Promise<HttpAnswer> | undefined;
