/**
 * Puts the answers of one HTTP/1.1 connection together, with little work for each: whoever makes the load shares the
 * processors with the server that is measured.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** One answer. */
export interface Answer {
  readonly status: number;
  /** The status line and the headers, as they came. */
  readonly head: string;
  readonly body: Buffer;
  /** Whether the server takes no more requests on this connection. */
  readonly isLast: boolean;
}

interface Head {
  readonly status: number;
  readonly text: string;
  /** Length of the body; `undefined` when it comes in chunks. */
  readonly length: number | undefined;
}

const EMPTY: Buffer = Buffer.alloc(0);
const LENGTH_REGEXP = /\r\ncontent-length: *(\d+)/i;
const CHUNKED_REGEXP = /\r\ntransfer-encoding: *chunked/i;
const CLOSING_REGEXP = /\r\nconnection: *close/i;
const LINE_BREAK_BYTES = 2;

/** Reads answers one after the other; source: RFC 9112, sections 6 and 7.1, without trailers. */
export class AnswerReader {
  #pending: Buffer = EMPTY;
  #head: Head | undefined;
  #parts: Buffer[] = [];
  /** Bytes that are still to come, of a body or of a chunk with its line break. */
  #missing = 0;
  #isLastChunk = false;

  /**
   * Takes what the connection gave.
   *
   * @returns the answer, once it is whole.
   * @throws {Error} when the answer has no length, or more came than was asked for.
   */
  push(bytes: Buffer): Answer | undefined {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = EMPTY;
    if (this.#head === undefined) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#pending = rest;
        return undefined;
      }
      this.#head = parseHead(rest.toString("latin1", 0, end));
      this.#missing = this.#head.length ?? 0;
      rest = rest.subarray(end + 2 * LINE_BREAK_BYTES);
    }
    return this.#head.length === undefined ? this.#readChunks(rest, this.#head) : this.#readFixed(rest, this.#head);
  }

  #readFixed(bytes: Buffer, head: Head): Answer | undefined {
    this.#parts.push(bytes);
    this.#missing -= bytes.length;
    if (this.#missing > 0) return undefined;
    return this.#finish(head, -this.#missing);
  }

  #readChunks(bytes: Buffer, head: Head): Answer | undefined {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#missing === 0) {
        const end = rest.indexOf("\r\n");
        if (end < 0) {
          this.#pending = rest;
          return undefined;
        }
        const size = Number.parseInt(rest.toString("latin1", 0, end), 16);
        this.#isLastChunk = size === 0;
        this.#missing = size + LINE_BREAK_BYTES;
        rest = rest.subarray(end + LINE_BREAK_BYTES);
      }
      const taken = Math.min(this.#missing, rest.length);
      // of a chunk cut inside its line break, only that is left
      this.#parts.push(rest.subarray(0, Math.max(0, Math.min(taken, this.#missing - LINE_BREAK_BYTES))));
      this.#missing -= taken;
      rest = rest.subarray(taken);
      if (this.#missing === 0 && this.#isLastChunk) return this.#finish(head, rest.length);
    }
    return undefined;
  }

  #finish({ status, text }: Head, extraBytes: number): Answer {
    if (extraBytes > 0) throw new Error(`Cannot read an answer: ${extraBytes} bytes came that were not asked for`);
    const [only = EMPTY] = this.#parts;
    const body = this.#parts.length === 1 ? only : Buffer.concat(this.#parts);
    this.#head = undefined;
    this.#parts = [];
    this.#missing = 0;
    this.#isLastChunk = false;
    return { status, head: text, body, isLast: CLOSING_REGEXP.test(text) };
  }
}

function parseHead(text: string): Head {
  const status = Number(text.slice(9, 12));
  const length = LENGTH_REGEXP.exec(text)?.[1];
  if (length !== undefined) return { status, text, length: Number(length) };
  if (CHUNKED_REGEXP.test(text)) return { status, text, length: undefined };
  if (status === 202 || status === 204) return { status, text, length: 0 };
  throw new Error(`Cannot read an answer: it says neither its length nor that it is chunked\n${text}`);
}
