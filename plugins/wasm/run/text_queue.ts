/**
 * Text on its way from one side to the other, in pieces.
 *
 * @module
 */
interface Piece {
  readonly text: string;
  taken(): void;
}

/** A queue of texts; reading goes on where another reader stopped. */
export class TextQueue implements AsyncIterable<string> {
  #pieces: Piece[] = [];
  #readers: ((result: IteratorResult<string, undefined>) => void)[] = [];
  #isEnded = false;

  /** Adds a piece; resolves when it was read, or never will be. */
  push(text: string): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    const reader = this.#readers.shift();
    if (reader === undefined) return new Promise((taken) => this.#pieces.push({ text, taken }));
    reader({ done: false, value: text });
    return Promise.resolve();
  }

  /** Ends it; what is there can still be read. */
  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  /** Drops what nobody will read, and ends it. */
  clear(): void {
    for (const { taken } of this.#pieces.splice(0)) taken();
    this.end();
  }

  /** Waits for the next piece. */
  next(): Promise<IteratorResult<string, undefined>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      piece.taken();
      return Promise.resolve({ done: false, value: piece.text });
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    return { next: () => this.next() };
  }
}
