/**
 * The event streams of a session: each event has an id, and what was sent lately is kept, so that a client which lost a
 * stream comes back for the rest (`Last-Event-ID`).
 *
 * @module
 */
import { EventStream } from "./event_stream.ts";
import { mayBeMissed } from "./messages.ts";

// the least of both is kept
const MAX_EVENTS = 1_000;
const MAX_BYTES = 1024 * 1024;

// older clients take an event without data for one that is broken
const PRIMED_SINCE = "2025-11-25";

interface SentEvent {
  readonly id: number;
  readonly stream: SessionStream;
  readonly data: string;
}

/** What streams of a session are opened with. */
export interface SessionStreamsOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** What a client waits before it comes back, in milliseconds. */
  readonly retryMs: number;
  /** The revision of the client, once it is known. */
  version(): string | undefined;
}

/** The streams of one session. */
export class SessionStreams {
  readonly options: SessionStreamsOptions;
  readonly #streams = new Map<string, SessionStream>();
  #events: SentEvent[] = [];
  #bytes = 0;
  #lastId = 0;
  /** The stream of what belongs to no request, once the client has opened it. */
  standalone: SessionStream | undefined;

  constructor(options: SessionStreamsOptions) {
    this.options = options;
  }

  /** Opens a stream. */
  open(): SessionStream {
    const stream = new SessionStream(this);
    this.#streams.set(stream.key, stream);
    stream.connect();
    return stream;
  }

  /** Notes an event; gives its id. */
  note(stream: SessionStream, data: string): string {
    const id = ++this.#lastId;
    this.#events.push({ id, stream, data });
    this.#bytes += data.length;
    while (this.#events.length > MAX_EVENTS || (this.#bytes > MAX_BYTES && this.#events.length > 1)) {
      const dropped = this.#events.shift()!;
      this.#bytes -= dropped.data.length;
      if (!mayBeMissed(dropped.data)) dropped.stream.lostId = dropped.id;
      if (!this.#events.some((it) => it.stream === dropped.stream)) this.forget(dropped.stream);
    }
    return `${id}_${stream.key}`;
  }

  /**
   * Takes a stream up again after the event that the client saw last; `undefined` when the id is not one of ours, or an
   * answer or a question that came after it is kept no more.
   */
  resume(lastEventId: string): SessionStream | undefined {
    const [, last, key] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(lastEventId) ?? [];
    const stream = key === undefined ? undefined : this.#streams.get(key);
    if (stream === undefined || Number(last) > this.#lastId || Number(last) < stream.lostId) return undefined;
    const missed = this.#events.filter((event) => event.stream === stream && event.id > Number(last));
    stream.connect(missed.filter(({ data }) => data !== "").map(({ id, data }) => ({ id: `${id}_${key}`, data })));
    return stream;
  }

  /** Forgets a stream that is over, once nothing of it is left to ask for. */
  forget(stream: SessionStream): void {
    if (stream.isOver && !this.#events.some((it) => it.stream === stream)) this.#streams.delete(stream.key);
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of this.#streams.values()) stream.disconnect();
    this.#streams.clear();
    this.#events = [];
  }
}

/** One stream of a session; it outlives its connection. */
export class SessionStream {
  readonly key: string = crypto.randomUUID();
  /** Id of the last answer or question that is kept no more. */
  lostId = 0;
  readonly #session: SessionStreams;
  #connection: EventStream | undefined;
  #isOver = false;

  constructor(session: SessionStreams) {
    this.#session = session;
  }

  /** The answer that carries the stream. */
  get response(): Response {
    return this.#connection!.response;
  }

  /** Tells whether all has been sent. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** Connects a client, in place of one before it, and sends what it has missed. */
  connect(missed?: readonly { readonly id: string; readonly data: string }[]): void {
    const { headers, retryMs, version } = this.#session.options;
    this.disconnect();
    const connection = this.#connection = new EventStream({ headers });
    if (missed === undefined && (version() ?? "") >= PRIMED_SINCE) {
      connection.prime(this.#session.note(this, ""), retryMs);
    } else {
      // the first bytes send the head, so that the client sees at once that it is being served
      connection.comment("open");
    }
    for (const { id, data } of missed ?? []) void connection.send(data, { id });
    if (this.#isOver) connection.close();
  }

  /** Sends a message, or keeps it for the client that comes back; resolves when there is room for more. */
  send(message: string): Promise<void> {
    const id = this.#session.note(this, message);
    return this.#connection?.send(message, { id }) ?? Promise.resolve();
  }

  /** Ends the connection of a client that knows to come back for the rest, after a time. */
  release(retryMs?: number): void {
    if ((this.#session.options.version() ?? "") < PRIMED_SINCE) return;
    if (retryMs !== undefined) this.#connection?.retryAfter(retryMs);
    this.disconnect();
  }

  /** Ends the connection. */
  disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Ends the stream: all has been sent. */
  end(): void {
    this.#isOver = true;
    this.disconnect();
    this.#session.forget(this);
  }
}
