/**
 * Timers of scripts whose thread waits by blocking: nothing would fire those of the platform.
 *
 * @module
 */

/** A timer. */
export interface Timer {
  /** When it is over, by `performance.now()`. */
  readonly due: number;
  fire(): void;
}

/** Timers that are looked at between waits. */
export class Timers {
  readonly #all = new Set<Timer>();

  /** Starts one; gives what ends it. */
  start(ms: number, fire: () => void): () => void {
    const timer: Timer = { due: performance.now() + ms, fire };
    this.#all.add(timer);
    return () => void this.#all.delete(timer);
  }

  /** How long it is until the next one is over, in milliseconds; endless when there is none. */
  get leftMs(): number {
    let due = Infinity;
    for (const timer of this.#all) due = Math.min(due, timer.due);
    return due === Infinity ? due : Math.max(due - performance.now(), 0);
  }

  /** Fires those that are over, in their order. */
  fireDue(): void {
    if (this.#all.size === 0) return;
    const now = performance.now();
    const over = [...this.#all].filter(({ due }) => due <= now).sort((a, b) => a.due - b.due);
    for (const timer of over) {
      if (this.#all.delete(timer)) timer.fire();
    }
  }
}
