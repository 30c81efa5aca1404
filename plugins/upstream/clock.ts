/**
 * Time, as the schedules of this plugin see it.
 *
 * @module
 */
import { after } from "../store/contract.ts";
import { heed } from "./heed.ts";

/** Tells the time and wakes up. */
export interface Clock {
  /** Gives milliseconds since 1970. */
  now(): number;
  /** Runs something once after so many milliseconds, unless the function it gives is called before. */
  after(ms: number, run: () => void): () => void;
}

/** The time of this machine; what waits by it keeps no process alive. */
export const SYSTEM_CLOCK: Clock = Object.freeze({ now: () => Date.now(), after });

/**
 * Waits for a while.
 *
 * @throws the reason of `signal` when it aborts.
 */
export async function pauseFor(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let cancel: (() => void) | undefined;
  try {
    await heed(new Promise<void>((resolve) => cancel = clock.after(ms, resolve)), signal);
  } finally {
    cancel?.();
  }
}
