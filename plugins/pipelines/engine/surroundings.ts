/**
 * What a pipeline runs in: the tools it calls, the journal, the cache, and what bounds it.
 *
 * @module
 */
import type { Call, JsonObject } from "../../../kernel/mod.ts";
import type { Journal } from "./journal.ts";

/** A step's call of a tool. */
export interface StepCall {
  /** Its signal ends the tool. */
  readonly call: Call;
  /** Of the step. */
  readonly key: string;
}

/** The tools that steps call. */
export interface StepTools {
  /**
   * Calls a tool and gives its value. It ends soon after the signal of its call aborts.
   *
   * @throws {ToolError} with the tool's message when it failed; a `RunStopped` ends the run.
   */
  call(name: string, args: JsonObject, options: StepCall): Promise<unknown>;
  /** Tells whether nothing is lost when a tool is called twice. */
  isRepeatable(name: string): boolean;
}

/** Results of tools that steps may use again. */
export interface StepCache {
  get(tool: string, args: JsonObject): Promise<{ readonly value: unknown } | undefined>;
  set(tool: string, args: JsonObject, value: unknown, ttlMs: number): Promise<void>;
}

/** What bounds a run. */
export interface EngineLimits {
  /** Bytes of what one step gives, as JSON; 4 MiB by default. */
  readonly outputBytes?: number;
  /** Tools that are called at the same time, all steps together; 64 by default. */
  readonly concurrency?: number;
  /** Steps that a run comes to, items of loops included, steps that only hold others not; 100,000 by default. */
  readonly steps?: number;
}

/** How many steps a run has come to. */
export interface StepCount {
  steps: number;
}

/** What a pipeline runs in. */
export interface PipelineSurroundings {
  /** The arguments of the pipeline. */
  readonly input: JsonObject;
  readonly journal: Journal;
  readonly tools: StepTools;
  readonly cache?: StepCache;
  /** Its signal cancels the run; steps ask the user by it, and progress is told to it. */
  readonly call: Call;
  readonly limits?: EngineLimits;
  /** Counts the steps, along with those of runs around this one and within it; a count of its own by default. */
  readonly count?: StepCount;
}
