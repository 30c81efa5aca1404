/**
 * The waiting processes of one key.
 *
 * @module
 */
import type { Process } from "../../../kernel/mod.ts";

/** Keeps what waits, and what is known of how that goes. */
export class Shelf<P extends Process = Process> {
  readonly key: string;
  /** Starts another; the newest way to do so. */
  start: () => Promise<P> = () => Promise.reject(new Error("it is not known how"));
  /** When the key was last called, in milliseconds. */
  calledAt = 0;
  /** How often in a row a process failed. */
  failures = 0;
  readonly #waiting = new Set<P>();
  #wanted: number;
  #pausedTill = 0;
  #hasGivenUp = false;

  constructor(key: string, wanted: number) {
    this.key = key;
    this.#wanted = wanted;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Takes the one that has waited longest. */
  take(): P | undefined {
    const [process] = this.#waiting;
    if (process === undefined) return undefined;
    this.#waiting.delete(process);
    // it has waited well
    this.failures = 0;
    return process;
  }

  /** Puts a process here; tells when it ends before it is taken. */
  add(process: P, onEnd: () => void): void {
    this.#waiting.add(process);
    void process.exited.then(() => {
      if (this.#waiting.delete(process)) onEnd();
    });
  }

  /** Notes that a call found none: one more is to wait. */
  grow(most: number): void {
    this.#wanted = Math.min(this.#wanted + 1, most);
  }

  /** Notes a failure, after which nothing is started for a while. */
  fail(ms: number): void {
    this.failures++;
    this.#pausedTill = Date.now() + ms * 2 ** (this.failures - 1);
  }

  /** Keeps none any more. */
  giveUp(): void {
    this.#hasGivenUp = true;
  }

  /** Tells whether another is to be started now. */
  isWanting(now: number): boolean {
    return !this.#hasGivenUp && this.size < this.#wanted && now >= this.#pausedTill;
  }

  /** Tells when another is to be started after a failure; `Infinity` when none is. */
  pausedTill(now: number): number {
    return this.#hasGivenUp || this.size >= this.#wanted || this.#pausedTill <= now ? Infinity : this.#pausedTill;
  }
}
