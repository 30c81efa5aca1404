/**
 * One call that runs as a task: what its tool asks and tells goes into the record, answers come from there.
 *
 * @module
 */
import {
  type AskOptions,
  type Call,
  canAsk,
  describeQuestion,
  elicitQuestion,
  type ElicitResult,
  ErrorCode,
  isToolError,
  type JsonObject,
  type Log,
  messageOf,
  ProtocolError,
  type Question,
  type Root,
  ROOTS_QUESTION,
  sampleQuestion,
  type SampleResult,
  ToolError,
} from "../../kernel/mod.ts";
import { after } from "../store/contract.ts";
import {
  type Answer,
  expiryOf,
  interrupted,
  isTerminal,
  type Outcome,
  type Progress,
  type TaskRecord,
  withOutcome,
  withoutQuestion,
  withQuestion,
} from "./record.ts";
import type { Found, Records, TaskChange } from "./records.ts";

// a tool may report each of a million steps; the record need not have them all
const PROGRESS_MS = 1_000;
const ENDED = new ToolError("Ended: the call has its result");

/** What a run is made with. */
export interface RunOptions {
  readonly records: Records;
  /** Names this server. */
  readonly server: string;
  /** Ends the call; its signal is the call's. */
  readonly controller: AbortController;
  readonly log: Log;
  /** Runs once what became of the task is kept. */
  onOver(): void;
}

interface Pending {
  readonly promise: Promise<unknown>;
  settle(answer: Answer): void;
  refuse(reason: unknown): void;
}

/** What a call has as a task, in place of what its request gave it. */
export type RunHandlers = Pick<Call, "elicit" | "sample" | "roots" | "progress" | "log" | "releaseStream">;

/** A task that this server runs. */
export class Run {
  readonly key: string;
  /** As it was when the run began. */
  readonly record: TaskRecord;
  readonly handlers: RunHandlers;
  readonly #options: RunOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #asked: Set<string>;
  readonly #undo: (() => void)[];
  #progress: Progress | undefined;
  #stopReporting: (() => void) | undefined;
  #reportedAt = 0;
  #ending: Promise<void> | undefined;

  constructor({ key, record }: Found, options: RunOptions) {
    this.key = key;
    this.record = record;
    this.#options = options;
    this.#asked = new Set(record.asked);
    this.handlers = this.#makeHandlers();
    this.#undo = [
      options.records.follow(key, (now) => this.#observe(now)),
      after(expiryOf(record) - Date.now(), () => this.#expire()),
    ];
  }

  /** Ends the call, and whatever it waits for. */
  abort(reason: unknown): void {
    this.#options.controller.abort(reason);
    for (const { refuse } of this.#pending.values()) refuse(reason);
  }

  /** Keeps what the call came to, unless the task has ended otherwise meanwhile. Never fails. */
  end(outcome: Outcome): Promise<void> {
    return this.#finish(async () => {
      try {
        await this.#keep(outcome);
      } catch (thrown) {
        if (!isToolError(thrown)) throw thrown;
        // too large, or no JSON
        const message = `Cannot keep the result: ${thrown.message}`;
        await this.#keep({ error: { code: ErrorCode.internalError, message } });
      }
    });
  }

