/**
 * Workers that run artifacts: started when they are needed, so many at a time, and ended when they are not.
 *
 * @module
 */
import { ToolError, type Workers } from "../../../kernel/mod.ts";
import { Pacer } from "./pacer.ts";
import type { Stop } from "./stop.ts";
import { Thread } from "./thread.ts";

/** What JavaScript in a worker may take; the memory of WebAssembly is none of it. */
const HEAP_BYTES = 512 * 1024 * 1024;
/**
 * How long a worker beyond the most waits without a run, and one that has taken much memory, in milliseconds: the next
 * nested run may come soon.
 */
const SURPLUS_MS = 1_000;
/**
 * How long a run may take to end that nobody waits for, in milliseconds: to start another worker takes the thread of Deno
 * tens of milliseconds, in which nobody is served.
 */
const PATIENCE_MS = 250;

/** Bounds of a {@linkcode WorkerPool}. */
export interface PoolOptions {
  readonly workers: Workers;
  /** Most runs at the same time, of each depth of nesting. */
  readonly most: number;
  /** How long a worker waits without a run, in milliseconds. */
  readonly idleMs: number;
}

/** A run that wants a worker. */
export interface Want {
  /** How many calls it is nested in. */
  readonly depth: number;
  /** Names the artifact: a worker that has it is preferred. */
  readonly digest: string;
  /** What may end the wait. */
  readonly stop: Stop;
}

/** A worker of the pool for one run. */
export interface Loan {
  readonly thread: Thread;
  readonly depth: number;
}

interface Idle {
  readonly thread: Thread;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface Waiting {
  take(): void;
}

/** The runs of one depth. */
interface Tier {
  busy: number;
  readonly waiting: Set<Waiting>;
}

/**
 * Lends workers, to whoever came first.
 *
 * A run may wait for others that are nested in it. Each depth has room of its own, so that the deepest ones, which wait
 * for none, always get to run.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #tiers = new Map<number, Tier>();
  /** Those that wait for a run, and since when; the one that ran last at the end. */
  #idle: Idle[] = [];
  readonly #ending = new Set<Promise<void>>();
  readonly #busy = new Set<Thread>();
  readonly #starts = new Pacer();
  #sweep: { readonly timer: ReturnType<typeof setTimeout>; readonly ms: number } | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Lends a worker, when there is room for one more run of its depth.
   *
   * @throws the error of `stop` when that comes first.
   */
  async take({ depth, digest, stop }: Want): Promise<Loan> {
    const tier = this.#tierAt(depth);
    if (tier.busy >= this.#options.most) await this.#turn(tier, stop);
    else tier.busy++;
    try {
      return { thread: this.#lend(digest) ?? await this.#lendNew(digest, stop), depth };
    } catch (error) {
      this.#leave(depth);
      throw error;
    }
  }

  async #turn(tier: Tier, stop: Stop): Promise<void> {
    let waiting: Waiting | undefined;
    const turn = new Promise<void>((resolve) => tier.waiting.add(waiting = { take: resolve }));
    try {
      await stop.race(turn);
    } catch (error) {
      // the turn may have come all the same
      if (!tier.waiting.delete(waiting!)) this.#pass(tier);
      throw error;
    }
  }

  /** Gives a worker that waits for a run, if there is one. */
  #lend(digest: string): Thread | undefined {
    if (this.#isClosed) throw new ToolError("Cannot run a tool: the server stops its workers");
    const idle = this.#idle;
    // the end of a worker is told a little later
    while (idle.at(-1)?.thread.isEnded) idle.pop();
    const known = idle.findLastIndex(({ thread }) => !thread.isEnded && thread.has(digest));
    const [found] = idle.splice(known === -1 ? idle.length - 1 : known, 1);
    // at once: whoever closes the pool ends those that are idle or busy
    if (found !== undefined) this.#busy.add(found.thread);
    return found?.thread;
  }

  /** Starts one, which takes the thread of the server some time: others are served in between. */
  async #lendNew(digest: string, stop: Stop): Promise<Thread> {
    await stop.race(this.#starts.run(() => {}));
    // a run may have ended meanwhile
    return this.#lend(digest) ?? this.#start();
  }

  #start(): Thread {
    // not at the top: where there are no workers, modules may have no address
    const main = new URL("../worker/main.ts", import.meta.url);
    const thread = new Thread(this.#options.workers.start(main, { heapBytes: HEAP_BYTES }));
    this.#busy.add(thread);
    return thread;
  }

  /** Takes a worker back whose run is over. */
  giveBack({ thread, depth }: Loan): void {
    this.#busy.delete(thread);
    if (!thread.isEnded) this.#idle.push({ thread, since: Date.now() });
    this.#sweepSoon();
    this.#leave(depth);
  }

  /** Takes a worker back whose run is not over, once it is, or ends it if that takes too long. */
  async recall(loan: Loan): Promise<void> {
    if (await loan.thread.halt(PATIENCE_MS)) this.giveBack(loan);
    else await this.discard(loan);
  }

  /** Ends a worker whose run is not over; its room is free when it is gone. */
  async discard({ thread, depth }: Loan): Promise<void> {
    this.#busy.delete(thread);
    await this.#end(thread);
    this.#leave(depth);
  }

  #leave(depth: number): void {
    const tier = this.#tierAt(depth);
    this.#pass(tier);
    if (tier.busy === 0) this.#tiers.delete(depth);
  }

