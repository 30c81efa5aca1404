/**
 * Calls in flight: each can be ended by its client, by its time limit, or by the plugin that serves it unloading.
 *
 * @module
 */
import { type Call, type CallPatch, cancellationOf, deriveCall } from "./call.ts";
import { type Cancellation, CancellationSource } from "./cancellation.ts";
import { isToolError, ToolError } from "./errors.ts";

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** What a call goes on with, and how long it may take. */
export interface FlightOptions extends Omit<CallPatch, "signal"> {
  readonly timeoutMs: number | undefined;
}

/** A call that runs. */
interface Flight {
  readonly own: CancellationSource;
  readonly work: Promise<unknown>;
}

/** Runs the calls of one plugin. */
export class Flights {
  readonly #owner: string;
  readonly #running = new Set<Flight>();
  #closing = false;

  constructor(owner: string) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Runs a handler under a signal of its own, and what else of the call is to change. The promise rejects as soon as
   * that signal aborts, also when the handler goes on; what it then returns is dropped.
   *
   * @throws {ToolError} when the plugin is unloading, the client gave up, or `timeoutMs` is over.
   */
  run<T>(call: Call, options: FlightOptions, handler: (call: Call) => T | Promise<T>): Promise<T> {
    if (this.#closing) {
      return Promise.reject(new ToolError(`Cannot call: plugin "${this.#owner}" is being unloaded`));
    }
    const outer = cancellationOf(call);
    const own = new CancellationSource();
    const { timeoutMs } = options;
    const forget = outer.onCancel(() => own.cancel(reasonOf(outer)));
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      own.cancel(new ToolError(`Timed out after ${timeoutMs / 1000} s`));
    }, Math.min(timeoutMs, LONGEST_MS));

    const work = start(deriveCall(call, options, own), own, handler);
    const flight = { own, work };
    this.#running.add(flight);
    return new Promise<T>((resolve, reject) => {
      const end = () => {
        if (timer !== undefined) clearTimeout(timer);
        forget();
      };
      work.then((value) => {
        this.#running.delete(flight);
        end();
        resolve(value);
      }, (thrown) => {
        this.#running.delete(flight);
        end();
        reject(thrown);
      });
      // nobody else knows of `own`, so this listener goes with it
      own.onCancel(() => {
        end();
        reject(own.reason);
      });
    });
  }

  /** Refuses new calls, aborts those in flight, and waits for them, `graceMs` at most. Gives how many still run. */
  async close(graceMs: number): Promise<number> {
    this.#closing = true;
    const works = [...this.#running].map(({ work }) => work);
    for (const { own } of this.#running) {
      own.cancel(new ToolError(`Ended: plugin "${this.#owner}" is being unloaded`));
    }
    if (works.length > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
      await Promise.race([Promise.allSettled(works), grace]);
      clearTimeout(timer);
    }
    return this.#running.size;
  }
}

function reasonOf({ reason }: Cancellation): unknown {
  return isToolError(reason) ? reason : new ToolError("Cancelled by the client");
}

async function start<T>(call: Call, own: Cancellation, handler: (call: Call) => T | Promise<T>): Promise<T> {
  if (own.isCancelled) throw own.reason;
  return await handler(call);
}
