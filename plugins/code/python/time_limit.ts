/**
 * The time limit of a run, which stands still while the run waits for a person.
 *
 * @module
 */

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** The time that a run has. */
export interface RunTime {
  readonly ms: number;
  /** Gives how long it waited for a person until now, in milliseconds; never by default. */
  readonly waitedMs?: (() => number) | undefined;
}

/** Ends a run in time. */
export class TimeLimit {
  readonly #time: RunTime;
  readonly #onOver: (ms: number) => void;
  readonly #begunAt: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Begins to count.
   *
   * @param onOver Is called with the limit when it is over.
   */
  constructor(time: RunTime, onOver: (ms: number) => void) {
    this.#time = time;
    this.#onOver = onOver;
    // what it waited before is no time of this limit
    this.#begunAt = performance.now() - (time.waitedMs?.() ?? 0);
    this.#look();
  }

  #look(): void {
    const { ms, waitedMs } = this.#time;
    const left = ms + (waitedMs?.() ?? 0) - (performance.now() - this.#begunAt);
    if (left <= 0) this.#onOver(ms);
    else this.#timer = setTimeout(() => this.#look(), Math.min(left, LONGEST_MS));
  }

  /** Counts no more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
