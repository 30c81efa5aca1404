/**
 * How long a run waited for a person: that is no part of its time.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";

/** Counts the time in which at least one question of a run is open. */
export class PersonClock {
  readonly #mostMs: number;
  #open = 0;
  #since = 0;
  #waitedMs = 0;

  /** @param mostMs Most milliseconds that are counted: a run that asks without end comes to one. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** The time until now, in milliseconds. */
  get waitedMs(): number {
    const now = this.#open === 0 ? 0 : performance.now() - this.#since;
    return Math.min(this.#mostMs, this.#waitedMs + now);
  }

  /** Makes a way to ask the user that is counted. */
  counted(elicit: Call["elicit"]): Call["elicit"] {
    return async (...question) => {
      if (this.#open++ === 0) this.#since = performance.now();
      try {
        return await elicit(...question);
      } finally {
        if (--this.#open === 0) this.#waitedMs += performance.now() - this.#since;
      }
    };
  }
}
