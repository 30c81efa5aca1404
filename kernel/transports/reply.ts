/**
 * The answer to an HTTP request that is on its way: it starts out as JSON, and becomes an event stream when something
 * is sent before it, or when it takes long.
 *
 * @module
 */
import { type Encoded, textOfEncoded } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import { SlowWatch } from "./slow_watch.ts";

/** The stream that an answer can become. */
export interface ReplyStream {
  readonly response: Response;
  send(message: string): Promise<void>;
  /** Ends it: all has been sent. */
  end(): void;
  /** Ends its connection; the client comes back for the rest. */
  release?(retryMs?: number): void;
}

/** What a reply is made with. */
export interface ReplyOptions {
  /** Number of requests that it answers; more than one is a batch. */
  readonly requests?: number;
  /** Opens the stream; without it the client takes JSON alone. */
  readonly open?: () => ReplyStream;
  /** Headers of an answer as JSON. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the answer becomes a stream when it is long in coming. */
  readonly isStreamedWhenSlow: boolean;
  /** Runs when the answer is long in coming, or has become a stream: time to see whether the client is still there. */
  onSlow?(): void;
}

/** Tells whether a client takes an event stream: one that asks for JSON alone does not. */
export function takesStream(headers: Headers): boolean {
  const accept = headers.get("accept") ?? "*/*";
  return !accept.includes("application/json") || /text\/event-stream|\*\/\*/.test(accept);
}

/** Tells whether a client names event streams among what it takes. */
export function wantsStream(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/event-stream") === true;
}

const JSON_TYPE = { "content-type": "application/json" };
const SENT: Promise<void> = Promise.resolve();

/** One answer on its way. */
export class Reply implements Outlet {
  /** The response, as soon as it is known what it will be. */
  readonly response: Promise<Response>;
  readonly #options: ReplyOptions;
  readonly #unwatch: () => void;
  #resolve!: (response: Response) => void;
  #stream: ReplyStream | undefined;
  #answers: Encoded[] | undefined;
  #left: number;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#left = options.requests ?? 1;
    this.response = new Promise((resolve) => this.#resolve = resolve);
    this.#unwatch = SlowWatch.add(() => {
      if (options.open !== undefined && options.isStreamedWhenSlow) this.#opened();
      else options.onSlow?.();
    });
  }

  get isOpen(): boolean {
    return this.#options.open !== undefined && this.#left > 0;
  }

  /** Sends a message before the answer; a client that takes JSON alone misses it. */
  notify(message: string): Promise<void> {
    return this.isOpen ? this.#opened().send(message) : SENT;
  }

  ask(message: string): Promise<void> {
    return this.notify(message);
  }

  release(retryMs?: number): void {
    if (this.isOpen) this.#opened().release?.(retryMs);
  }

  /** Answers one request, the last of them ends the reply. `status` counts while there is no stream. */
  answer(body: Encoded, status = 200): void {
    if (this.#left === 0) return;
    this.#left--;
    if (this.#stream !== undefined) void this.#stream.send(textOfEncoded(body));
    else if (this.#options.requests === undefined) this.#respond(body, status);
    else (this.#answers ??= []).push(body);
    if (this.#left > 0) return;
    this.#unwatch();
    if (this.#stream !== undefined) this.#stream.end();
    else if (this.#answers !== undefined) this.#respond(`[${this.#answers.map(textOfEncoded).join(",")}]`, status);
  }

  /** Gives it up: there is nothing to answer. */
  dispose(): void {
    this.#left = 0;
    this.#unwatch();
  }

  #opened(): ReplyStream {
    if (this.#stream === undefined) {
      this.#unwatch();
      this.#stream = this.#options.open!();
      this.#resolve(this.#stream.response);
      this.#options.onSlow?.();
      for (const body of this.#answers ?? []) void this.#stream.send(textOfEncoded(body));
      this.#answers = undefined;
    }
    return this.#stream;
  }

  #respond(body: Encoded, status: number): void {
    const headers = this.#options.headers === undefined ? JSON_TYPE : { ...JSON_TYPE, ...this.#options.headers };
    this.#resolve(new Response(body as BodyInit, { status, headers }));
  }
}
