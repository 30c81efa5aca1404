/**
 * Timers that keep no process alive.
 *
 * @module
 */

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** Runs `work` once, after a time, unless the function it gives is called before. */
export function after(ms: number, work: () => void): () => void {
  const timer: unknown = setTimeout(work, Math.min(Math.max(ms, 0), LONGEST_MS));
  // timers of Node and Deno have it; where a timer is a number there is no process to keep alive
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}
