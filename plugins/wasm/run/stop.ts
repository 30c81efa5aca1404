/**
 * What ends a run before its time: its call is cancelled, its time is over, or the server stops.
 *
 * A signal and a timer cost more than a short run. So one timer stands for all runs that have just begun, and those that
 * still go on when it fires get a signal and a timer of their own.
 *
 * @module
 */
import { type Call, isToolError, messageOf, ToolError } from "../../../kernel/mod.ts";

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;
/** How long a run goes on before it is watched, in milliseconds. */
const UNWATCHED_MS = 10;
/** How often a run is looked at whose time is longer by now, in milliseconds: it may wait for a person. */
const LOOK_MS = 50;

/** When a run is to be ended. */
export interface StopOptions {
  readonly call: Pick<Call, "signal">;
  readonly timeoutMs: number;
  /** Gives the milliseconds so far by which its time is longer; none by default. */
  readonly waitedMs?: (() => number) | undefined;
  /** Makes the error of a run whose time is over. */
  onTimeout(): Error;
}

/** Runs that go on, and can be ended. */
export class Stops {
  readonly #all = new Set<Stop>();
  /** Those that are not watched yet. */
  readonly #fresh = new Set<Stop>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins a run; to be released when there is nothing left to end. */
  open(options: StopOptions): Stop {
    const stop = new Stop(options, () => this.#forget(stop));
    this.#all.add(stop);
    this.#fresh.add(stop);
    this.#timer ??= setTimeout(() => this.#watch(), UNWATCHED_MS);
    return stop;
  }

  #watch(): void {
    this.#timer = undefined;
    for (const stop of this.#fresh) stop.watch();
    this.#fresh.clear();
  }

  #forget(stop: Stop): void {
    this.#all.delete(stop);
    this.#fresh.delete(stop);
  }

  /** Stops all runs. */
  close(error: Error): void {
    for (const stop of this.#all) stop.stop(error);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Ends one run. */
export class Stop {
  readonly #options: StopOptions;
  readonly #begun = performance.now();
  readonly #forget: () => void;
  #unwatch: (() => void) | undefined;
  /** Ends the wait for what goes on now. */
  #reject: (error: Error) => void = () => {};
  #error: Error | undefined;

  constructor(options: StopOptions, forget: () => void) {
    this.#options = options;
    this.#forget = forget;
  }

  /** Whether the run was stopped. */
  get isStopped(): boolean {
    return this.#error !== undefined;
  }

  /** Stops the run when it is cancelled, or its time is over. */
  watch(): void {
    const { call: { signal }, waitedMs = () => 0 } = this.#options;
    const onAbort = () => this.stop(toCancellation(signal.reason));
    const look = (): void => {
      // timers may be a little early
      if (waitedMs() === 0) this.stop(this.#options.onTimeout());
      else if (!this.stopWhenOver()) timer = setTimeout(look, Math.max(this.#leftMs, LOOK_MS));
    };
    let timer = this.#leftMs > LONGEST_MS ? undefined : setTimeout(look, this.#leftMs);
    signal.addEventListener("abort", onAbort);
    this.#unwatch = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    if (signal.aborted) onAbort();
  }

  get #leftMs(): number {
    const { timeoutMs, waitedMs = () => 0 } = this.#options;
    return timeoutMs + waitedMs() - (performance.now() - this.#begun);
  }

  /** Stops the run if its time is over; tells whether it is stopped. */
  stopWhenOver(): boolean {
    if (!this.isStopped && this.#leftMs <= 0) this.stop(this.#options.onTimeout());
    return this.isStopped;
  }

  /** Stops the run; only the first time counts. */
  stop(error: Error): void {
    this.#error ??= error;
    this.#reject(this.#error);
  }

  /**
   * Waits for work, which goes on by itself when the run is stopped. A run waits for one thing after the other.
   *
   * @throws the error that the run was stopped with.
   */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
      if (this.#error !== undefined) reject(this.#error);
    });
  }

  /** Forgets the call and its time. */
  release(): void {
    this.#unwatch?.();
    this.#forget();
  }
}

function toCancellation(reason: unknown): Error {
  return isToolError(reason) ? reason : new ToolError(`Cancelled: ${messageOf(reason)}`);
}
