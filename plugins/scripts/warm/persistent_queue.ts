/**
 * The calls of one process that serves many.
 *
 * @module
 */
import { type Process, ToolError } from "../../../kernel/mod.ts";
import type { PersistentCall } from "./persistent.ts";
import { ServingProcess } from "./serving_process.ts";

/** Bounds of a {@linkcode PersistentQueue}, and whom it tells what. */
export interface QueueOptions {
  readonly maxAgeMs: number;
  readonly maxCalls: number;
  readonly idleMs: number;
  /** Is told what the process prints while it serves nobody. */
  readonly onStray: (text: string) => void;
  /** Is told that there is neither process nor call left. */
  readonly onEmpty: () => void;
}

/** A call that waits for its turn. */
interface Turn {
  readonly start: () => Promise<Process>;
  readonly signal: AbortSignal;
  readonly resolve: (call: PersistentCall) => void;
  readonly reject: (reason: unknown) => void;
}

/** Serves calls in the order in which they come. */
export class PersistentQueue {
  readonly #options: QueueOptions;
  readonly #turns = new Set<Turn>();
  readonly #ending = new Set<Promise<void>>();
  #serving: ServingProcess | undefined;
  #isStarting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Whether nobody is served, nor waits. */
  get isIdle(): boolean {
    return this.#turns.size === 0 && !this.#isStarting && this.#serving?.isBusy !== true;
  }

  /** Waits for the turn of a call. */
  async begin(start: () => Promise<Process>, signal: AbortSignal): Promise<PersistentCall> {
    signal.throwIfAborted();
    const waiting = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        const turn: Turn = { start, signal, resolve, reject };
        this.#turns.add(turn);
        signal.addEventListener("abort", () => {
          if (this.#turns.delete(turn)) reject(signal.reason);
        }, { signal: waiting.signal });
        void this.#next();
      });
    } finally {
      waiting.abort();
    }
  }

  /** Refuses who waits, and ends the process; resolves when it is gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#turns) reject(new ToolError("Cannot run the script: the server is stopping"));
    this.#turns.clear();
    this.#dismiss();
    await Promise.all(this.#ending);
  }

  /** Gives the process to whoever is next. */
  async #next(): Promise<void> {
    if (this.#isStarting || this.#serving?.isBusy === true && this.#serving.isFit) return;
    if (this.#serving !== undefined && !this.#isUsable(this.#serving)) this.#dismiss();
    const [turn] = this.#turns;
    if (turn === undefined) return this.#rest();
    clearTimeout(this.#timer);
    if (this.#serving === undefined) await this.#start(turn);
    // who waited may be gone by now
    const [first] = this.#turns;
    if (this.#serving === undefined || first === undefined) return this.#rest();
    this.#turns.delete(first);
    const process = this.#serving.begin();
    first.resolve({ process, id: this.#serving.calls });
  }

  async #start(turn: Turn): Promise<void> {
    this.#isStarting = true;
    try {
      const process = await turn.start();
      if (this.#isClosed) await process.kill(0);
      else this.#serving = this.#adopt(process);
    } catch (error) {
      if (this.#turns.delete(turn)) turn.reject(error);
      // whoever comes next may have more luck
      queueMicrotask(() => void this.#next());
    } finally {
      this.#isStarting = false;
    }
  }

  #adopt(process: Process): ServingProcess {
    const serving: ServingProcess = new ServingProcess(process, {
      onStray: this.#options.onStray,
      onFree: () => {
        if (this.#serving === serving) void this.#next();
      },
    });
    return serving;
  }

  #isUsable({ isFit, calls, startedAt }: ServingProcess): boolean {
    return isFit && calls < this.#options.maxCalls && Date.now() - startedAt < this.#options.maxAgeMs;
  }

  /** Lets go of the process, which ends once its call, if it has one, is over. */
  #dismiss(): void {
    const serving = this.#serving;
    if (serving === undefined) return;
    this.#serving = undefined;
    // a call that goes on without an answer ends the process by itself, and tells it why
    const isLeft = serving.isBusy && !this.#isClosed;
    const ending = (isLeft ? serving.process.exited.then(() => {}) : serving.end()).finally(() => {
      this.#ending.delete(ending);
      this.#rest();
    });
    this.#ending.add(ending);
  }

  /** Waits a while for the next call. */
  #rest(): void {
    clearTimeout(this.#timer);
    if (this.#turns.size > 0 || this.#isStarting || this.#serving?.isBusy === true) return;
    if (this.#serving !== undefined) this.#timer = setTimeout(() => this.#dismiss(), this.#options.idleMs);
    else if (this.#ending.size === 0) this.#options.onEmpty();
  }
}
