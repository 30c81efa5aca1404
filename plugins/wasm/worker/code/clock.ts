/**
 * What code sees of time.
 *
 * @module
 */
import type { CodeClock } from "../../contract.ts";
import type { GlobalClock } from "../javascript/globals.ts";

const REFUSAL = "There is no clock in here: code is not told the time";

/** The clock of one run. */
export class RunClock implements GlobalClock {
  readonly #kind: CodeClock;
  /** When it began, in milliseconds since 1970. */
  readonly begun: number = Date.now();
  /** What a clock shows that stands still. */
  #shown: number;

  constructor(kind: CodeClock) {
    this.#kind = kind;
    this.#shown = kind === "none" ? 0 : this.begun;
  }

  /** Something came from outside. */
  tick(): void {
    if (this.#kind === "coarse") this.#shown = Date.now();
  }

  /** Whether the time is refused. */
  get isRefused(): boolean {
    return this.#kind === "none";
  }

  /** Gives the time as the engine knows it, in milliseconds since 1970. */
  readonly now = (): number => this.#kind === "exact" ? Date.now() : this.#shown;

  /** Gives the milliseconds since the run began; 0 where the time is refused. */
  readonly elapsed = (): number => this.isRefused ? 0 : this.now() - this.begun;

  /** Throws where the time is refused. */
  readonly check = (): void => {
    if (this.isRefused) throw new TypeError(REFUSAL);
  };
}
