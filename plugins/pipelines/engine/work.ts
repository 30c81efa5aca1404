/**
 * A step on its way, and the place where it runs.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";
import type { Step } from "../definition.ts";
import { compiledOf, type CompiledStep } from "./compiled.ts";
import type { Ending } from "./endings.ts";
import type { FinishedStep } from "./journal.ts";
import { Share } from "./progress.ts";
import type { Scope } from "./scope.ts";

/** What a step gives that was skipped: nothing changes by it. */
export const SKIPPED: unique symbol = Symbol("skipped");

/** What the steps of one list run in. */
export interface Frame {
  readonly scope: Scope;
  readonly ending: Ending;
  /** For tools and questions; its signal aborts at the end. */
  readonly call: Call;
  /** What the steps are a part of. */
  readonly share: Share;
  /** Of each step. */
  readonly shareOfStep: number;
  /** Something around these steps goes on when one of them fails. */
  readonly isCaught: boolean;
}

/** Where a step runs. */
export interface Place {
  readonly key: string;
  readonly frame: Frame;
}

/** A step on its way. */
export class Work<S extends Step = Step> {
  readonly step: S;
  readonly key: string;
  readonly frame: Frame;
  readonly compiled: CompiledStep;
  readonly startedAt: number = Date.now();
  /** From 1; 0 before the first. */
  attempt = 0;
  /** It is noted that it began, and not yet what became of it. */
  isBegun = false;
  isCached = false;
  /** What the steps within it gave, where they can be read after it. */
  within: Scope | undefined;
  #share: Share | undefined;

  constructor(step: S, { key, frame }: Place) {
    this.step = step;
    this.key = key;
    this.frame = frame;
    this.compiled = compiledOf(step);
  }

  get name(): string | undefined {
    return this.step.name;
  }

  /** What the steps within it divide among them. */
  get share(): Share {
    return this.#share ??= new Share(this.frame.shareOfStep, this.frame.share);
  }

  /** What the keys of the steps within this attempt begin with. */
  get innerKey(): string {
    return innerKeyOf(this.key, this.attempt);
  }

  /** The step can be tried again when this attempt fails. */
  get hasAttempts(): boolean {
    return this.attempt < (this.step.retry?.maxAttempts ?? 1);
  }

  /** Something goes on when the step fails. */
  get isCaught(): boolean {
    return this.step.onError !== undefined || this.step.continueOnError || this.frame.isCaught;
  }

  /** Notes in the progress that it is done. */
  complete(): void {
    if (this.#share === undefined) this.frame.share.add(this.frame.shareOfStep);
    else this.#share.complete();
  }

  /** Gives what is written down of it. */
  record(status: FinishedStep["status"], output: unknown, more: Partial<FinishedStep> = {}): FinishedStep {
    const { step, key, startedAt, attempt: attempts } = this;
    return {
      key,
      ...step.name === undefined ? {} : { name: step.name },
      ...step.kind === "tool" ? { tool: step.tool } : {},
      status,
      output,
      startedAt,
      endedAt: Date.now(),
      attempts,
      ...this.isCached ? { isCached: true } : {},
      ...more,
    };
  }
}

/** Gives what the keys of the steps within an attempt of a step begin with. */
export function innerKeyOf(key: string, attempt: number): string {
  return attempt > 1 ? `${key}~${attempt}` : key;
}
