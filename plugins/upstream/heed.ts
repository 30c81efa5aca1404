/**
 * Waiting that a signal ends.
 *
 * @module
 */
import { onAbort } from "../../kernel/mod.ts";

/**
 * Waits for a promise until a signal aborts; what the promise does then is nobody's concern.
 *
 * @throws what the promise rejects with, or the reason of the signal.
 */
export function heed<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}
