/**
 * Slots for calls in flight: how many calls the kernel works on at one time.
 *
 * @module
 */
import type { Call, CallPatch } from "./call.ts";
import { ErrorCode, ProtocolError } from "./errors.ts";

const UNCHANGED: CallPatch = Object.freeze({});

/** Runs calls, each in a slot of its own. */
export class Slots {
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs work in a slot, which is free for others while the call waits for its client: the work goes on with what of
   * the call is given to it.
   *
   * @throws {ProtocolError} when every slot is taken.
   */
  async run<T>(call: Call, work: (patch: CallPatch) => Promise<T>): Promise<T> {
    // nested calls take no slot: they would wait for the call that made them
    if (call.path.length > 0) return await work(UNCHANGED);
    if (this.#taken >= this.#limit) {
      throw new ProtocolError(
        ErrorCode.internalError,
        `Cannot accept the call: ${this.#taken} are in flight, which is the limit; try again later`,
      );
    }
    this.#taken++;
    try {
      return await work(this.#freeWhileAsking(call));
    } finally {
      this.#taken--;
    }
  }

  // people answer at their own pace; how many calls wait for them is bounded where the client is asked
  #freeWhileAsking(call: Call): CallPatch {
    let asking = 0;
    const outside = <A extends unknown[], R>(ask: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
      if (asking++ === 0) this.#taken--;
      try {
        return await ask(...args);
      } finally {
        if (--asking === 0) this.#taken++;
      }
    };
    return { elicit: outside(call.elicit), sample: outside(call.sample), roots: outside(call.roots) };
  }
}
