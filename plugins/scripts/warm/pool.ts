/**
 * Interpreters that wait, each for one script: handed out by key, and filled up while nobody waits for it.
 *
 * @module
 */
import { messageOf, type Process } from "../../../kernel/mod.ts";
import { encodeHeader, READY, type WarmHeader } from "./header.ts";
import { Shelf } from "./shelf.ts";

/** How long calls go first, before another process is started. */
const CALM_MS = 10;
/** How long a process may take until it waits. */
const BOOT_MS = 30_000;
/** How often in a row processes of a key may fail. */
const MOST_FAILURES = 3;
/** How long after a failure the next is started; twice as long after each more. */
const BACKOFF_MS = 1_000;
/** How many more may wait than at first, when calls come several at a time. */
const GROWTH = 4;

/** Bounds of a {@linkcode Pool}. */
export interface PoolOptions {
  /** How many wait of a key at first, and a fourth of the most; 2 by default, 0 for none. */
  readonly perKey?: number;
  /** How many wait together; 16 by default, 0 for none. The key that was called the longest ago gives way. */
  readonly total?: number;
  /** How long they wait without a call of their key, in milliseconds; 60,000 by default, 0 for never. */
  readonly idleMs?: number;
  /** Says that a key has none any more, since its processes fail. */
  readonly warn: (message: string) => void;
}

/** Starts a process that prints {@linkcode READY} and waits for a header. */
export type StartWarm<P extends Process = Process> = () => Promise<P>;

/** Waiting processes by key. */
export class Pool<P extends Process = Process> {
  readonly #perKey: number;
  readonly #total: number;
  readonly #idleMs: number;
  readonly #warn: (message: string) => void;
  /** Called longest ago first. */
  readonly #shelves = new Map<string, Shelf<P>>();
  readonly #ending = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = 0;
  #filling: Promise<void> | undefined;
  #isClosed = false;

  constructor({ perKey = 2, total = 16, idleMs = 60_000, warn }: PoolOptions) {
    this.#perKey = perKey;
    this.#total = total;
    this.#idleMs = idleMs;
    this.#warn = warn;
  }

  /** How many wait. */
  get size(): number {
    return [...this.#shelves.values()].reduce((sum, shelf) => sum + shelf.size, 0);
  }

  /**
   * Hands out a process that has been given its header; `undefined` when none waits: then the script has to be started
   * as ever. Others are started for the calls to come.
   *
   * @param key Names what processes have in common: program, words, variables, sandbox.
   */
  take(key: string, start: StartWarm<P>, header: WarmHeader): P | undefined {
    if (this.#isClosed || this.#perKey === 0 || this.#total === 0 || this.#idleMs === 0) return undefined;
    const known = this.#shelves.get(key);
    const shelf = known ?? new Shelf<P>(key, this.#perKey);
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    shelf.start = start;
    shelf.calledAt = Date.now();
    const process = shelf.take();
    if (process !== undefined) void process.write(encodeHeader(header));
    else if (known !== undefined) shelf.grow(this.#perKey * GROWTH);
    this.#wakeIn(CALM_MS);
    return process;
  }

  /** Ends all that wait; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#filling;
    for (const shelf of this.#shelves.values()) this.#empty(shelf);
    await Promise.all(this.#ending);
  }

  /** Looks after the shelves later, unless that comes sooner in any case. */
  #wakeIn(ms: number): void {
    const dueAt = Date.now() + ms;
    if (this.#isClosed || this.#timer !== undefined && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#filling ??= this.#lookAfter().finally(() => {
        this.#filling = undefined;
        this.#sleep();
      });
    }, ms);
  }

  /** Waits for what comes next: the end of a shelf, or of a pause after a failure. */
  #sleep(): void {
    const now = Date.now();
    const times = [...this.#shelves.values()].map((it) => Math.min(it.calledAt + this.#idleMs, it.pausedTill(now)));
    if (times.length > 0) this.#wakeIn(Math.max(CALM_MS, Math.min(...times) - now));
  }

  async #lookAfter(): Promise<void> {
    const now = Date.now();
    for (const shelf of this.#shelves.values()) {
      if (now - shelf.calledAt >= this.#idleMs) this.#empty(shelf);
    }
    // one at a time, the one that was called last first
    for (let shelf = this.#nextToFill(); shelf !== undefined; shelf = this.#nextToFill()) await this.#fill(shelf);
  }

  #nextToFill(): Shelf<P> | undefined {
    if (this.#isClosed) return undefined;
    const shelves = [...this.#shelves.values()];
    const wanting = shelves.findLast((it) => it.isWanting(Date.now()));
    if (wanting === undefined || this.size < this.#total) return wanting;
    // none gives way to one that was called before it
    const oldest = shelves.find((it) => it.size > 0);
    if (oldest === undefined || shelves.indexOf(oldest) >= shelves.indexOf(wanting)) return undefined;
    this.#end(oldest.take()!);
    return wanting;
  }

  async #fill(shelf: Shelf<P>): Promise<void> {
    let process: P | undefined;
    try {
      process = await shelf.start();
      await untilReady(process);
    } catch (error) {
      if (process !== undefined) this.#end(process);
      this.#countFailure(shelf, messageOf(error));
      return;
    }
    if (this.#isClosed || this.#shelves.get(shelf.key) !== shelf) return this.#end(process);
    shelf.add(process, () => {
      this.#countFailure(shelf, "it ended while it waited");
      this.#sleep();
    });
  }

  #countFailure(shelf: Shelf<P>, reason: string): void {
    if (this.#isClosed) return;
    shelf.fail(BACKOFF_MS);
    if (shelf.failures === MOST_FAILURES) {
      shelf.giveUp();
      this.#warn(`Cannot keep an interpreter waiting, its scripts start it as they come: ${reason}`);
    }
  }

  #empty(shelf: Shelf<P>): void {
    this.#shelves.delete(shelf.key);
    for (let process = shelf.take(); process !== undefined; process = shelf.take()) this.#end(process);
  }

  #end(process: Process): void {
    // it holds nothing that it could lose
    const ending = process.kill(0).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

/** Reads no more of stdout than the line that says so. */
async function untilReady(process: Process): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not ready after ${BOOT_MS / 1000} s`)), BOOT_MS);
  });
  try {
    await Promise.race([readReady(process), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readReady({ stdout, stderr, exited }: Process): Promise<void> {
  let text = "";
  for await (const piece of stdout) {
    text += piece;
    if (text === READY) return;
    if (!READY.startsWith(text)) {
      throw new Error(`it printed ${JSON.stringify(text.slice(0, 100))} before it was ready`);
    }
  }
  await exited;
  let said = "";
  for await (const piece of stderr) said = `${said}${piece}`.slice(-500);
  throw new Error(`it ended before it was ready${said === "" ? "" : `: ${said.trim()}`}`);
}
