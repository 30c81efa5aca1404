/**
 * Time: work in the background that keeps no process alive, pauses, and moments in file names.
 *
 * @module
 */
import type { Disposer } from "../../kernel/mod.ts";

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** Runs `work` every so many milliseconds, never twice at once, until the disposer is called. */
export function repeat(intervalMs: number, work: () => Promise<void>): Disposer {
  let isRunning = false;
  const timer: unknown = setInterval(async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      await work();
    } finally {
      isRunning = false;
    }
  }, intervalMs);
  // timers of Node and Deno have it; where a timer is a number there is no process to keep alive
  (timer as { unref?: () => void }).unref?.();
  return () => clearInterval(timer as number);
}

/** Runs `work` once, after a time, unless the function it gives is called before. Keeps no process alive. */
export function after(ms: number, work: () => void): () => void {
  const timer: unknown = setTimeout(work, Math.min(Math.max(ms, 0), LONGEST_MS));
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Gives this moment as part of a file name: `20250102T030405678Z`. */
export function timestamp(): string {
  return new Date().toISOString().replace(/[-:.]/g, "");
}
