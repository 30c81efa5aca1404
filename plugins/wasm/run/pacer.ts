/**
 * Turns of the server's thread: code may ask for work without end, such as that its requests be read and its calls begun,
 * and little of it is begun in one turn, so that others are served in between.
 *
 * @module
 */

/** Begins a turn after those who wait already; timers, which all platforms have, are later. */
export const soon: (begin: () => void) => void = readImmediate() ?? ((begin) => void setTimeout(begin, 0));

function readImmediate(): ((begin: () => void) => void) | undefined {
  const { setImmediate } = globalThis as { readonly setImmediate?: (begin: () => void) => void };
  return setImmediate;
}

/** Gives turns. */
export class Pacer {
  #isTurn = false;
  readonly #waiting: (() => void)[] = [];

  /** Does some work when it is its turn: at once, when there is no other. */
  async run<T>(work: () => T): Promise<T> {
    if (this.#isTurn) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#beginTurn();
    return work();
  }

  // one at a time: what a tool does at once may take much longer than what is begun here
  #beginTurn(): void {
    this.#isTurn = true;
    soon(() => {
      this.#isTurn = false;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#beginTurn();
      next();
    });
  }
}
