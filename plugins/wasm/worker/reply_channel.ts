/**
 * Replies to a thread that waits: text through shared memory, in pieces where it is long.
 *
 * The memory begins with three numbers: whether there is a piece, how many bytes it has (-1 is the end of what was to
 * come), and whether it is the last of its text. The writer writes when it was asked alone, so there is never a second
 * piece before the first was taken.
 *
 * @module
 */
const STATE = 0;
const LENGTH = 1;
const IS_LAST = 2;
const HEADER_BYTES = 12;
const EMPTY = 0;
const FULL = 1;
const END = -1;

/** How long a thread waits before it looks whether it was ended, in milliseconds. */
const LOOK_MS = 100;

/** Bytes of a channel: most replies fit. */
const CHANNEL_BYTES = 256 * 1024;

/** Makes the memory of a channel; `undefined` where threads share none. */
export function createChannel(bytes: number = CHANNEL_BYTES): SharedArrayBuffer | undefined {
  return typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(bytes) : undefined;
}

/** The end that replies. */
export class ReplyWriter {
  readonly #header: Int32Array;
  readonly #space: Uint8Array;
  #rest: Uint8Array = new Uint8Array();

  constructor(channel: SharedArrayBuffer) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
  }

  /** Gives the thread its text; `undefined` tells that there is none and none will come. */
  reply(text: string | undefined): void {
    if (text === undefined) return this.#put(END, true);
    this.#rest = new TextEncoder().encode(text);
    this.next();
  }

  /** Gives the next piece; the thread says when. */
  next(): void {
    const piece = this.#rest.subarray(0, this.#space.length);
    this.#rest = this.#rest.subarray(piece.length);
    this.#space.set(piece);
    this.#put(piece.length, this.#rest.length === 0);
  }

  #put(length: number, isLast: boolean): void {
    this.#header[LENGTH] = length;
    this.#header[IS_LAST] = isLast ? 1 : 0;
    Atomics.store(this.#header, STATE, FULL);
    Atomics.notify(this.#header, STATE);
  }
}

/** What the end that waits works with. */
export interface ReaderOptions {
  /** Asks the other end for the next piece. */
  askForMore(): void;
  /** Throws when the thread was ended. */
  checkEnd(): void;
}

/** The end that waits. */
export class ReplyReader {
  readonly #header: Int32Array;
  readonly #space: Uint8Array;
  readonly #options: ReaderOptions;

  constructor(channel: SharedArrayBuffer, options: ReaderOptions) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
    this.#options = options;
  }

  /**
   * Waits for what was asked for; blocks the thread.
   *
   * @returns The text; `undefined` at the end.
   * @throws {TypeError} where the thread may not wait.
   * @throws {Error} when the thread was ended.
   */
  wait(): string | undefined {
    const decoder = new TextDecoder();
    let text = "";
    while (true) {
      while (Atomics.load(this.#header, STATE) === EMPTY) {
        this.#options.checkEnd();
        Atomics.wait(this.#header, STATE, EMPTY, LOOK_MS);
      }
      const length = this.#header[LENGTH]!;
      const isLast = this.#header[IS_LAST] === 1;
      // a copy, since shared memory cannot be decoded everywhere
      const piece = this.#space.slice(0, Math.max(length, 0));
      Atomics.store(this.#header, STATE, EMPTY);
      if (length === END) return undefined;
      text += decoder.decode(piece, { stream: !isLast });
      if (isLast) return text;
      this.#options.askForMore();
    }
  }
}
