/**
 * Runs pipelines: from the arguments to the result, over a journal by which a run that was cut off goes on.
 *
 * Load it when the first pipeline runs: the language of conditions takes its time.
 *
 * @module
 */
import type { Step } from "../definition.ts";
import { Template } from "../references/template.ts";
import { ENDED, Ending } from "./endings.ts";
import { OUTPUT_KEY, toFailure } from "./failures.ts";
import { measure } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { Scope } from "./scope.ts";
import { StepRunner } from "./steps.ts";
import type { PipelineSurroundings } from "./surroundings.ts";
import { SKIPPED } from "./work.ts";

export { PipelineFailure } from "./failures.ts";
export type { BegunStep, FinishedStep, Journal } from "./journal.ts";
export { RunStopped } from "./journal.ts";
export type { EngineLimits, PipelineSurroundings, StepCache, StepCall, StepCount, StepTools } from "./surroundings.ts";

/** A pipeline, read and checked. */
export interface PipelinePlan {
  readonly steps: readonly Step[];
  /** What the pipeline gives instead of what its last step gave: JSON with references. */
  readonly output?: unknown;
}

/**
 * Runs a pipeline, and gives what it comes to, as JSON.
 *
 * @throws {PipelineFailure} when a step failed and nothing handles that.
 * @throws What the journal throws, and a `RunStopped` of a tool.
 * @throws The reason of the call's signal when that aborts, once all that ran has ended.
 */
export async function runPipeline(plan: PipelinePlan, surroundings: PipelineSurroundings): Promise<unknown> {
  const { signal } = surroundings.call;
  signal.throwIfAborted();
  const ending = new Ending();
  const end = () => ending.end("the run was cancelled");
  signal.addEventListener("abort", end, { once: true });
  try {
    return await runSteps(plan, surroundings, ending);
  } catch (thrown) {
    throw thrown === ENDED ? signal.reason : thrown;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function runSteps(
  plan: PipelinePlan,
  surroundings: PipelineSurroundings,
  ending: Ending,
): Promise<unknown> {
  const { steps } = plan;
  const { call, input } = surroundings;
  const progress = new Progress(call, steps.length);
  const scope = new Scope();
  scope.set("input", input);
  const frame = {
    scope,
    ending,
    // what tools tell of their own progress would fall back behind that of the run
    call: call.derive({ progress: () => Promise.resolve() }),
    share: progress,
    shareOfStep: 1,
    isCaught: false,
  };
  const runner = new StepRunner(surroundings);
  let result: unknown = null;
  for (const [index, step] of steps.entries()) {
    progress.begin(index, describe(step));
    const output = await runner.runStep(step, { key: String(index), frame });
    if (output !== SKIPPED) result = output;
  }
  progress.end();
  return plan.output === undefined ? result : shapeResult(plan, { scope, mostBytes: runner.mostBytes });
}

function describe(step: Step): string {
  return step.name ?? (step.kind === "tool" ? step.tool : step.kind);
}

function shapeResult(
  { output }: PipelinePlan,
  { scope, mostBytes }: { readonly scope: Scope; readonly mostBytes: number },
): unknown {
  try {
    const result = Template.parse(output, [OUTPUT_KEY]).fill(scope);
    measure(result, mostBytes);
    return result;
  } catch (thrown) {
    throw toFailure(thrown, { key: OUTPUT_KEY, name: undefined });
  }
}
