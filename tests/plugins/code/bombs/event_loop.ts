/**
 * Watches the event loop of the process that it runs in: how long nobody was served between two ticks of a timer.
 *
 * A late tick alone says little on a machine that has more to do than processors: the thread may have been ready, and
 * waited for one. Linux tells how long each thread has waited so (`/proc/thread-self/schedstat`, the second number, in
 * nanoseconds); what is left of the time between two ticks is what the thread worked, or slept in a system call, while
 * nobody else was served. Where nobody tells, all of a gap counts.
 *
 * One such sleep is told apart: `new Worker()` of Deno returns once the new thread has made its engine, which takes some
 * 30 ms of a processor on an idle machine, and as long as that thread has to wait for one on a busy machine. It is the
 * same whatever the code in the worker does.
 *
 * `monitorEventLoopDelay` is no better: that of Node cannot tell the two apart, and that of Deno never
 * counts anything.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** What was seen from one look to the next. */
export interface Tick {
  /** All of it, in milliseconds; an idle loop has the time between two ticks. */
  readonly gapMs: number;
  /** How long the thread waited for a processor. */
  readonly waitedMs: number;
  /** How long it had one. */
  readonly workedMs: number;
  /** How long it slept while another thread began. */
  readonly beganMs: number;
  /** What is left of the gap: how long nobody could be served, at most. */
  readonly blockedMs: number;
}

/** What was seen while the loop was watched. */
export interface LoopReport {
  readonly ticks: number;
  /** The ticks that were blocked longest. */
  readonly worst: readonly Tick[];
  /** The longest sleep while a thread began, of which no more is counted than that thread worked. */
  readonly beganMs: number;
}

interface Look {
  readonly at: number;
  readonly workedMs: number;
  readonly waitedMs: number;
  readonly threads: ReadonlySet<string>;
}

const TICK_MS = 5;
const KEPT = 5;
const THREADS = "/proc/self/task";
const NANOSECONDS = 1e6;

/** Watches until it is ended. */
export class LoopWatch {
  readonly #timer: ReturnType<typeof setInterval>;
  #last = look();
  #ticks = 0;
  #worst: Tick[] = [];
  #began = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  #look(): void {
    const { at, waitedMs, workedMs, threads } = this.#last;
    const now = this.#last = look();
    this.#ticks++;
    const gapMs = now.at - at;
    const waited = now.waitedMs - waitedMs;
    const worked = now.workedMs - workedMs;
    const begun = [...now.threads].filter((id) => !threads.has(id)).map((id) => readSchedule(`${THREADS}/${id}`));
    const slept = Math.max(0, gapMs - waited - worked);
    // no longer than it takes a thread to begin
    const beganMs = Math.min(slept, Math.max(0, ...begun.map((it) => it.waitedMs + it.workedMs)));
    this.#began = Math.max(this.#began, Math.min(slept, Math.max(0, ...begun.map((it) => it.workedMs))));
    const blockedMs = Math.max(0, gapMs - waited - beganMs);
    if (this.#worst.length === KEPT && blockedMs <= this.#worst.at(-1)!.blockedMs) return;
    const tick: Tick = { gapMs, waitedMs: waited, workedMs: worked, beganMs, blockedMs };
    this.#worst = [...this.#worst, tick].sort((a, b) => b.blockedMs - a.blockedMs).slice(0, KEPT);
  }

  /** Ends it, and tells what was seen. */
  end(): LoopReport {
    this.#look();
    clearInterval(this.#timer);
    return { ticks: this.#ticks, worst: this.#worst, beganMs: this.#began };
  }
}

function look(): Look {
  return { at: performance.now(), ...readSchedule("/proc/thread-self"), threads: new Set(listThreads()) };
}

/** Lists the threads of this process; none where nobody tells. */
export function listThreads(): readonly string[] {
  try {
    return readdirSync(THREADS);
  } catch {
    return [];
  }
}

/** How long a thread has worked, and waited for a processor; 0 where nobody tells. */
function readSchedule(folder: string): { readonly workedMs: number; readonly waitedMs: number } {
  try {
    const [worked = 0, waited = 0] = readFileSync(`${folder}/schedstat`, "utf8").split(" ").map(Number);
    return { workedMs: worked / NANOSECONDS, waitedMs: waited / NANOSECONDS };
  } catch {
    return { workedMs: 0, waitedMs: 0 };
  }
}
