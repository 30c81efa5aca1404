/**
 * A module that speaks the script protocol, as the process that a session of scripts talks with.
 *
 * @module
 */
import { messageOf, type Process, type ProcessExit } from "../../../kernel/mod.ts";
import type { RunOutcome } from "../worker/messages.ts";
import type { Loan, WorkerPool } from "./pool.ts";
import type { ModuleTask } from "./programs.ts";
import type { Talk } from "./talk.ts";
import { TextQueue } from "./text_queue.ts";
import type { Peer } from "./thread.ts";

/** What shells say of a program that was ended by SIGABRT, as a trap does elsewhere. */
const TRAPPED = 134;
const KILLED: ProcessExit = { code: undefined, signal: "SIGKILL", ended: undefined };

/** Where a process runs. */
export interface Place {
  readonly pool: WorkerPool;
  readonly loan: Loan;
  /** Serves what it asks for beside the protocol of its stdout. */
  readonly talk: Talk;
}

/** A run of a module whose stdin and stdout stay open. */
export class ToolProcess implements Process {
  readonly pid = 0;
  readonly stdout: TextQueue = new TextQueue();
  readonly stderr: TextQueue = new TextQueue();
  readonly exited: Promise<ProcessExit>;
  readonly #stdin = new TextQueue();
  readonly #place: Place;
  #settle: (exit: ProcessExit) => void = () => {};
  #isOver = false;

  constructor(task: ModuleTask, place: Place) {
    this.#place = place;
    this.exited = new Promise((resolve) => this.#settle = resolve);
    void this.#run(task);
  }

  async #run(task: ModuleTask): Promise<void> {
    const { pool, loan } = this.#place;
    try {
      const outcome = await loan.thread.run(task, this.#peer());
      if (this.#isOver) return;
      pool.giveBack(loan);
      this.#end(this.#exitOf(outcome));
    } catch (error) {
      if (this.#isOver) return;
      pool.discard(loan);
      void this.stderr.push(`${messageOf(error)}\n`);
      this.#end(KILLED);
    }
  }

  #peer(): Peer {
    const { talk } = this.#place;
    let written = Promise.resolve();
    return {
      notify: (method, params) => talk.notify(method, params),
      request: (method, params) => talk.request(method, params),
      stderr: (text) => void this.stderr.push(text),
      stdout: (text) => void (written = this.stdout.push(text)),
      readStdin: async () => (await this.#stdin.next()).value,
      // who writes faster than is read waits
      settled: async () => void await Promise.all([written, talk.settled()]),
    };
  }

  #exitOf(outcome: RunOutcome): ProcessExit {
    if (outcome.kind === "exit") return { code: outcome.code, signal: undefined, ended: undefined };
    if (outcome.kind !== "trap") return KILLED;
    void this.stderr.push(`trapped: ${outcome.reason}\n`);
    return { code: TRAPPED, signal: undefined, ended: outcome.limit === "memory" ? "memory" : undefined };
  }

  #end(exit: ProcessExit): void {
    this.#isOver = true;
    this.#stdin.clear();
    this.stdout.end();
    this.stderr.end();
    void this.#place.talk.end();
    this.#settle(exit);
  }

  write(text: string): Promise<void> {
    return this.#stdin.push(text);
  }

  end(): Promise<void> {
    this.#stdin.end();
    return Promise.resolve();
  }

  async kill(): Promise<void> {
    if (!this.#isOver) {
      this.#end(KILLED);
      await this.#place.pool.discard(this.#place.loan);
    }
    await this.exited;
  }
}
