/**
 * How runs end: the words for it, and the time that a process is given.
 *
 * @module
 */
import { isToolError, messageOf, type Process, type ProcessExit, ToolError } from "../../kernel/mod.ts";

/** How long a process may take to end after TERM, before KILL. */
export const KILL_MS = 2_000;
/** How long a script may go on that has closed its output; longer than it takes to end one that will not. */
export const SILENT_MS = 5_000;
/** How long an error waits for what stderr has to say about it. */
export const STDERR_MS = 300;
/** How long a script may take to end once it has answered. */
const ANSWERED_MS = 2_000;
/** How long a script may take to end once it was told that nobody waits for it. */
const STOPPED_MS = 1_000;

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;

/** Why nobody waits for a script any more. */
export interface Stop {
  readonly reason: string;
  /** Id of its request. */
  readonly id: number;
  /** Whether the script can still be told. */
  readonly isStdinOpen: boolean;
}

/** What is known of a run that ends. */
export interface WaitOptions {
  /** That of the call. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Id of its request; 0 for a script that got none. */
  readonly id?: number | undefined;
  /** Whether the script can still be told that nobody waits for it. */
  readonly isStdinOpen: boolean;
}

/** The wait for a process, and its end. */
export class Wait {
  readonly #process: Process;
  readonly #options: WaitOptions;
  #stop: Stop | undefined;
  #ended: Promise<void> | undefined;

  constructor(process: Process, options: WaitOptions) {
    this.#process = process;
    this.#options = options;
  }

  /**
   * Waits for what a process does; gives what `timeout` makes of it when the time is over first.
   *
   * @throws {ToolError} when the call is cancelled first.
   */
  async for<T>(work: Promise<T>, timeout: () => T | Promise<T>): Promise<T> {
    const { signal, timeoutMs } = this.#options;
    const done = new AbortController();
    try {
      return await Promise.race([
        work,
        new Promise<T>((resolve, reject) => {
          const onAbort = () => {
            this.#tell(messageOf(signal.reason));
            reject(toCancellation(signal.reason));
          };
          const onTimeout = () => {
            this.#tell(`Timed out after ${timeoutMs / 1000} s`);
            resolve(new Promise((made) => made(timeout())));
          };
          const timer = timeoutMs > LONGEST_MS ? undefined : setTimeout(onTimeout, timeoutMs);
          signal.addEventListener("abort", onAbort, { signal: done.signal });
          done.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
          if (signal.aborted) onAbort();
        }),
      ]);
    } finally {
      done.abort();
    }
  }

  /** Ends the process, kindly at first; resolves when its tree is gone. Somebody has to read its stdout meanwhile. */
  end(): Promise<void> {
    return this.#ended ??= endProcess(this.#process, this.#stop);
  }

  #tell(reason: string): void {
    const { id = 0, isStdinOpen } = this.#options;
    this.#stop = { id, reason, isStdinOpen };
  }
}

/** Reads what nobody wants, and what would keep a process from ending. */
export async function drain(output: AsyncIterable<string>): Promise<void> {
  for await (const _ of output) {
    // dropped
  }
}

function toCancellation(reason: unknown): ToolError {
  return isToolError(reason) ? reason : new ToolError(`Cancelled: ${messageOf(reason)}`);
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

/** What a script does that needs more time than it has. */
export const LONGER_BY = "sets timeout_ms";

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
