/**
 * A timer of which there is one at a time.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Runs something later, unless it is cleared. */
export class Timer {
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it will run something. */
  get isSet(): boolean {
    return this.#cancel !== undefined;
  }

  /** Runs something after so many milliseconds, in place of what it was set to. */
  set(ms: number, run: () => void): void {
    this.clear();
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined;
      run();
    });
  }

  /** Forgets what it was set to. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
