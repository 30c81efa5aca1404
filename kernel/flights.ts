/**
 * Calls in flight: each can be ended by its client, by its time limit, or by the plugin that serves it unloading.
 *
 * @module
 */
import { onAbort } from "./abort.ts";
import type { Call } from "./call.ts";
import { isToolError, ToolError } from "./errors.ts";

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** Runs the calls of one plugin. */
export class Flights {
  readonly #owner: string;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  #closing = false;

  constructor(owner: string) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Runs a handler under a signal of its own. The promise rejects as soon as that signal aborts, also when the
   * handler goes on; what it then returns is dropped.
   *
   * @throws {ToolError} when the plugin is unloading, the client gave up, or `timeoutMs` is over.
   */
  async run<T>(call: Call, timeoutMs: number | undefined, handler: (call: Call) => T | Promise<T>): Promise<T> {
    if (this.#closing) throw new ToolError(`Cannot call: plugin "${this.#owner}" is being unloaded`);
    const controller = new AbortController();
    const { signal } = controller;
    const forget = onAbort(call.signal, () => {
      const { reason } = call.signal;
      controller.abort(isToolError(reason) ? reason : new ToolError("Cancelled by the client"));
    });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      controller.abort(new ToolError(`Timed out after ${timeoutMs / 1000} s`));
    }, Math.min(timeoutMs, LONGEST_MS));

    const work = (async () => {
      signal.throwIfAborted();
      return await handler(call.derive({ signal }));
    })();
    const settled = work.then(() => {}, () => {});
    this.#running.set(settled, controller);
    settled.then(() => this.#running.delete(settled));
    try {
      return await untilAborted(work, signal);
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  /** Refuses new calls, aborts those in flight, and waits for them, `graceMs` at most. Gives how many still run. */
  async close(graceMs: number): Promise<number> {
    this.#closing = true;
    for (const controller of this.#running.values()) {
      controller.abort(new ToolError(`Ended: plugin "${this.#owner}" is being unloaded`));
    }
    if (this.#running.size > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
      await Promise.race([Promise.all(this.#running.keys()), grace]);
      clearTimeout(timer);
    }
    return this.#running.size;
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(forget);
  });
}
