/**
 * Runs steps: whether they run at all, attempts, what becomes of failures, and what is written down of it.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { ERROR_NAME, type Step } from "../definition.ts";
import { askUser, callTool, type LeafTools } from "./leaves.ts";
import { itemsOf, runForEach, runGroup, runParallel, runSwitch, type StepRunning } from "./composites.ts";
import { ENDED, Ending, wait } from "./endings.ts";
import {
  type Failing,
  isHandled,
  labelOf,
  LimitExceeded,
  type PipelineFailure,
  recordedFailure,
  toFailure,
} from "./failures.ts";
import { Breath, Gate } from "./gate.ts";
import type { FinishedStep, Journal } from "./journal.ts";
import { measure, toJson } from "./outputs.ts";
import { Share } from "./progress.ts";
import { recallNames } from "./recall.ts";
import { Scope } from "./scope.ts";
import type { PipelineSurroundings, StepCount } from "./surroundings.ts";
import { type Frame, type Place, SKIPPED, Work } from "./work.ts";

/** Bytes of what one step gives. */
const OUTPUT_BYTES = 4 * 1024 * 1024;
/** Bytes of the arguments of one call, and of a result of which a step keeps a part: no message is larger. */
const MESSAGE_BYTES = 16 * 1024 * 1024;
const CONCURRENCY = 64;
const STEPS = 100_000;

/** Runs the steps of one run. */
export class StepRunner implements StepRunning {
  /** Of what a step gives. */
  readonly mostBytes: number;
  readonly #journal: Journal;
  readonly #mostSteps: number;
  readonly #leaf: LeafTools;
  readonly #breath = new Breath();
  readonly #stepCount: StepCount;

  constructor(surroundings: PipelineSurroundings) {
    const { outputBytes = OUTPUT_BYTES, concurrency = CONCURRENCY, steps = STEPS } = surroundings.limits ?? {};
    this.mostBytes = outputBytes;
    this.#journal = surroundings.journal;
    this.#mostSteps = steps;
    this.#stepCount = surroundings.count ?? { steps: 0 };
    this.#leaf = { surroundings, gate: new Gate(concurrency) };
  }

  mostBytesOf({ output }: Step): number {
    return output === undefined ? this.mostBytes : Math.max(this.mostBytes, MESSAGE_BYTES);
  }

  async runInTurn(steps: readonly Step[], { key, frame }: Place): Promise<unknown> {
    let result: unknown = null;
    for (const [index, step] of steps.entries()) {
      const output = await this.runStep(step, { key: `${key}.${index}`, frame });
      if (output !== SKIPPED) result = output;
    }
    return result;
  }

  async runStep(step: Step, place: Place): Promise<unknown> {
    const { key, frame } = place;
    const breath = this.#breath.take();
    if (breath !== undefined) await breath;
    if (frame.ending.isEnded) throw ENDED;
    const work = new Work(step, place);
    const before = this.#journal.finished(key);
    const isDone = before !== undefined && before.status !== "failed";
    const output = isDone ? this.#take(work, before) : await this.#settle(work, before);
    const { scope } = frame;
    if (output !== SKIPPED) scope.setPrevious(output);
    if (step.name !== undefined) {
      if (output === SKIPPED) scope.skip(step.name);
      else scope.set(step.name, output);
    }
    work.complete();
    return output;
  }

  // a step that is done is not run again
  #take({ step, key, frame: { scope } }: Work, record: FinishedStep): unknown {
    this.#count({ key, name: step.name });
    if (record.status === "skipped") return SKIPPED;
    recallNames(step, { record, journal: this.#journal, scope });
    return record.output;
  }

  async #settle(work: Work, before: FinishedStep | undefined): Promise<unknown> {
    let failure = this.#failureBefore(work, before);
    if (failure === undefined) {
      try {
        return await this.#perform(work, before);
      } catch (thrown) {
        if (thrown === ENDED && work.isBegun) await this.#finishEnded(work);
        if (!isHandled(thrown)) throw thrown;
        failure = thrown;
        const isCaught = work.isCaught && { isCaught: true as const };
        await this.#journal.finish(work.record("failed", null, { ...describeFailure(work, failure), ...isCaught }));
      }
    } else work.attempt = before!.attempts;
    return await this.#handle(work, failure);
  }

