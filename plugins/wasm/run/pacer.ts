/**
 * Turns of the server's thread: code may ask for work without end, such as that its requests be read and its calls begun,
 * and little of it is begun in one turn, so that others are served in between.
 *
 * @module
 */

/** How long work that comes one after the other goes on within one turn, in milliseconds. */
const TURN_MS = 2;

/** Begins a turn after those who wait already; timers, which all platforms have, are later. */
export const soon: (begin: () => void) => void = readImmediate() ?? ((begin) => void setTimeout(begin, 0));

function readImmediate(): ((begin: () => void) => void) | undefined {
  const { setImmediate } = globalThis as { readonly setImmediate?: (begin: () => void) => void };
  return setImmediate;
}

/** Gives turns. */
export class Pacer {
  /** When the turn began; `undefined` between turns. */
  #begun: number | undefined;
  /** How much is on its way that was begun. */
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  /** Does some work in a turn of its own: at once, when there is none. */
  async run<T>(work: () => T): Promise<T> {
    if (this.#begun === undefined) this.#beginTurn();
    else await this.#nextTurn();
    return work();
  }

  /**
   * As `run`, of work that goes on; the turn of what is over goes on as well, unless it was long. Who calls one tool after
   * the other would wait for a turn each time.
   */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    if (this.#begun === undefined) this.#beginTurn();
    else if (!this.#isIdle(this.#begun)) await this.#nextTurn();
    this.#open++;
    try {
      return await work();
    } finally {
      this.#open--;
    }
  }

  #isIdle(begun: number): boolean {
    return this.#open === 0 && this.#waiting.length === 0 && performance.now() - begun < TURN_MS;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  // one at a time: what a tool does at once may take much longer than what is begun here
  #beginTurn(): void {
    this.#begun = performance.now();
    soon(() => {
      this.#begun = undefined;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#beginTurn();
      next();
    });
  }
}
