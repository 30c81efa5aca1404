/**
 * What code prints, as much of it as is kept.
 *
 * @module
 */

/** Characters that errors show of the end. */
const SHOWN = 4_000;
/** What is printed beyond what is kept is read and dropped up to here, in characters. */
const MOST_DROPPED = 16 * 1024 * 1024;

/** Keeps the beginning of a text, and the last of it. */
export class Printed {
  readonly #most: number;
  readonly #onExcess: () => void;
  readonly #parts: string[] = [];
  #bytes = 0;
  #characters = 0;
  #isCut = false;
  #dropped = 0;
  #end = "";

  /**
   * @param most Most bytes that are kept.
   * @param onExcess Is called once, when the text goes on and on.
   */
  constructor(most: number, onExcess: () => void) {
    this.#most = most;
    this.#onExcess = onExcess;
  }

  /** Adds a piece. */
  add(text: string): void {
    this.#end = `${this.#end.slice(-SHOWN)}${text}`.slice(-SHOWN);
    this.#characters += text.length;
    const kept = this.#isCut ? "" : this.#keep(text);
    if (this.#dropped > MOST_DROPPED) return;
    this.#dropped += text.length - kept.length;
    if (this.#dropped > MOST_DROPPED) this.#onExcess();
  }

  /** Keeps as much of a piece as there is room for; gives that. */
  #keep(text: string): string {
    const bytes = new TextEncoder().encode(text);
    const room = this.#most - this.#bytes;
    this.#isCut = bytes.length > room;
    // as of a stream that goes on, so that part of a character is left out
    const kept = this.#isCut
      ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, room), { stream: true })
      : text;
    this.#bytes += bytes.length;
    if (kept !== "") this.#parts.push(kept);
    return kept;
  }

  /** Gives what is kept, and says so when that is not all. */
  get text(): string {
    const kept = this.#parts.join("");
    return this.#isCut ? `${kept}\n… what was printed after this is left out` : kept;
  }

  /** Gives the end of the text as lines at the end of an error, as that of JavaScript; nothing when there is none. */
  tail(): string {
    const end = this.#end.trimEnd();
    return end === "" ? "" : `\nprinted:\n${this.#characters <= SHOWN ? "" : "…"}${end}`;
  }
}
