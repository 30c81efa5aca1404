/**
 * One child process: its pipes, its limits and its end.
 *
 * @module
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Readable } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";
import type { Command, Process, ProcessExit } from "../contracts.ts";
import { limitOf } from "./launch.ts";
import { ByteQueue, TextStream } from "./output.ts";
import { describeEnd, type RootExit } from "./process_exit.ts";
import type { ProcessTree } from "./process_tree.ts";
import { watchTree } from "./tree_watch.ts";

const TIMEOUT_MS = 300_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const OUTPUT_LIMIT = 16 * 1024 * 1024;
const GRACE_MS = 2_000;
/** How much of stdout waits for a slow reader before the child is made to wait. */
const BUFFER_BYTES = 256 * 1024;
/** How long pipes may stay open after the process ended, before what holds them is ended as well. */
const PIPE_GRACE_MS = 250;
/** What a pipe and the runtime's buffers hold at most: /proc/sys/fs/pipe-max-size is 1 MiB. */
const DRAIN_BYTES = 4 * 1024 * 1024;

/** What a child is told beside its command. */
export interface ChildOptions {
  readonly tree: ProcessTree;
  /** Whether stdout is kept up to the output limit, for a reader who comes at the end. */
  readonly isCollected: boolean;
  /** Runs when the tree is gone, before `exited` resolves. */
  readonly cleanUp: () => Promise<void>;
}

/** Waits for a promise, but no longer than `ms`; tells whether it came. */
async function comesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function pump(source: Readable, queue: ByteQueue): Promise<void> {
  try {
    for await (const chunk of source) await queue.push(chunk);
  } catch {
    // destroyed, since something that is no longer ours holds the pipe open
  } finally {
    queue.close();
  }
}

/** A running child. */
export class Child implements Process {
  readonly pid: number;
  readonly stdout: AsyncIterable<string>;
  readonly stderr: AsyncIterable<string>;
  readonly exited: Promise<ProcessExit>;
  /** What the process wrote, for a reader who comes at the end. */
  readonly kept: { readonly stdout: ByteQueue; readonly stderr: ByteQueue };
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #tree: ProcessTree;
  readonly #pipes: Promise<unknown>;
  readonly #pendingWrites = new Set<() => void>();
  #ended: ProcessExit["ended"];
  #ending: Promise<unknown> | undefined;
  #hasExited = false;

  constructor(child: ChildProcessWithoutNullStreams, command: Command, options: ChildOptions) {
    const limit = command.outputLimit ?? OUTPUT_LIMIT;
    this.#child = child;
    this.#tree = options.tree;
    this.pid = child.pid ?? 0;
    this.kept = {
      stdout: options.isCollected
        ? new ByteQueue(limit, "drop-newest")
        : new ByteQueue(Math.min(limit, BUFFER_BYTES), "wait"),
      stderr: new ByteQueue(limit, "drop-oldest"),
    };
    this.stdout = new TextStream(this.kept.stdout);
    this.stderr = new TextStream(this.kept.stderr);
    this.#pipes = Promise.all([pump(child.stdout, this.kept.stdout), pump(child.stderr, this.kept.stderr)]);
    // EPIPE: the process closed its stdin or ended, which concerns nobody
    child.stdin.on("error", () => {});
    const stopLimits = this.#startLimits(command);
    this.exited = this.#settle(stopLimits, options.cleanUp);
  }

  async #settle(stopLimits: () => void, cleanUp: () => Promise<void>): Promise<ProcessExit> {
    const exit = await new Promise<RootExit>((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
    this.#hasExited = true;
    this.#tree.rootEnded();
    stopLimits();
    this.#child.stdin.destroy();
    for (const resolve of this.#pendingWrites) resolve();
    await this.#ending;
    await this.#endLeftovers(exit);
    const { code, signal, ended } = describeEnd(exit, this.#tree);
    await cleanUp();
    return { code, signal, ended: this.#ended ?? ended };
  }

  /** Ends what outlived the process, and reads what is left in the pipes. */
  async #endLeftovers({ signal }: RootExit): Promise<void> {
    const { stdout } = this.kept;
    if (await this.#tree.hasSurvivors(signal !== undefined)) {
      await comesWithin(this.#pipes, PIPE_GRACE_MS);
      await this.#tree.end(PIPE_GRACE_MS);
    }
    stdout.stopWaiting(DRAIN_BYTES);
    if (await comesWithin(this.#pipes, PIPE_GRACE_MS)) return;
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    await comesWithin(this.#pipes, PIPE_GRACE_MS);
  }

  #startLimits(command: Command): () => void {
    const { timeoutMs = TIMEOUT_MS, signal } = command;
    const onAbort = (): void => this.#end("abort", GRACE_MS);
    const timer = timeoutMs > LONGEST_TIMER_MS
      ? undefined
      : setTimeout(() => this.#end("timeout", GRACE_MS), timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    const stopWatching = watchTree({
      tree: this.#tree,
      memoryBytes: limitOf(command.memoryBytes),
      processes: limitOf(command.processes),
      onExceeded: (limit) => this.#end(limit, 0),
    });
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      stopWatching();
    };
  }

  #end(reason: ProcessExit["ended"], graceMs: number): void {
    if (this.#hasExited || this.#ended === reason) return;
    this.#ended ??= reason;
    this.#endTree(graceMs);
  }

  #endTree(graceMs: number): void {
    this.#ending = Promise.all([this.#ending, this.#tree.end(graceMs)]);
  }

  write(text: string): Promise<void> {
    const { stdin } = this.#child;
    if (stdin.destroyed || stdin.writableEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const onDone = (): void => {
        this.#pendingWrites.delete(onDone);
        resolve();
      };
      this.#pendingWrites.add(onDone);
      stdin.write(text, onDone);
    });
  }

  end(): Promise<void> {
    this.#child.stdin.end();
    return Promise.resolve();
  }

  async kill(graceMs: number = GRACE_MS): Promise<void> {
    if (!this.#hasExited) this.#endTree(graceMs);
    await this.exited;
  }
}
