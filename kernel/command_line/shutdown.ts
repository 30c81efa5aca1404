/**
 * The end of the server: the first signal asks for it, the second does not wait.
 *
 * @module
 */
import process from "node:process";
import type { Log } from "../plugin.ts";

/** Time to stop in, beyond the grace period: for the clean-up of every plugin. */
export const STOP_MS = 5_000;

const SIGNALS = process.platform === "win32"
  ? ["SIGINT", "SIGBREAK"] as const
  : ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Resolves when a signal asks the server to stop; another one then ends the process at once, with 1. */
export function awaitSignal(log: Log): Promise<string> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (isStopping) {
          log.error(`Ended at once by a second signal, ${signal}`);
          process.exit(1);
        }
        isStopping = true;
        resolve(signal);
      });
    }
  });
}

/** Ends the process with 1 if it is not over within a time. */
export function endWithin(ms: number, log: Log): void {
  const timer = setTimeout(() => {
    log.error(`Ended: it did not stop within ${ms} ms`);
    process.exit(1);
  }, ms);
  timer.unref?.();
}