  /** Gives the room of a run that is over to the one that waits longest. */
  #pass(tier: Tier): void {
    const [next] = tier.waiting;
    if (next === undefined) tier.busy--;
    else {
      tier.waiting.delete(next);
      next.take();
    }
  }

  #tierAt(depth: number): Tier {
    const tier = this.#tiers.get(depth) ?? { busy: 0, waiting: new Set<Waiting>() };
    this.#tiers.set(depth, tier);
    return tier;
  }

  get #surplus(): number {
    return this.#busy.size + this.#idle.length - this.#options.most;
  }

  // one timer for all: to set one for each run would cost more than some runs
  #sweepSoon(): void {
    if (this.#isClosed) return;
    const { idleMs } = this.#options;
    const ms = this.#surplus > 0 || this.#idle.some(({ thread }) => thread.isLarge)
      ? Math.min(SURPLUS_MS, idleMs)
      : idleMs;
    if (this.#sweep !== undefined && this.#sweep.ms <= ms) return;
    clearTimeout(this.#sweep?.timer);
    const timer = setTimeout(() => this.#endIdle(), ms);
    this.#sweep = { timer, ms };
    // an embedder that forgets to stop its kernel should not wait for it; timers of Node and Deno have this
    (timer as { unref?: () => void }).unref?.();
  }

  #endIdle(): void {
    const now = Date.now();
    this.#sweep = undefined;
    let surplus = this.#surplus;
    const kept: Idle[] = [];
    for (const idle of this.#idle) {
      const age = now - idle.since;
      const isOver = age >= this.#options.idleMs || (surplus > 0 || idle.thread.isLarge) && age >= SURPLUS_MS;
      if (!isOver && !idle.thread.isEnded) {
        kept.push(idle);
        continue;
      }
      surplus--;
      this.#end(idle.thread);
    }
    this.#idle = kept;
    if (kept.length > 0) this.#sweepSoon();
  }

  #end(thread: Thread): Promise<void> {
    const ending = thread.end().catch(() => {});
    this.#ending.add(ending);
    return ending.then(() => void this.#ending.delete(ending));
  }

  /** Ends all workers, and lends none any more; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#sweep?.timer);
    this.#sweep = undefined;
    for (const { thread } of this.#idle.splice(0)) this.#end(thread);
    for (const thread of this.#busy) this.#end(thread);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }
}
