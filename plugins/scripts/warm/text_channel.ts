/**
 * Text on its way from one who writes to one who reads.
 *
 * @module
 */

/** Most characters that wait for the reader, before the writer has to. */
const MOST_WAITING = 256 * 1024;

/** Text that can be read by several readers in turn, as the output of a process can. */
export class TextChannel implements AsyncIterable<string> {
  #pieces: string[] = [];
  #length = 0;
  #isEnded = false;
  #error: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** Adds a piece; resolves when there is room for the next. What comes after the end is dropped. */
  async push(piece: string): Promise<void> {
    if (this.#isEnded || piece === "") return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#wakeReader?.();
    while (this.#length > MOST_WAITING && !this.#isEnded) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  /** Ends it after what was added; with an error, the reader meets that. */
  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  async #next(): Promise<IteratorResult<string, undefined>> {
    while (this.#pieces.length === 0) {
      const error = this.#error;
      // once: whoever reads on to drain it has nothing to say about it
      this.#error = undefined;
      if (error !== undefined) throw error;
      if (this.#isEnded) return { value: undefined, done: true };
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const value = this.#pieces.join("");
    this.#pieces = [];
    this.#length = 0;
    this.#wakeWriter?.();
    return { value, done: false };
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return { next: () => this.#next() };
  }
}