  // what nothing handles is tried anew, which is what a run goes on for
  #failureBefore(work: Work, before: FinishedStep | undefined): PipelineFailure | undefined {
    if (before === undefined || before.isRetried || before.isEnded || !work.isCaught) return undefined;
    return recordedFailure(before, work);
  }

  async #finishEnded(work: Work): Promise<void> {
    const error = `Ended: ${work.frame.ending.reason}`;
    await this.#journal.finish(work.record("failed", null, { error, isEnded: true }));
  }

  async #perform(work: Work, before: FinishedStep | undefined): Promise<unknown> {
    const { step, frame } = work;
    const given = this.#prepare(work);
    if (given === SKIPPED) {
      const output = { skipped: true, reason: `Condition not met: ${step.condition}` };
      this.#count(work);
      await this.#journal.finish(work.record("skipped", output));
      return SKIPPED;
    }
    const raw = await this.#tryOut(work, { given, before });
    const output = this.#shape(work, raw);
    await this.#journal.finish(work.record("completed", output));
    if (work.within !== undefined) frame.scope.adopt(work.within);
    return output;
  }

  /** Gives what a step does its work on, or that it is skipped. */
  #prepare(work: Work): unknown {
    const { step, compiled: { condition, given, cases }, frame: { scope } } = work;
    try {
      if (condition?.holds(scope) === false) return SKIPPED;
      if (step.kind === "switch") return cases.findIndex((it) => it?.holds(scope) !== false);
      if (given === undefined) return undefined;
      const value = given.fill(scope);
      if (step.kind === "for_each") return this.#itemsOf(work, value);
      if (given.references.length > 0) measure(value, MESSAGE_BYTES);
      return value;
    } catch (thrown) {
      throw thrown instanceof LimitExceeded ? thrown : toFailure(thrown, work);
    }
  }

  // each item counts as one step at least: what cannot be gone through to the end is not begun
  #itemsOf(work: Work, value: unknown): readonly unknown[] {
    const items = itemsOf(value, this.#mostSteps);
    if (this.#stepCount.steps + items.length > this.#mostSteps) throw this.#limitExceeded(work);
    return items;
  }

  async #tryOut(
    work: Work,
    { given, before }: { readonly given: unknown; readonly before: FinishedStep | undefined },
  ): Promise<unknown> {
    const { step: { retry }, frame } = work;
    work.attempt = firstAttempt(work, before);
    for (;; work.attempt++) {
      try {
        return await this.#attempt(work, given);
      } catch (thrown) {
        if (!isHandled(thrown) || retry === undefined || !work.hasAttempts) throw thrown;
        await this.#journal.finish(work.record("failed", null, { ...describeFailure(work, thrown), isRetried: true }));
        work.isBegun = false;
        const ms = Math.min(retry.delayMs * retry.backoffRate ** (work.attempt - 1), retry.maxDelayMs);
        if (ms > 0) await wait(ms, frame.ending);
        if (frame.ending.isEnded) throw ENDED;
      }
    }
  }

  async #attempt(work: Work, given: unknown): Promise<unknown> {
    const { step: { timeoutMs }, frame } = work;
    if (timeoutMs === undefined) return await this.#run(work, { given, frame });
    const ending = new Ending(frame.ending);
    const timer = setTimeout(() => ending.end("its time was over"), timeoutMs);
    try {
      const call = frame.call.derive({ signal: ending.signal });
      return await this.#run(work, { given, frame: { ...frame, ending, call } });
    } catch (thrown) {
      if (thrown !== ENDED || frame.ending.isEnded) throw thrown;
      throw toFailure(new Error(`Timed out after ${timeoutMs} ms`), work);
    } finally {
      clearTimeout(timer);
      ending.close();
    }
  }

  async #run(
    work: Work,
    { given, frame: outer }: { readonly given: unknown; readonly frame: Frame },
  ): Promise<unknown> {
    const { step } = work;
    switch (step.kind) {
      case "tool":
        this.#count(work);
        return await callTool(work as Work<typeof step>, { args: given as JsonObject, frame: outer, leaf: this.#leaf });
      case "wait_for_input":
        this.#count(work);
        return await askUser(work as Work<typeof step>, { message: given, frame: outer, leaf: this.#leaf });
    }
    const inner = { frame: { ...outer, isCaught: work.hasAttempts || work.isCaught }, running: this };
    switch (step.kind) {
      case "steps":
        return await runGroup(work as Work<typeof step>, inner);
      case "parallel":
        return await runParallel(work as Work<typeof step>, inner);
      case "for_each": {
        const items = given as readonly unknown[];
        // what holds nothing counts for itself
        if (items.length === 0) this.#count(work);
        return await runForEach(work as Work<typeof step>, { ...inner, items });
      }
      case "switch":
        if (given !== -1) return await runSwitch(work as Work<typeof step>, { ...inner, chosen: given as number });
        this.#count(work);
        return null;
    }
  }

  /** Gives what a step gives of what it came to. */
  #shape(work: Work, raw: unknown): unknown {
    const { step, compiled: { output }, frame, within } = work;
    const { kind, name } = step;
    try {
      const isLeaf = kind === "tool" || kind === "wait_for_input";
      const value = isLeaf ? toJson(raw, this.mostBytesOf(step)) : raw;
      if (kind === "parallel") measure(value, this.mostBytesOf(step));
      if (output === undefined) return value;
      const scope = new Scope(within ?? frame.scope);
      scope.setPrevious(value);
      if (name !== undefined) scope.set(name, value);
      const shaped = output.fill(scope);
      measure(shaped, this.mostBytes);
      return shaped;
    } catch (thrown) {
      throw toFailure(thrown, work);
    }
  }

  async #handle(work: Work, failure: PipelineFailure): Promise<unknown> {
    const { step: { onError, continueOnError }, key, frame } = work;
    if (onError === undefined) {
      if (continueOnError) return null;
      throw failure;
    }
    const scope = new Scope(frame.scope);
    scope.set(ERROR_NAME, { message: failure.reason, step: failure.step });
    const isCaught = continueOnError || frame.isCaught;
    // how far the run is was counted for the step already
    const inner = { ...frame, scope, isCaught, share: new Share(0), shareOfStep: 0 };
    try {
      const output = await this.runInTurn(onError, { key: `${key}.on_error`, frame: inner });
      await this.#journal.finish(work.record("completed", output, describeFailure(work, failure)));
      return output;
    } catch (thrown) {
      if (isHandled(thrown) && continueOnError) return null;
      throw thrown;
    }
  }

  #count(work: Failing): void {
    if (++this.#stepCount.steps > this.#mostSteps) throw this.#limitExceeded(work);
  }

  #limitExceeded({ key, name }: Failing): LimitExceeded {
    const reason = `the run comes to more than ${this.#mostSteps} steps`;
    return new LimitExceeded({ step: labelOf(key, name), key, reason });
  }
}

function describeFailure({ key }: Work, { reason, ...at }: PipelineFailure): Partial<FinishedStep> {
  const failedAt = at.key === key ? {} : { failedAt: { step: at.step, key: at.key } };
  return { error: reason, ...failedAt };
}

// a step around others goes on in the attempt that failed: what is done within it need not be done again
function firstAttempt({ step: { kind } }: Work, before: FinishedStep | undefined): number {
  if (before === undefined || before.isEnded) return 1;
  if (before.isRetried) return before.attempts + 1;
  return kind === "tool" || kind === "wait_for_input" ? 1 : Math.max(before.attempts, 1);
}
