/**
 * One run that this server runs, from the moment it has it to what becomes of it.
 *
 * @module
 */
import { type Call, type ElicitResult, type Log, messageOf, ToolError } from "../../../kernel/mod.ts";
import { RunStopped } from "../engine/journal.ts";
import { KeptJournal } from "./kept_journal.ts";
import type { RunMemory } from "./kept_steps.ts";
import type { Ledger } from "./ledger.ts";
import type { RunPlace } from "./places.ts";
import { type RunHead, type RunRecord, type RunStatus, summaryOf } from "./record.ts";
import type { Execute, FinishedRun } from "./execution.ts";

const MESSAGE_CHARACTERS = 4_000;

/** What a run is run with. */
export interface ActiveRunOptions {
  /** As it was when it began, or was taken up. */
  readonly record: RunRecord;
  readonly place: RunPlace;
  readonly ledger: Ledger;
  readonly memory: RunMemory;
  readonly redo: boolean;
  /** Why nothing of it is run, and it is left as interrupted. */
  readonly refusal?: RunStopped | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** Why a run is ended from without. */
export type EndReason = "cancelled" | "stopping" | "lost";

const END_TEXTS: Readonly<Record<EndReason, string>> = {
  cancelled: "the run was cancelled",
  stopping: "the server is stopping",
  lost: "another server has taken the run up, and goes on with it",
};

/** A run that this server runs. */
export class ActiveRun {
  readonly record: RunRecord;
  readonly place: RunPlace;
  readonly ledger: Ledger;
  /** Whether steps of which nobody knows what they did run again. */
  readonly redo: boolean;
  readonly #options: ActiveRunOptions;
  readonly #controller = new AbortController();
  #endReason: EndReason | undefined;
  #questions = 0;
  #isOver = false;
  #settled: Promise<FinishedRun> | undefined;

  constructor(options: ActiveRunOptions) {
    this.record = options.record;
    this.place = options.place;
    this.ledger = options.ledger;
    this.redo = options.redo;
    this.#options = options;
  }

  /** Settles when it is over; never fails. */
  get settled(): Promise<unknown> {
    return this.#settled ?? Promise.resolve();
  }

  /** Ends it; the first reason counts. */
  end(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#controller.abort(new ToolError(capitalized(END_TEXTS[this.#endReason])));
  }

  /** Leaves it as interrupted, though what it runs has not ended. Never fails. */
  async abandon(): Promise<void> {
    await this.#keep(this.#outcomeOf(undefined, false), { output: undefined });
    this.ledger.lose();
  }

  /** Runs it; never fails. */
  run(execute: Execute, call: Call): Promise<FinishedRun> {
    return this.#settled ??= this.#run(execute, call);
  }

  async #run(execute: Execute, call: Call): Promise<FinishedRun> {
    const { ledger, place, memory, redo, now, record, refusal } = this.#options;
    const journal = new KeptJournal({ ledger, place, memory, redo, now });
    const signal = AbortSignal.any([call.signal, this.#controller.signal]);
    const inner = call.derive({ signal, elicit: (...question) => this.#ask(call, question) });
    try {
      if (refusal !== undefined) throw refusal;
      signal.throwIfAborted();
      const output = await execute(record, { journal, call: inner });
      ledger.add({ type: "set", key: place.result, value: output ?? null });
      return await this.#keep({ status: "completed" }, { output: output ?? null });
    } catch (failure) {
      return await this.#keep(this.#outcomeOf(failure, call.signal.aborted), { output: undefined, failure });
    }
  }

  async #keep(outcome: Partial<RunHead>, rest: Omit<FinishedRun, "run">): Promise<FinishedRun> {
    const { ledger, log, now, record } = this.#options;
    this.#isOver = true;
    const endedAt = now();
    ledger.change({ ...outcome, updatedAt: endedAt, endedAt, characters: ledger.characters });
    const run = { ...record, ...summaryOf(ledger.head) };
    try {
      await ledger.flush();
    } catch (error) {
      if (!ledger.isLost) log.error(`What became of run ${record.id} is not kept: ${messageOf(error)}`, { error });
      // whoever has it now says what becomes of it
      else if (outcome.status === "completed") return lostRun(run);
    }
    return { run, ...rest };
  }

  #outcomeOf(failure: unknown, isGivenUp: boolean): Partial<RunHead> & { readonly status: RunStatus } {
    const message = messageOf(failure).slice(0, MESSAGE_CHARACTERS);
    if (this.#endReason === "lost" || this.ledger.isLost) return { status: "interrupted", error: END_TEXTS.lost };
    if (this.#endReason === "stopping") return { status: "interrupted", error: "the server that ran it was stopped" };
    if (failure instanceof RunStopped) return { status: "interrupted", error: message };
    if (this.#endReason === "cancelled" || isGivenUp) {
      return { status: "cancelled", error: this.#endReason === undefined ? message : END_TEXTS.cancelled };
    }
    const { key } = failure as { readonly key?: unknown };
    return { status: "failed", error: message, ...(typeof key === "string" && { failedStep: key }) };
  }

  async #ask(call: Call, question: Parameters<Call["elicit"]>): Promise<ElicitResult> {
    if (++this.#questions === 1) this.#show("waiting");
    try {
      return await call.elicit(...question);
    } finally {
      if (--this.#questions === 0) this.#show("running");
    }
  }

  // what is shown need not be durable before the question is asked
  #show(status: RunStatus): void {
    // a question may outlive the run, as one whose step ran out of time
    if (this.#isOver || this.#controller.signal.aborted) return;
    this.ledger.change({ status, updatedAt: this.#options.now() });
    this.ledger.flush().catch((error) => this.#options.log.warn(`The state of a run is not kept: ${messageOf(error)}`));
  }
}

function lostRun(run: RunRecord): FinishedRun {
  const failure = new RunStopped(END_TEXTS.lost);
  return { run: { ...run, status: "interrupted", error: failure.message }, output: undefined, failure };
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
