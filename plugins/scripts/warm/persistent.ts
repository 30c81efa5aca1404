/**
 * Processes that serve many calls in turn: one for each key, started by the first call and started anew after a failure,
 * at a great age and after many calls.
 *
 * @module
 */
import type { Process } from "../../../kernel/mod.ts";
import { PersistentQueue } from "./persistent_queue.ts";

/** Bounds of {@linkcode PersistentProcesses}. */
export interface PersistentOptions {
  /** How long a process serves, in milliseconds; 600,000 by default. */
  readonly maxAgeMs?: number;
  /** How many calls it serves; 1,000 by default. */
  readonly maxCalls?: number;
  /** How long it waits for the next call, in milliseconds; 60,000 by default. */
  readonly idleMs?: number;
  /** How many processes there are together; beyond that, those that serve nobody give way. 32 by default. */
  readonly most?: number;
  /** Is told what a process prints while it serves nobody. */
  readonly onStray: (key: string, text: string) => void;
}

/** A call that has its turn. */
export interface PersistentCall {
  /**
   * The process, as if it were the call's own: it has ended when the call has its answer, and to end it before that ends
   * the process itself.
   */
  readonly process: Process;
  /** Id of the request; an answer with another id is none. */
  readonly id: number;
}

/** Processes that serve many calls, by key. */
export class PersistentProcesses {
  readonly #options: Required<PersistentOptions>;
  /** Called longest ago first. */
  readonly #queues = new Map<string, PersistentQueue>();
  readonly #closing = new Set<Promise<void>>();

  constructor({ maxAgeMs = 600_000, maxCalls = 1_000, idleMs = 60_000, most = 32, onStray }: PersistentOptions) {
    this.#options = { maxAgeMs, maxCalls, idleMs, most, onStray };
  }

  /**
   * Waits for the turn of a call; calls of a key are served in the order in which they came.
   *
   * @param key Names what the process is made of: tool, version, variables, sandbox, whom it serves.
   * @param start Starts the process, when there is none.
   * @throws what `start` throws, and the reason of `signal` when it aborts before.
   */
  async begin(key: string, start: () => Promise<Process>, signal: AbortSignal): Promise<PersistentCall> {
    const known = this.#queues.get(key);
    const queue = known ?? this.#makeQueue(key);
    this.#queues.delete(key);
    this.#queues.set(key, queue);
    if (known === undefined) this.#makeRoom();
    return await queue.begin(start, signal);
  }

  #makeQueue(key: string): PersistentQueue {
    const queue: PersistentQueue = new PersistentQueue({
      ...this.#options,
      onStray: (text) => this.#options.onStray(key, text),
      onEmpty: () => {
        if (this.#queues.get(key) === queue) this.#queues.delete(key);
      },
    });
    return queue;
  }

  /** Ends the process that was called the longest ago, where there are too many and it serves nobody. */
  #makeRoom(): void {
    if (this.#queues.size <= this.#options.most) return;
    for (const [key, queue] of this.#queues) {
      if (!queue.isIdle) continue;
      this.#queues.delete(key);
      const closing = queue.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
      return;
    }
  }

  /** Ends all processes; resolves when they are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...[...this.#queues.values()].map((it) => it.close())]);
  }
}
