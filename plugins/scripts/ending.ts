/**
 * How runs end: the words for it, and the time that a process is given.
 *
 * @module
 */
import type { Process, ProcessExit } from "../../kernel/mod.ts";

/** How long a process may take to end after TERM, before KILL. */
export const KILL_MS = 2_000;
/** How long a script may take to end once it has answered. */
const ANSWERED_MS = 2_000;
/** How long a script may take to end once it was told that nobody waits for it. */
const STOPPED_MS = 1_000;

/** Why nobody waits for a script any more. */
export interface Stop {
  readonly reason: string;
  /** Id of its request. */
  readonly id: number;
  /** Whether the script can still be told. */
  readonly isStdinOpen: boolean;
}

/** Asks a process to end, and ends it with all that it started when it takes too long; resolves when it is gone. */
export async function endProcess(process: Process, stop?: Stop): Promise<void> {
  if (stop?.isStdinOpen === true) void process.write(cancelledNotice(stop));
  void process.end();
  const isSoon = stop?.isStdinOpen !== false &&
    await comesWithin(process.exited, stop === undefined ? ANSWERED_MS : STOPPED_MS);
  if (!isSoon) await process.kill(KILL_MS);
}

/** Writes what tells a script, in the words of MCP, that its request was cancelled. */
function cancelledNotice({ id, reason }: Stop): string {
  const params = { requestId: id, reason };
  return `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params })}\n`;
}

/** Says how a process ended that did not answer. */
export function describeExit({ code, signal, ended }: ProcessExit): string {
  if (ended === "memory") return "took more memory than its limit, and was ended";
  if (ended === "processes") return "started more processes than its limit, and was ended";
  if (ended === "cpu") return "took more CPU time than its limit, and was ended";
  if (ended === "file") return "wrote a larger file than its limit, and was ended";
  return code === undefined
    ? `was ended by ${signal ?? "a signal"} before it answered`
    : `ended with exit code ${code}`;
}

/** Waits for a promise, but no longer than `ms`; tells whether it came. */
export async function comesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
