/**
 * Requests of code on a short way: text through shared memory, to a server that looks for them.
 *
 * A message to another thread wakes it, which takes longer than most calls take. A server that has just replied to all that
 * code has asked for looks for a moment whether more comes, since it mostly does; who finds that the server does not look
 * sends a message.
 *
 * The memory begins with two numbers: who does what, and how many bytes of requests there are.
 *
 * @module
 */
import type { Ask } from "./messages.ts";
import { Patience } from "./patience.ts";

const STATE = 0;
const LENGTH = 1;
const HEADER_BYTES = 8;
/** The server does not look. */
const UNWATCHED = 0;
const WATCHED = 1;
const FULL = 2;

/** Bytes of a channel: what is longer takes longer to make than a message. */
const CHANNEL_BYTES = 16 * 1024;

/** Makes the memory of a channel. */
export function createAskChannel(): SharedArrayBuffer {
  return new SharedArrayBuffer(CHANNEL_BYTES);
}

/** The end that asks. */
export class AskWriter {
  readonly #header: Int32Array;
  readonly #space: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(channel: SharedArrayBuffer) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
  }

  /** Hands over requests; tells whether the server takes them here. */
  ask(asks: readonly Ask[]): boolean {
    if (Atomics.load(this.#header, STATE) !== WATCHED) return false;
    const bytes = this.#encoder.encode(JSON.stringify(asks));
    if (bytes.length > this.#space.length) return false;
    this.#space.set(bytes);
    this.#header[LENGTH] = bytes.length;
    return Atomics.compareExchange(this.#header, STATE, WATCHED, FULL) === WATCHED;
  }
}

/** The end that looks. */
export class AskReader {
  readonly #header: Int32Array;
  readonly #space: Uint8Array;
  readonly #decoder = new TextDecoder();
  readonly #patience = new Patience();

  constructor(channel: SharedArrayBuffer) {
    this.#header = new Int32Array(channel, 0, HEADER_BYTES / 4);
    this.#space = new Uint8Array(channel, HEADER_BYTES);
  }

  /** Looks for requests, for a moment; blocks the thread. */
  look(): readonly Ask[] | undefined {
    const header = this.#header;
    Atomics.store(header, STATE, WATCHED);
    this.#patience.waitFor(() => Atomics.load(header, STATE) === FULL);
    if (Atomics.exchange(header, STATE, UNWATCHED) !== FULL) return undefined;
    // a copy, since shared memory cannot be decoded everywhere
    return JSON.parse(this.#decoder.decode(this.#space.slice(0, header[LENGTH])));
  }
}
