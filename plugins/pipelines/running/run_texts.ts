/**
 * Runs on the wire, and what is said of those that did not complete.
 *
 * @module
 */
import { type JsonObject, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { FinishedRun, RunStep, RunSummary } from "../runs/runs.ts";

/** Under which key `_meta` of a result has the id of its run. */
export const RUN_ID_META = "collet/run_id";

/** Gives a run as it stands in structured content and resources. */
export function runData(run: RunSummary): JsonObject {
  const { id, pipeline, version, status, startedAt, updatedAt, endedAt, attempt, error, failedStep, parent } = run;
  return {
    run_id: id,
    pipeline,
    ...(version !== undefined && { version }),
    status,
    started_at: isoTime(startedAt),
    updated_at: isoTime(updatedAt),
    ...(endedAt !== undefined && { ended_at: isoTime(endedAt), duration_ms: endedAt - startedAt }),
    attempt,
    ...(error !== undefined && { error }),
    ...(failedStep !== undefined && { failed_step: failedStep }),
    ...(parent !== undefined && { parent: { run_id: parent.run, step: parent.key } }),
    uri: runUri(id),
  };
}

/** Gives a step of a run as it stands in structured content and resources, without its output. */
export function stepData(run: string, { key, name, tool, status, startedAt, endedAt, ...more }: RunStep): JsonObject {
  const { error, attempts, isCached } = more;
  return {
    key,
    ...(name !== undefined && { name }),
    ...(tool !== undefined && { tool }),
    status,
    started_at: isoTime(startedAt),
    ...(endedAt !== undefined && { duration_ms: endedAt - startedAt }),
    ...(attempts !== undefined && { attempts }),
    ...(isCached && { cached: true }),
    ...(error !== undefined && { error }),
    ...(status === "completed" && { uri: stepUri(run, key) }),
  };
}

/** URI of the resource that is a run. */
export function runUri(run: string): string {
  return `collet://runs/${run}`;
}

/** URI of the resource that is the output of a step. */
export function stepUri(run: string, key: string): string {
  return `${runUri(run)}/steps/${encodeURIComponent(key)}`;
}

/** Says why a run did not complete, and how to go on with it. */
export function failureText({ run, failure }: FinishedRun): string {
  const { id, pipeline, status, error } = run;
  const reason = error ?? (failure === undefined ? "the run was cut off" : messageOf(failure));
  const why = reason.replace(/^(?:Step|The output) /, (start) => start.toLowerCase());
  const what = status === "cancelled"
    ? `Run ${id} of pipeline "${pipeline}" was cancelled`
    : `Cannot ${status === "interrupted" ? "finish" : "run"} pipeline "${pipeline}": ${why}`;
  // how the whole is resumed is told by the run that it is a part of
  if (run.parent !== undefined) return what;
  // after several lines, such as what a script wrote, it would pass for the last of them
  return `${what}${what.includes("\n") ? "\n" : "; "}${remedyOf(run)}`;
}

/** Makes the error of a run that did not complete. */
export function failureOf(finished: FinishedRun): ToolError {
  return new ToolError(failureText(finished), { cause: finished.failure, data: runData(finished.run) });
}

function remedyOf({ id, status }: RunSummary): string {
  const resume = `\`pipeline\` with ${JSON.stringify({ action: "resume", run_id: id })} goes on from there`;
  if (status === "failed") return `${resume}, and repeats nothing that has completed`;
  return `${resume}; ${JSON.stringify({ redo: true })} with it runs a step again that was in flight and may not be ` +
    "repeated, which does twice what that one may have done already";
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
