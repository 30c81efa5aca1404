/**
 * Work that several callers wait for at once: it is done once, tells all of them how it goes, and ends when the last of
 * them gives up.
 *
 * @module
 */
import { ToolError } from "./errors.ts";

/** One who waits. */
export interface Waiter {
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
  /** Hears how it goes. */
  readonly report: (line: string) => void;
}

interface Flight<T> {
  readonly waiters: Set<Waiter>;
  readonly controller: AbortController;
  readonly result: Promise<T>;
}

/** Does work, at most one of each key at a time. */
export class SharedWork<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Starts work, or joins what goes on under the same key.
   *
   * @throws what the work throws, or the reason of the waiter's signal.
   */
  async join(
    key: string,
    waiter: Waiter,
    work: (signal: AbortSignal, report: (line: string) => void) => Promise<T>,
  ): Promise<T> {
    waiter.signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiters.add(waiter);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        flight.waiters.delete(waiter);
        if (flight.waiters.size === 0) this.#giveUp(key, flight, waiter.signal.reason);
        reject(waiter.signal.reason);
      };
      waiter.signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([flight.result, aborted]);
    } finally {
      flight.waiters.delete(waiter);
      waiter.signal.removeEventListener("abort", onAbort!);
    }
  }

  #start(key: string, work: (signal: AbortSignal, report: (line: string) => void) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const waiters = new Set<Waiter>();
    const report = (line: string) => waiters.forEach((it) => it.report(line));
    // it begins when its first waiter listens
    const result = Promise.resolve().then(() => work(controller.signal, report));
    const flight: Flight<T> = { waiters, controller, result };
    this.#flights.set(key, flight);
    const forget = () => void (this.#flights.get(key) === flight && this.#flights.delete(key));
    flight.result.then(forget, forget);
    return flight;
  }

  // whoever comes next begins anew, and does not join what is being ended
  #giveUp(key: string, flight: Flight<T>, reason: unknown): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.controller.abort(reason);
  }

  /** Ends all work, and waits until it has ended. */
  async close(): Promise<void> {
    const flights = [...this.#flights.values()];
    for (const { controller } of flights) controller.abort(new ToolError("Ended: the server is stopping"));
    await Promise.allSettled(flights.map(({ result }) => result));
  }
}
