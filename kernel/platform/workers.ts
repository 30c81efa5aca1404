/**
 * Threads of this program, over `node:worker_threads`, which Deno and Bun have as well.
 *
 * A worker has no environment variables, no arguments and no stdin, and what it prints never reaches stdout. It is no
 * sandbox: a module that runs in one reaches what any module of this program does.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { type ResourceLimits, Worker as NativeWorker } from "node:worker_threads";
import { KernelError, messageOf } from "../errors.ts";
import type { Worker, WorkerOptions, Workers } from "../workers.ts";
import { Mailbox } from "./mailbox.ts";

const BOOT = new URL("./worker_boot.ts", import.meta.url);
const MEGABYTE = 1024 * 1024;

/** What a worker is told when it starts. */
export interface WorkerData {
  /** Address of the module to run. */
  readonly module: string;
  /** One number, which is not 0 when the worker was terminated. */
  readonly ending: SharedArrayBuffer;
}

/** Threads that can all be ended together. */
export interface OwnedWorkers extends Workers {
  /** Ends every thread that runs, and refuses to start more. */
  close(): Promise<void>;
}

/** Makes the threads of a server. */
export function createWorkers(): OwnedWorkers {
  const running = new Set<Thread>();
  let isClosed = false;
  return {
    parallelism: availableParallelism(),
    // Bun runs loops on as well, at times (oven-sh/bun#12616)
    canInterrupt: process.versions["deno"] === undefined && process.versions["bun"] === undefined,
    start(module, options = {}) {
      if (isClosed) throw new KernelError("KERNEL_STATE", "Cannot start a worker: the server is stopping");
      const thread = new Thread(module, options);
      running.add(thread);
      void thread.ended.then(() => running.delete(thread));
      return thread;
    },
    async close() {
      isClosed = true;
      await Promise.all([...running].map((thread) => thread.terminate()));
    },
  };
}

class Thread implements Worker {
  readonly ended: Promise<Error | undefined>;
  readonly #native: NativeWorker;
  readonly #mailbox = new Mailbox();
  readonly #ending = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  #error: Error | undefined;
  #isTerminated = false;
  #settle: (error: Error | undefined) => void = () => {};

  constructor(module: URL, { heapBytes }: WorkerOptions) {
    this.ended = new Promise((resolve) => this.#settle = resolve);
    this.#native = new NativeWorker(BOOT, {
      workerData: { module: module.href, ending: this.#ending } satisfies WorkerData,
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      // for nobody: the boot turns all to stderr, and who read this stream would keep the program running on Node
      stdout: true,
      ...(heapBytes !== undefined && { resourceLimits: limitHeap(heapBytes) }),
    });
    this.#native.on("message", (message) => this.#take(message));
    this.#native.on("messageerror", (error) => this.#refuse(error));
    this.#native.on("error", (error) => this.#fail(error));
    this.#native.on("exit", (code) => this.#end(code));
    this.#native.unref();
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#native.postMessage(message, transfer);
  }

  listen(listener: (message: unknown) => void): void {
    this.#mailbox.listen(listener);
  }

  async terminate(): Promise<void> {
    this.#isTerminated = true;
    Atomics.store(new Int32Array(this.#ending), 0, 1);
    await this.#native.terminate();
    this.#settle(this.#error);
  }

  #take(message: unknown): void {
    if (!this.#isTerminated) this.#mailbox.take(message);
  }

  #fail(error: unknown): void {
    if (!this.#isTerminated) this.#error ??= error instanceof Error ? error : new Error(messageOf(error));
  }

  // somebody would wait for it for ever
  #refuse(error: unknown): void {
    this.#error ??= new Error(`Cannot read a message of a worker: ${messageOf(error)}`, { cause: error });
    void this.terminate();
  }

  #end(code: number): void {
    if (this.#isTerminated || this.#error !== undefined) this.#settle(this.#error);
    else this.#settle(new Error(`A worker ended by itself: exit code ${code}`));
  }
}

function limitHeap(heapBytes: number): ResourceLimits {
  return { maxOldGenerationSizeMb: Math.max(1, Math.ceil(heapBytes / MEGABYTE)) };
}
