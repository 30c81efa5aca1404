/**
 * The actions of the tool `pipeline` on runs: run, runs, cancel, resume.
 *
 * @module
 */
import { type Call, relay, ToolError, type ToolResult } from "../../../kernel/mod.ts";
import { failureText, runData, stepData } from "../running/run_texts.ts";
import type { PipelineRunner } from "../running/runner.ts";
import { hasEnded } from "../runs/record.ts";
import type { FinishedRun, RunSummary } from "../runs/runs.ts";
import { findPipeline } from "../stored.ts";
import { answer, type DefinitionContext, nameOf } from "./definitions.ts";
import type { PipelineRequest } from "./input.ts";
import { answerRun } from "./run_answer.ts";

/** What the actions work with. */
export interface RunsContext extends DefinitionContext {
  readonly runner: PipelineRunner;
}

/** Most steps of a run that are listed. */
const MOST_STEPS = 200;

/** Runs a pipeline, and tells of each step. */
export async function runPipelineByName(
  request: PipelineRequest,
  call: Call,
  { runner, library, toolbox }: RunsContext,
): Promise<ToolResult> {
  const name = nameOf(request, "run");
  const { version, arguments: args = {} } = request;
  await findPipeline(name, { library, verb: "run" });
  const { state, reason } = library.get(name) ?? {};
  if (version === undefined && state !== undefined && state !== "ready") {
    throw new ToolError(`Cannot run "${name}": the pipeline is ${state}: ${reason}`);
  }
  let finished: FinishedRun | undefined;
  const nested = runner.listeners.put(relay(call, name), (it) => void (finished = it));
  // called like any tool, so that its arguments and its result are checked
  const result = version === undefined
    ? await toolbox.call(name, args, nested)
    : await library.callVersion(name, version, { args, call: nested }).catch((thrown) => {
      // it did not come to a run, or what it gave does not fit its schema
      if (finished === undefined || finished.run.status === "completed") throw thrown;
      return undefined;
    });
  if (finished === undefined || result?.isError === true && finished.run.status === "completed") return result!;
  return await answerRun(finished, { runs: runner.runs, call });
}

/** Lists runs, or tells of one. */
export async function showRuns(request: PipelineRequest, call: Call, context: RunsContext): Promise<ToolResult> {
  const { run_id: id, name, status, limit, cursor } = request;
  if (id !== undefined) return await showRun(id, call, context);
  const page = await context.runner.runs.list({
    limit,
    ...(name !== undefined && { pipeline: name }),
    ...(status !== undefined && { status }),
    ...(cursor !== undefined && { cursor }),
  }, call);
  const runs = page.items.map(runData);
  const more = page.cursor === undefined ? "" : `\n\nThere are more: pass "cursor": "${page.cursor}".`;
  const text = runs.length === 0
    ? "There are no such runs."
    : `Runs, newest first:\n\n${page.items.map(runLine).join("\n")}${more}`;
  return answer(text, { runs, ...(page.cursor !== undefined && { next_cursor: page.cursor }) });
}

function runLine({ id, pipeline, status, startedAt, error }: RunSummary): string {
  const why = error === undefined ? "" : `: ${error.split("\n")[0]}`;
  return `- ${id} **${pipeline}** ${status}, started ${new Date(startedAt).toISOString()}${why}`;
}

async function showRun(id: string, call: Call, { runner: { runs } }: RunsContext): Promise<ToolResult> {
  const run = await runs.get(id, call);
  if (run.status === "completed") {
    const output = await runs.output(id, { call });
    return await answerRun({ run, output }, { runs, call });
  }
  const { items, cursor } = await runs.steps(id, { call, limit: MOST_STEPS });
  const lines = items.map(({ key, name, tool, status, error }) =>
    `- **${status}** ${name ?? key}${tool === undefined ? "" : ` (\`${tool}\`)`}${
      error === undefined ? "" : `: ${error}`
    }`
  );
  const end = hasEnded(run) ? `\n\n${failureText({ run, output: undefined })}` : "";
  return answer(`${runLine(run)}\n\n${lines.join("\n") || "No step was begun yet."}${end}`, {
    ...runData(run),
    input: run.input,
    steps: items.map((it) => stepData(id, it)),
    ...(cursor !== undefined && { has_more_steps: true }),
  });
}

/** Ends a run, whichever server runs it. */
export async function cancelRun(request: PipelineRequest, call: Call, { runner }: RunsContext): Promise<ToolResult> {
  const run = await runner.runs.cancel(runIdOf(request), call);
  const text = run.status === "cancelled"
    ? `Cancelled run ${run.id} of pipeline "${run.pipeline}". The action resume goes on with it.`
    : `Run ${run.id} of pipeline "${run.pipeline}" is asked to end; it is ${run.status} by now.`;
  return answer(text, runData(run));
}

/** Goes on with a run where it was. */
export async function resumeRun(request: PipelineRequest, call: Call, { runner }: RunsContext): Promise<ToolResult> {
  const finished = await runner.resume(runIdOf(request), { call, redo: request.redo });
  return await answerRun(finished, { runs: runner.runs, call });
}

function runIdOf({ run_id: id, action }: PipelineRequest): string {
  if (id !== undefined && id !== "") return id;
  throw new ToolError(`Cannot ${action}: "run_id" is missing; the action runs lists the runs there are`);
}
