/**
 * The answer to an HTTP request that is on its way: it starts out as JSON, and becomes an event stream when something
 * is sent before it, or when it takes long.
 *
 * @module
 */
import { type Encoded, type HeadersView, type HttpAnswer, JsonAnswer } from "../http_answer.ts";
import { textOfEncoded } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import { type Slowable, unwatchSlow, watchSlow } from "./slow_watch.ts";

/** The stream that an answer can become. */
export interface ReplyStream {
  readonly response: Response;
  send(message: string): Promise<void>;
  /** Ends it: all has been sent. */
  end(): void;
  /** Ends its connection; the client comes back for the rest. */
  release?(retryMs?: number): void;
}

/** Tells whether a client takes an event stream: one that asks for JSON alone does not. */
export function takesStream(headers: HeadersView): boolean {
  const accept = headers.get("accept") ?? "*/*";
  return !accept.includes("application/json") || /text\/event-stream|\*\/\*/.test(accept);
}

/** Tells whether a client names event streams among what it takes. */
export function wantsStream(headers: HeadersView): boolean {
  return headers.get("accept")?.includes("text/event-stream") === true;
}

/** The type of answers as JSON. */
export const JSON_TYPE: Readonly<Record<string, string>> = { "content-type": "application/json" };
const SENT: Promise<void> = Promise.resolve();

/** One answer on its way. */
export abstract class Reply implements Outlet, Slowable {
  /** The response, as soon as it is known what it will be. */
  readonly response: Promise<HttpAnswer>;
  dueAt = 0;
  readonly #headers: HeadersView;
  /** Requests of a batch; `undefined` for one that is no batch. */
  readonly #requests: number | undefined;
  #resolve!: (response: HttpAnswer) => void;
  #stream: ReplyStream | undefined;
  #answers: Encoded[] | undefined;
  #left: number;

  /** `headers` are those of the request; a batch of `requests` is answered together. */
  constructor(headers: HeadersView, requests?: number) {
    this.#headers = headers;
    this.#requests = requests;
    this.#left = requests ?? 1;
    this.response = new Promise((resolve) => this.#resolve = resolve);
    watchSlow(this);
  }

  /** Opens the stream. */
  protected abstract openStream(): ReplyStream;

  /** Headers of an answer as JSON. */
  protected get jsonHeaders(): Readonly<Record<string, string>> {
    return JSON_TYPE;
  }

  /** Runs when the answer is long in coming, or has become a stream: time to see whether the client is still there. */
  protected onLong(): void {}

  get isOpen(): boolean {
    return this.#left > 0 && takesStream(this.#headers);
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

  onSlow(): void {
    if (this.isOpen && wantsStream(this.#headers)) this.#opened();
    else this.onLong();
  }

  /** Answers one request, the last of them ends the reply. `status` counts while there is no stream. */
  answer(body: Encoded, status = 200): void {
    if (this.#left === 0) return;
    this.#left--;
    if (this.#stream !== undefined) void this.#stream.send(textOfEncoded(body));
    else if (this.#requests === undefined) this.#respond(body, status);
    else (this.#answers ??= []).push(body);
    if (this.#left > 0) return;
    unwatchSlow(this);
    if (this.#stream !== undefined) this.#stream.end();
    else if (this.#answers !== undefined) this.#respond(`[${this.#answers.map(textOfEncoded).join(",")}]`, status);
  }

  /** Gives it up: there is nothing to answer. */
  dispose(): void {
    this.#left = 0;
    unwatchSlow(this);
  }

  #opened(): ReplyStream {
    if (this.#stream === undefined) {
      unwatchSlow(this);
      this.#stream = this.openStream();
      this.#resolve(this.#stream.response);
      this.onLong();
      for (const body of this.#answers ?? []) void this.#stream.send(textOfEncoded(body));
      this.#answers = undefined;
    }
    return this.#stream;
  }

  #respond(body: Encoded, status: number): void {
    this.#resolve(new JsonAnswer(body, { status, headers: this.jsonHeaders }));
  }
}
