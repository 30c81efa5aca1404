/**
 * What the engine writes down while a pipeline runs, and reads when a run goes on after it was cut off.
 *
 * Each step has a key, which is where it stands in the definition, with the numbers of items: `2`, `2.steps.0`,
 * `2.parallel.1`, `2.for_each[17].0`, `2.switch[1].0`, `1.on_error.0`. What is within a further attempt of a step is
 * told from what was within an earlier one: `2~3.steps.0` belongs to the third attempt of step `2`.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** What has become of a step. A later record of a key takes the place of an earlier one. */
export interface FinishedStep {
  readonly key: string;
  /** The name that its definition gives it. */
  readonly name?: string;
  /** The tool that it calls; steps of other kinds have none. */
  readonly tool?: string;
  /** A step that failed and has `continue_on_error` is `failed`; one that `on_error` made good is `completed`. */
  readonly status: "completed" | "failed" | "skipped";
  /** JSON: what the step gives; `null` when it failed, `{"skipped": true, "reason": …}` when it was skipped. */
  readonly output: unknown;
  /** Why it failed; also when `on_error` made it good. */
  readonly error?: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** How often it was tried; 0 when it came to no attempt. */
  readonly attempts: number;
  /** The output was not asked of the tool. */
  readonly isCached?: true;
  /** The attempt failed, and another one follows. */
  readonly isRetried?: true;
  /** Something goes on after the failure, also in a run that is taken up: the step does not run again. */
  readonly isCaught?: true;
  /** It failed of nothing in itself: the run was cancelled, or what it is a part of had failed. It runs again. */
  readonly isEnded?: true;
  /** The step within it that failed, by label and key; itself where this is left out. */
  readonly failedAt?: { readonly step: string; readonly key: string };
}

/** A step that is about to call its tool, or to ask the user. */
export interface BegunStep {
  readonly key: string;
  readonly name?: string;
  readonly tool?: string;
  /** Nothing is lost when it is done twice. */
  readonly isRepeatable: boolean;
}

/**
 * What is known of a run. What its methods throw ends the run at once, whatever its steps have against failures: so a
 * journal may refuse to begin a step that was in flight when an earlier attempt at the run was cut off.
 */
export interface Journal {
  /**
   * Gives what has become of a step in an earlier attempt at the same run: what is completed, skipped or made good is
   * taken, and nothing of it runs again. A failure that nothing in the pipeline handles, and a step that was ended, do
   * run again. It may also tell of what finished in this attempt.
   */
  finished(key: string): FinishedStep | undefined;
  /**
   * Notes that a step begins; durable when it resolves. A step begins again, under the same key, for each further
   * attempt (after a record with `isRetried`).
   */
  begin(step: BegunStep): Promise<void>;
  /**
   * Notes what has become of a step; durable before the next `begin` resolves. Steps that began are finished, unless the
   * process dies or the run is stopped.
   */
  finish(step: FinishedStep): Promise<void>;
}

/** Ends a run at once, whatever its steps have against failures; for journals, and for tools that cannot go on. */
export class RunStopped extends ToolError {
  override readonly name: string = "RunStopped";
}
