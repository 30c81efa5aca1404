/**
 * Bounds how much goes on at the same time.
 *
 * @module
 */
import { ENDED, type Ending } from "./endings.ts";

/** Milliseconds for which steps that never wait may keep everybody else waiting. */
const BREATH_MS = 15;
/** Steps between two looks at the clock. */
const STEPS_BETWEEN = 16;

/** Lets a number of steps in at the same time; the others wait for their turn. */
export class Gate {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#free = most;
  }

  /** Takes a place; there is nothing to wait for if one is free. An end of the wait is thrown. */
  enter(ending: Ending): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    return new Promise<void>((resolve, reject) => {
      const go = () => {
        forget();
        resolve();
      };
      const forget = ending.onEnd(() => {
        this.#waiting.delete(go);
        reject(ENDED);
      });
      if (!ending.isEnded) this.#waiting.add(go);
    });
  }

  /** Gives a place to who waits for it, or back. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** Lets other work of the process go on where steps finish one after the other without ever waiting. */
export class Breath {
  #steps = 0;
  #last = performance.now();
  #taking: Promise<void> | undefined;

  /** Gives what to wait for, if it is time. */
  take(): Promise<void> | undefined {
    if (++this.#steps % STEPS_BETWEEN !== 0 || performance.now() - this.#last < BREATH_MS) return this.#taking;
    return this.#taking ??= new Promise<void>((resolve) =>
      setTimeout(() => {
        this.#last = performance.now();
        this.#taking = undefined;
        resolve();
      }, 0)
    );
  }
}
