/**
 * The tools of this server, as steps of pipelines call them.
 *
 * @module
 */
import { isObject, textOf, type Toolbox, ToolError, valueOf } from "../../../kernel/mod.ts";
import type { CallMark } from "../call_mark.ts";
import { RunStopped, type StepTools } from "../engine/engine.ts";
import type { FinishedRun, RunListener, Runs } from "../runs/runs.ts";
import { KIND } from "../stored.ts";

/** What the tools of a run work with. */
export interface StepToolsOptions {
  readonly toolbox: Toolbox;
  readonly runs: Runs;
  readonly listeners: CallMark<RunListener>;
  /** Id of the run. */
  readonly run: string;
}

/** Makes the tools that the steps of a run call. */
export function makeStepTools({ toolbox, runs, listeners, run }: StepToolsOptions): StepTools {
  return {
    async call(name, args, { call, key }) {
      let inner: FinishedRun | undefined;
      const nested = listeners.put(runs.callOf({ run, key }, call), (finished) => void (inner = finished));
      const result = await toolbox.call(name, args, nested);
      if (result.isError !== true) return valueOf(result);
      const message = textOf(result) || `Tool "${name}" failed and does not say why`;
      // nobody knows what a step of it did: that is for whoever resumes the whole
      if (inner?.run.status === "interrupted") throw new RunStopped(message);
      const { structuredContent: data } = result;
      throw new ToolError(message, isObject(data) ? { data } : {});
    },
    isRepeatable(name) {
      const { meta, annotations } = toolbox.get(name) ?? {};
      // a pipeline goes on where it was
      return meta?.["kind"] === KIND || annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
    },
  };
}
