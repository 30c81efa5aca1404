/**
 * The end of a worker from within, for runtimes that cannot end a thread that is in the middle of something.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import type { WorkerData } from "./workers.ts";

/** How often a program may take the end for a failure that passes. */
const MOST_REFUSALS = 1_000;
const ending = (workerData as Partial<WorkerData> | null)?.ending;
const flag = ending instanceof SharedArrayBuffer ? new Int32Array(ending) : undefined;
let refusals = 0;

/**
 * Does nothing unless this is a worker that was terminated.
 *
 * `process.exit()` would be no end: Deno waits in it for the thread to be ended from outside.
 *
 * @throws {Error} named `WorkerEnded` then, which ends the thread unless it is caught; who catches it again and again is
 * put to sleep.
 */
export function checkEnd(): void {
  if (flag === undefined || Atomics.load(flag, 0) === 0) return;
  if (++refusals > MOST_REFUSALS) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw Object.assign(new Error("The worker was ended"), { name: "WorkerEnded" });
}