  /**
   * Gives the task up because this server stops: to whoever takes it up next, or for good where it may not be repeated.
   * Never fails.
   */
  release(): Promise<void> {
    this.abort(new ToolError("Interrupted: the server is stopping"));
    return this.#finish(async () => {
      await this.#change((record) => {
        if (record.args === undefined) return interrupted(record, Date.now());
        const { server: _server, ...rest } = record;
        return { ...rest, questions: {}, answers: {}, status: "working", resumed: 0 };
      });
    });
  }

  /** Ends a task that was to be taken up and cannot be. Never fails. */
  interrupt(): Promise<void> {
    return this.#finish(async () => {
      await this.#change((record) => interrupted(record, Date.now()));
    });
  }

  // whatever comes first is what becomes of the task
  #finish(write: () => Promise<void>): Promise<void> {
    return this.#ending ??= (async () => {
      this.#stopReporting?.();
      for (const step of this.#undo) step();
      // whoever the call left behind gets no answer
      for (const { refuse } of this.#pending.values()) refuse(ENDED);
      try {
        await write();
      } catch (thrown) {
        this.#options.log.error(`What became of a task is lost: ${messageOf(thrown)}`, { error: thrown });
      }
      this.#options.onOver();
    })();
  }

  #makeHandlers(): RunHandlers {
    return {
      elicit: async (request, options) => await this.#ask(elicitQuestion(request), options) as ElicitResult,
      sample: async (request, options) => await this.#ask(sampleQuestion(request), options) as SampleResult,
      roots: async (options) => {
        if (!canAsk(ROOTS_QUESTION, this.record.client.capabilities)) return [];
        return (await this.#ask(ROOTS_QUESTION, options) as { roots: readonly Root[] }).roots;
      },
      progress: (done, total, message) => {
        this.#report({ current: done, total: total ?? null, message: message ?? null });
        return Promise.resolve();
      },
      // the protocol has no log messages of tasks
      log: () => {},
      releaseStream: () => {},
    };
  }

  async #keep(outcome: Outcome): Promise<void> {
    const result = "result" in outcome ? outcome.result : undefined;
    await this.#change((record) => withOutcome(record, outcome, Date.now()), result);
  }

  async #ask(question: Question, { signal }: AskOptions = {}): Promise<unknown> {
    const { form, client } = this.record;
    const what = `Cannot ${describeQuestion(question)}`;
    if (form === "job") throw new ToolError(`${what}: the call runs as a job, and a job has nobody to ask`);
    if (!canAsk(question, client.capabilities)) {
      const message = `${what}: the client has not declared that capability`;
      if (form === "legacy") throw new ToolError(message);
      throw new ProtocolError(ErrorCode.missingClientCapability, message, { requiredCapabilities: question.requires });
    }
    this.#options.controller.signal.throwIfAborted();
    signal?.throwIfAborted();
    if (this.#ending !== undefined) throw ENDED;
    const name = this.#freeKey(question.key ?? question.method.split("/")[0]!);
    const pending = newPending(what);
    this.#pending.set(name, pending);
    const withdraw = () => pending.refuse(signal?.reason);
    signal?.addEventListener("abort", withdraw, { once: true });
    try {
      if (await this.#change((record) => withQuestion(record, name, question)) === undefined) this.#leave();
      return await pending.promise;
    } finally {
      signal?.removeEventListener("abort", withdraw);
      this.#pending.delete(name);
      if (signal?.aborted) void this.#withdraw(name);
    }
  }

  async #withdraw(name: string): Promise<void> {
    await this.#change((record) => withoutQuestion(record, name)).catch((thrown) => {
      this.#options.log.warn(`A question of a task is not withdrawn: ${messageOf(thrown)}`);
    });
  }

  // a client answers a key once, so none is used twice
  #freeKey(base: string): string {
    let key = base;
    for (let i = 2; this.#asked.has(key); i++) key = `${base}_${i}`;
    this.#asked.add(key);
    return key;
  }

  #report(progress: Progress): void {
    const isWaiting = this.#progress !== undefined;
    this.#progress = progress;
    if (isWaiting || this.#ending !== undefined) return;
    this.#stopReporting = after(this.#reportedAt + PROGRESS_MS - Date.now(), () => void this.#writeProgress());
  }

  async #writeProgress(): Promise<void> {
    const progress = this.#progress;
    this.#progress = undefined;
    this.#reportedAt = Date.now();
    if (progress === undefined || this.#ending !== undefined) return;
    const { current, total, message } = progress;
    const statusMessage = message ?? (total === null ? `${current} done` : `${current} of ${total}`);
    await this.#change((record) => ({ ...record, progress, statusMessage })).catch((thrown) => {
      this.#options.log.warn(`Progress of a task is not kept: ${messageOf(thrown)}`);
    });
  }

  // each write of ours forgets the answers that have been handed over
  #change(change: TaskChange, result?: JsonObject): Promise<TaskRecord | undefined> {
    const { records, server } = this.#options;
    return records.change(this.key, (record) => {
      if (!isRunBy(record, server)) return undefined;
      const open = Object.entries(record.answers).filter(([key]) => this.#pending.has(key));
      return change({ ...record, answers: Object.fromEntries(open) });
    }, result);
  }

  #observe(record: TaskRecord | undefined): void {
    if (record === undefined || !isRunBy(record, this.#options.server)) return this.#leave(record);
    for (const [key, answer] of Object.entries(record.answers)) this.#pending.get(key)?.settle(answer);
  }

  // an older state may be heard of late
  #leave(record?: TaskRecord): void {
    if (record !== undefined && record.revision < this.record.revision) return;
    const isElsewhere = record !== undefined && !isTerminal(record);
    this.abort(new ToolError(isElsewhere ? "Ended: another server has taken the task up" : "Cancelled by the client"));
  }

  #expire(): void {
    this.abort(new ToolError("Ended: the time that the task had to live is over"));
    const { records } = this.#options;
    // the store tells of it only when it sweeps
    records.announce(this.key, undefined);
    void records.remove(this.key).catch((thrown) => {
      this.#options.log.warn(`A task whose time is over is not removed: ${messageOf(thrown)}`);
    });
  }
}

function isRunBy(record: TaskRecord, server: string): boolean {
  return record.server === server && !isTerminal(record);
}

function newPending(what: string): Pending {
  let settle!: Pending["settle"];
  let refuse!: Pending["refuse"];
  const promise = new Promise<unknown>((resolve, reject) => {
    settle = (answer) =>
      "value" in answer ? resolve(answer.value) : reject(new ToolError(`${what}: ${answer.refused}`));
    refuse = reject;
  });
  // it may be refused before its tool waits for it
  promise.catch(() => {});
  return { promise, settle, refuse };
}
