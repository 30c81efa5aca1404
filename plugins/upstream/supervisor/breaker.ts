/**
 * When a server that failed may be started again.
 *
 * @module
 */
import type { SupervisorLimits } from "./limits.ts";

/** What a breaker goes by. */
export type BreakerLimits = Pick<
  SupervisorLimits,
  "backoffMs" | "longestBackoffMs" | "failures" | "failureWindowMs" | "coolDownMs"
>;

/** Why a server has to wait, and until when. */
export interface Pause {
  readonly kind: "backing-off" | "broken";
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Counts the failures of one server. It knows no clock: each question says what time it is. */
export class Breaker {
  readonly #limits: BreakerLimits;
  readonly #random: () => number;
  #failures: number[] = [];
  #pause: Pause | undefined;

  /** @param random Gives 0 to 1, for the jitter of pauses. */
  constructor(limits: BreakerLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Notes a failure; the pause after it doubles with each one that is still in the window. */
  fail(now: number): void {
    const { backoffMs, longestBackoffMs, failures, failureWindowMs, coolDownMs } = this.#limits;
    // older ones than it takes to break count for nothing
    this.#failures = [...this.#failures.filter((at) => now - at < failureWindowMs), now].slice(-failures);
    const count = this.#failures.length;
    if (count >= failures) {
      this.#pause = { kind: "broken", until: now + coolDownMs };
      return;
    }
    const pauseMs = Math.min(backoffMs * 2 ** (count - 1), longestBackoffMs);
    // those that failed together do not all come back together
    this.#pause = { kind: "backing-off", until: now + Math.round(pauseMs * (1 - this.#random() / 4)) };
  }

  /** Gives the pause that is not over yet. */
  pause(now: number): Pause | undefined {
    return this.#pause !== undefined && now < this.#pause.until ? this.#pause : undefined;
  }

  /** Forgets all failures. */
  reset(): void {
    this.#failures = [];
    this.#pause = undefined;
  }
}
