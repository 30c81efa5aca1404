/**
 * Lines out of text that comes in pieces; lines that are too long are dropped.
 *
 * @module
 */

/** What of a line that is dropped is told: its beginning and its end. */
export interface LongLine {
  readonly head: string;
  readonly tail: string;
}

/** Takes lines. */
export interface LineReceiver {
  /** Takes a line without its end. */
  line(text: string): void;
  /** Takes what is left of a line that was too long. */
  tooLong(line: LongLine): void;
}

const SHOWN = 200;

/** Cuts text into lines. */
export class LineCutter {
  readonly #receiver: LineReceiver;
  readonly #most: number;
  #pieces: string[] = [];
  #length = 0;
  #dropped: LongLine | undefined;

  /** @param most Most characters of a line. */
  constructor(receiver: LineReceiver, most: number) {
    this.#receiver = receiver;
    this.#most = most;
  }

  /** Adds text. */
  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#add(text.slice(start, end));
      this.#end();
      start = end + 1;
    }
    if (start < text.length) this.#add(start === 0 ? text : text.slice(start));
  }

  #add(piece: string): void {
    if (this.#dropped !== undefined) {
      this.#dropped = { head: this.#dropped.head, tail: (this.#dropped.tail + piece).slice(-SHOWN) };
      return;
    }
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length <= this.#most) return;
    const joined = this.#pieces.join("");
    this.#dropped = { head: joined.slice(0, SHOWN), tail: joined.slice(-SHOWN) };
    this.#pieces = [];
  }

  #end(): void {
    const { pieces, dropped } = { pieces: this.#pieces, dropped: this.#dropped };
    this.#pieces = [];
    this.#length = 0;
    this.#dropped = undefined;
    if (dropped !== undefined) return this.#receiver.tooLong(dropped);
    this.#receiver.line(pieces.length === 1 ? pieces[0]! : pieces.join(""));
  }
}
