/**
 * Event streams (text/event-stream, WHATWG HTML §9.2): bounded, since a client may read slowly or not at all.
 *
 * @module
 */

/** What a client may leave unread before its stream ends: 16 MiB. */
export const MAX_UNREAD_BYTES: number = 16 * 1024 * 1024;

// beyond this whoever sends waits for the client
const COMFORTABLE_BYTES = 1024 * 1024;
// comments keep proxies from giving up
const KEEP_ALIVE_MS = 15_000;

const ENCODER = new TextEncoder();
const SENT: Promise<void> = Promise.resolve();

/** What a stream is opened with. */
export interface EventStreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Runs once, when the stream has ended, from either side; tells whether the client left. */
  onEnd?(hasLeft: boolean): void;
}

/** One event stream to a client. */
export class EventStream {
  readonly response: Response;
  readonly #onEnd: ((hasLeft: boolean) => void) | undefined;
  readonly #keepAlive: ReturnType<typeof setInterval>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #isOpen = true;
  #room: { readonly promise: Promise<void>; open(): void } | undefined;

  constructor({ headers, onEnd }: EventStreamOptions = {}) {
    this.#onEnd = onEnd;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#makeRoom(),
      cancel: () => this.#end(true),
    }, new ByteLengthQueuingStrategy({ highWaterMark: COMFORTABLE_BYTES }));
    this.#keepAlive = setInterval(() => this.comment("keep-alive"), KEEP_ALIVE_MS);
    this.response = new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        ...headers,
      },
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Sends an event, its data in one line; resolves when there is room for more. A client that leaves
   * {@linkcode MAX_UNREAD_BYTES} unread loses the stream.
   */
  send(data: string, { id, event = "message" }: { readonly id?: string; readonly event?: string } = {}): Promise<void> {
    return this.#write(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** Sends an event without data, so that the client has an id to come back with. */
  prime(id: string, retryMs: number): void {
    void this.#write(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`);
  }

  /** Says how long a client should wait before it comes back. */
  retryAfter(ms: number): void {
    void this.#write(`retry: ${Math.ceil(ms)}\n\n`);
  }

  /** Sends a comment, which clients pass over: the first bytes show a client that it is being served. */
  comment(text: string): void {
    void this.#write(`: ${text}\n\n`);
  }

  /** Ends the stream. */
  close(): void {
    if (!this.#isOpen) return;
    this.#controller.close();
    this.#end(false);
  }

  #write(text: string): Promise<void> {
    if (!this.#isOpen) return SENT;
    this.#controller.enqueue(ENCODER.encode(text));
    const room = this.#controller.desiredSize ?? 0;
    if (room > 0) return SENT;
    if (room < COMFORTABLE_BYTES - MAX_UNREAD_BYTES) {
      this.#controller.close();
      this.#end(true);
      return SENT;
    }
    if (this.#room === undefined) {
      let open!: () => void;
      const promise = new Promise<void>((resolve) => open = resolve);
      this.#room = { promise, open };
    }
    return this.#room.promise;
  }

  #makeRoom(): void {
    this.#room?.open();
    this.#room = undefined;
  }

  #end(hasLeft: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#keepAlive);
    this.#makeRoom();
    this.#onEnd?.(hasLeft);
  }
}
