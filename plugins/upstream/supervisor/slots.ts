/**
 * The cap on servers that run at a time.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** One who runs, or wants to. */
export interface SlotHolder {
  /** Whether nobody needs it at the moment. */
  readonly isIdle: boolean;
  /** Milliseconds since 1970. */
  readonly lastUsedAt: number;
  /** Ends it; its slot comes back by the function that gave it. */
  evict(): void;
}

interface Waiter {
  readonly holder: SlotHolder;
  readonly grant: (release: () => void) => void;
}

/** Hands out the right to run. Where none is left, whoever is idle and was used least recently makes room. */
export class Slots {
  readonly #most: number;
  // those that are being ended hold their slot until nothing of them is left
  readonly #running = new Map<SlotHolder, "running" | "ending">();
  readonly #queue: Waiter[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Waits for the right to run, first come, first served; gives what gives it back.
   *
   * @throws {ToolError} when the holder has it already.
   * @throws the reason of `signal` when it aborts.
   */
  acquire(holder: SlotHolder, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#running.has(holder)) return reject(new ToolError("Cannot start: what ran before has not ended"));
      const waiter: Waiter = {
        holder,
        grant: (release) => {
          signal.removeEventListener("abort", onAbort);
          resolve(release);
        },
      };
      const onAbort = () => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(waiter);
      this.serve();
    });
  }

  /** Looks whether whoever waits can be served: called when somebody became idle. */
  serve(): void {
    while (this.#queue.length > 0 && this.#running.size < this.#most) this.#grant(this.#queue.shift()!);
    if (this.#queue.length === 0) return;
    const states = [...this.#running];
    let wanted = this.#queue.length - states.filter(([, state]) => state === "ending").length;
    const idle = states.filter(([holder, state]) => state === "running" && holder.isIdle).map(([holder]) => holder);
    for (const holder of idle.sort((a, b) => a.lastUsedAt - b.lastUsedAt)) {
      if (wanted-- <= 0) return;
      this.#running.set(holder, "ending");
      holder.evict();
    }
  }

  #grant({ holder, grant }: Waiter): void {
    this.#running.set(holder, "running");
    let isReleased = false;
    grant(() => {
      if (isReleased) return;
      isReleased = true;
      this.#running.delete(holder);
      this.serve();
    });
  }
}
