/**
 * Replies to a thread that waits: text through shared memory, in pieces where it is long.
 *
 * The memory begins with four numbers: whether there is a piece, how many bytes it has (-1 is the end of what was to
 * come), whether it is the last of its text, and whether the run is halted, to which nobody replies any more. The writer
 * writes when it was asked, or when all was taken, so there is never a second piece before the first was taken.
 *
 * @module
 */
import { Patience } from "./patience.ts";

const STATE = 0;
const LENGTH = 1;
const IS_LAST = 2;
const IS_HALTED = 3;
const HEADER_BYTES = 16;
const EMPTY = 0;
const FULL = 1;
/** As `FULL`, and there is more for when it was taken. */
const AWAITED = 2;
const END = -1;

/** How long a thread waits before it looks whether it was ended, in milliseconds. */
const LOOK_MS = 100;

/** Bytes of a channel: most replies fit. */
const CHANNEL_BYTES = 256 * 1024;

/** Makes the memory of a channel. */
export function createChannel(): SharedArrayBuffer {
  return new SharedArrayBuffer(CHANNEL_BYTES);
}

/** The end that replies. */
export class ReplyWriter {
  readonly #header: Int32Array;
  readonly #space: Uint8Array;
  readonly #encoder = new TextEncoder();
  #rest: Uint8Array = new Uint8Array();

  constructor(channel: SharedArrayBuffer) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
  }

  /** Gives the thread its text; `undefined` tells that there is none and none will come. */
  reply(text: string | undefined): void {
    if (text === undefined) return this.#put(END, true);
    this.#rest = this.#encoder.encode(text);
    this.#nextPiece();
  }

  /** Tells whether there is room for a text; the thread that has to take one before will say when there is. */
  hasRoom(): boolean {
    return this.#rest.length === 0 && Atomics.compareExchange(this.#header, STATE, FULL, AWAITED) === EMPTY;
  }

  /** Forgets what was not taken, and that the run was halted, before the next one. */
  reset(): void {
    this.#rest = new Uint8Array();
    Atomics.store(this.#header, STATE, EMPTY);
    Atomics.store(this.#header, IS_HALTED, 0);
  }

  /** Gives the next piece, if there is one; the thread says when. */
  next(): void {
    // it may have said so of what came before this text
    if (this.#rest.length > 0 && Atomics.load(this.#header, STATE) === EMPTY) this.#nextPiece();
  }

  #nextPiece(): void {
    const piece = this.#rest.subarray(0, this.#space.length);
    this.#rest = this.#rest.subarray(piece.length);
    this.#space.set(piece);
    this.#put(piece.length, this.#rest.length === 0);
  }

  /** Halts the run, whatever it does, if it looks. */
  halt(): void {
    Atomics.store(this.#header, IS_HALTED, 1);
    Atomics.notify(this.#header, STATE);
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
  readonly #patience = new Patience();

  constructor(channel: SharedArrayBuffer, options: ReaderOptions) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
    this.#options = options;
  }

  /** Whether nobody waits for the run any more. */
  get isHalted(): boolean {
    return Atomics.load(this.#header, IS_HALTED) === 1;
  }

  /**
   * Waits for what was asked for; blocks the thread.
   *
   * @param ms How long at most, in milliseconds.
   * @returns The text; `undefined` at the end, when the run is halted, and when none came in time.
   * @throws {TypeError} where the thread may not wait.
   * @throws {Error} when the thread was ended.
   */
  wait(ms = Infinity): string | undefined {
    const decoder = new TextDecoder();
    if (!this.#waitForPiece(ms)) return undefined;
    let text = "";
    while (true) {
      const length = this.#header[LENGTH]!;
      const isLast = this.#header[IS_LAST] === 1;
      // a copy, since shared memory cannot be decoded everywhere
      const piece = this.#space.slice(0, Math.max(length, 0));
      const isAwaited = Atomics.exchange(this.#header, STATE, EMPTY) === AWAITED;
      if (length === END) return undefined;
      text += decoder.decode(piece, { stream: !isLast });
      if (isAwaited || !isLast) this.#options.askForMore();
      if (isLast) return text;
      if (!this.#waitForPiece(Infinity)) return undefined;
    }
  }

  /** Gives whether there is one. */
  #waitForPiece(ms: number): boolean {
    if (this.#patience.waitFor(() => Atomics.load(this.#header, STATE) !== EMPTY)) return true;
    const until = ms === Infinity ? Infinity : performance.now() + ms;
    let leftMs = ms;
    while (Atomics.load(this.#header, STATE) === EMPTY) {
      this.#options.checkEnd();
      if (this.isHalted || leftMs <= 0) return false;
      Atomics.wait(this.#header, STATE, EMPTY, Math.min(LOOK_MS, leftMs));
      if (until !== Infinity) leftMs = until - performance.now();
    }
    return true;
  }
}
