/**
 * Streams that are kept open: asked for again whenever they end.
 *
 * @module
 */
import { messageOf } from "../../../../kernel/mod.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const MOST_FAILURES = 3;

/** What a standing stream does. */
export interface Standing {
  /**
   * Opens the stream and reads it to its end; tells `false` where the server has no such stream. Calls `opened` when it
   * is open.
   */
  read(opened: () => void): Promise<boolean>;
  /** Hears why the stream cannot be had any more. */
  lost(reason: string): void;
  /** Milliseconds that the server wants to be left alone for; `undefined` when it did not say. */
  pauseMs(): number | undefined;
  readonly signal: AbortSignal;
}

/** Keeps a stream open until `signal` aborts, the server has none, or it fails too often without being opened. */
export async function keepOpen({ read, lost, pauseMs, signal }: Standing): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (!await read(() => failures = 0)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (++failures >= MOST_FAILURES) return lost(messageOf(error));
    }
    const pause = pauseMs() ?? FIRST_PAUSE_MS * 2 ** failures;
    await rest(Math.min(pause, LONGEST_PAUSE_MS), signal);
  }
}

/** Waits, no longer than until `signal` aborts. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
