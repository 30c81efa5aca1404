/**
 * What becomes of the bytes that a run writes.
 *
 * @module
 */
import { RunEnd } from "./errno.ts";

/** Text goes on at the end of a line, or once it has this many characters. */
const LONGEST_PIECE = 64 * 1024;

/** What most runs write to stdout is not longer. */
const FIRST_BYTES = 256;

/** Ends a run that wrote too much. */
export class OutputExceeded extends RunEnd {
  override readonly name = "OutputExceeded";
}

/** Counts bytes against a bound. */
class Bound {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Tells how many of the next bytes are within the bound. */
  take(length: number): number {
    const taken = Math.min(length, this.#most - this.#taken);
    this.#taken += taken;
    return taken;
  }
}

const decoder = new TextDecoder();

/** What a run wrote to stdout, whole. */
export class CollectedOutput {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  readonly #bound: Bound;

  constructor(most: number) {
    this.#bound = new Bound(most);
  }

  /** @throws {OutputExceeded} beyond the bound. */
  add(bytes: Uint8Array): void {
    if (this.#bound.take(bytes.length) < bytes.length) throw new OutputExceeded();
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** Gives all as text; what is no UTF-8 is replaced. */
  text(): string {
    return decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  #grow(length: number): void {
    // doubling keeps many small writes from copying the whole each time
    const bytes = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/** What a run writes, passed on as text: line by line, and long lines in pieces. */
export class PassedOutput {
  /** Made with the first bytes, which most runs never write. */
  #decoder: TextDecoder | undefined;
  readonly #pass: (text: string) => void;
  readonly #bound: Bound;
  readonly #onExceeded: () => void;
  #text = "";

  /**
   * @param pass Takes the next piece.
   * @param options `most`: bytes that are passed on; `onExceeded`: called for every write beyond them.
   */
  constructor(pass: (text: string) => void, options: { readonly most: number; readonly onExceeded: () => void }) {
    this.#pass = pass;
    this.#bound = new Bound(options.most);
    this.#onExceeded = options.onExceeded;
  }

  add(bytes: Uint8Array): void {
    const taken = this.#bound.take(bytes.length);
    // a slice, since a decoder takes no shared memory
    this.#decoder ??= new TextDecoder();
    const piece = this.#decoder.decode(bytes.slice(0, taken), { stream: true });
    const lines = piece.lastIndexOf("\n") + 1;
    this.#text += piece;
    if (lines > 0) this.#send(this.#text.length - piece.length + lines);
    else if (this.#text.length > LONGEST_PIECE) this.#send(this.#text.length);
    if (taken < bytes.length) this.#onExceeded();
  }

  /** Passes on what is left. */
  end(): void {
    this.#text += this.#decoder?.decode() ?? "";
    this.#send(this.#text.length);
  }

  #send(end: number): void {
    if (end === 0) return;
    this.#pass(this.#text.slice(0, end));
    this.#text = this.#text.slice(end);
  }
}
