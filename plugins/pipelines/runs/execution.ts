/**
 * What runs are started with, and what becomes of them.
 *
 * @module
 */
import type { Call, JsonObject } from "../../../kernel/mod.ts";
import type { Journal } from "../engine/journal.ts";
import type { RunPlan, RunRecord } from "./record.ts";

/** A pipeline that is to be run. */
export interface PipelineToRun {
  readonly name: string;
  readonly version?: string;
  readonly plan: RunPlan;
}

/**
 * Runs the steps of a run with the engine; gives the output of the pipeline, or fails. What it throws may have `key`,
 * the key of the step that failed. `call` ends when the run is to end, and is the one to call tools with.
 */
export type Execute = (
  run: RunRecord,
  surroundings: { readonly journal: Journal; readonly call: Call },
) => Promise<unknown>;

/** How a run is started. */
export interface StartOptions {
  readonly input: JsonObject;
  readonly call: Call;
  readonly execute: Execute;
}

/** How a run is taken up. */
export interface ResumeOptions {
  readonly call: Call;
  readonly execute: Execute;
  /** Runs steps again that were in flight when the run was cut off, though they may not be repeated. */
  readonly redo?: boolean;
}

/** What becomes of a run. */
export interface FinishedRun {
  readonly run: RunRecord;
  /** JSON; `undefined` unless it has completed. */
  readonly output: unknown;
  /** What was thrown; `undefined` when it has completed. */
  readonly failure?: unknown;
}

/** Hears of a run that has ended, however it did. */
export type RunListener = (finished: FinishedRun) => void;
