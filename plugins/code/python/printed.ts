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
  #kept = 0;
  #dropped = 0;
  #end = "";

  /**
   * @param most Most characters that are kept.
   * @param onExcess Is called once, when the text goes on and on.
   */
  constructor(most: number, onExcess: () => void) {
    this.#most = most;
    this.#onExcess = onExcess;
  }

  /** Adds a piece. */
  add(text: string): void {
    this.#end = `${this.#end.slice(-SHOWN)}${text}`.slice(-SHOWN);
    const kept = text.slice(0, this.#most - this.#kept);
    if (kept !== "") this.#parts.push(kept);
    this.#kept += kept.length;
    if (this.#dropped > MOST_DROPPED) return;
    this.#dropped += text.length - kept.length;
    if (this.#dropped > MOST_DROPPED) this.#onExcess();
  }

  /** Gives what is kept. */
  get text(): string {
    return this.#parts.join("");
  }

  /** Gives the end of the text as lines at the end of an error, as that of JavaScript; nothing when there is none. */
  tail(): string {
    const end = this.#end.trimEnd();
    const isWhole = this.#kept + this.#dropped <= SHOWN;
    return end === "" ? "" : `\nprinted:\n${isWhole ? "" : "…"}${end}`;
  }
}
