/**
 * Resources: runs, what their steps gave, and drawings of pipelines.
 *
 * @module
 */
import {
  type Call,
  ErrorCode,
  isToolError,
  type JsonObject,
  type Lazy,
  type PluginContext,
  ProtocolError,
  rankCompletions,
} from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import { drawSteps } from "./mermaid.ts";
import { readSteps } from "./read_steps.ts";
import { runData, stepData } from "./running/run_texts.ts";
import type { PipelineRunner } from "./running/runner.ts";
import type { Runs, RunStep } from "./runs/runs.ts";
import { findPipeline, isPipeline } from "./stored.ts";

// skillz:// is the scheme that tools and prompts of skillz refer to
const SCHEMES = ["collet", "skillz"] as const;
const JSON_TYPE = "application/json";
/** As registered with IANA. */
const MERMAID_TYPE = "application/vnd.mermaid";
const MOST_RUNS = 100;
const MOST_STEPS = 1_000;

/** A call that reads a resource. */
type ReadCall = Call & { readonly uri: string };

/** What the resources need. */
export interface ResourcesContext {
  readonly resource: PluginContext["resource"];
  readonly library: ToolLibrary;
  readonly runner: Lazy<PipelineRunner>;
}

/** Registers the resources. */
export function registerResources(context: ResourcesContext): void {
  for (const scheme of SCHEMES) {
    registerRuns(scheme, context);
    registerGraphs(scheme, context);
  }
}

function registerRuns(scheme: string, { resource, runner }: ResourcesContext): void {
  const complete = async (argument: string, value: string, call: Call) => {
    if (argument !== "id") return [];
    const { items } = await (await runner.get()).runs.list({ limit: MOST_RUNS }, call);
    return rankCompletions(value, items.map((it) => it.id));
  };
  resource({
    uri: `${scheme}://runs`,
    name: "runs",
    title: "Runs of pipelines",
    description: `The latest ${MOST_RUNS} runs of pipelines`,
    mimeType: JSON_TYPE,
    async read(_, call) {
      const { items } = await (await runner.get()).runs.list({ limit: MOST_RUNS }, call);
      return json({ runs: items.map(runData) });
    },
  });
  resource({
    uri: `${scheme}://runs/{id}`,
    name: "run",
    title: "Run of a pipeline",
    description: "One run: its state, its arguments and its steps; subscribers hear of each step",
    mimeType: JSON_TYPE,
    complete,
    read: ({ id }, call) => reading(call.uri, async () => await readRun(await runner.get(), id, call)),
  });
  resource({
    uri: `${scheme}://runs/{id}/output`,
    name: "run_output",
    title: "Output of a run",
    description: "What a run came to",
    mimeType: JSON_TYPE,
    complete,
    read: ({ id }, call) => readOutput({ runner, id }, call),
  });
  resource({
    uri: `${scheme}://runs/{id}/steps/{key}`,
    name: "run_step",
    title: "Output of a step",
    description: "What a step of a run gave",
    mimeType: JSON_TYPE,
    complete,
    read: ({ id, key }, call) => readOutput({ runner, id, key }, call),
  });
  resource({
    uri: `${scheme}://runs/{id}/graph`,
    name: "run_graph",
    title: "Drawing of a run",
    description: "The pipeline as it was when the run began, and what has become of its steps, as a Mermaid flowchart",
    mimeType: MERMAID_TYPE,
    complete,
    read: ({ id }, call) =>
      reading(call.uri, async () => {
        const { runs } = await runner.get();
        const { plan } = await runs.get(id, call);
        const { drawRun } = await import("./running/run_graph.ts");
        return await drawRun((await readSteps(plan.steps)).steps, allSteps(runs, id, call));
      }),
  });
}

async function* allSteps(runs: Runs, id: string, call: Call): AsyncGenerator<RunStep> {
  let cursor: string | undefined;
  do {
    const page = await runs.steps(id, { call, limit: MOST_STEPS, ...(cursor !== undefined && { cursor }) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function readRun({ runs }: PipelineRunner, id: string, call: Call): Promise<string> {
  const run = await runs.get(id, call);
  const { items, cursor } = await runs.steps(id, { call, limit: MOST_STEPS });
  return json({
    ...runData(run),
    input: run.input,
    plan: run.plan,
    steps: items.map((it) => stepData(id, it)),
    ...(cursor !== undefined && { has_more_steps: true }),
  });
}

function readOutput(
  { runner, id, key }: { readonly runner: Lazy<PipelineRunner>; readonly id: string; readonly key?: string },
  call: ReadCall,
): Promise<string> {
  return reading(call.uri, async () => {
    const output = await (await runner.get()).runs.output(id, { call, ...(key !== undefined && { key }) });
    if (output === undefined) {
      throw notFound(call.uri, key === undefined ? "the run has no output" : "the step has no output");
    }
    return JSON.stringify(output, null, 2);
  });
}

function registerGraphs(scheme: string, { resource, library }: ResourcesContext): void {
  const listNames = async () => (await library.list()).filter(isPipeline).map((it) => it.name);
  resource({
    uri: `${scheme}://pipelines/{name}/graph`,
    name: "pipeline_graph",
    title: "Drawing of a pipeline",
    description: "The steps of a pipeline, as a Mermaid flowchart",
    mimeType: MERMAID_TYPE,
    list: async () =>
      scheme !== SCHEMES[0] ? [] : (await listNames()).map((name) => ({
        uri: `${scheme}://pipelines/${name}/graph`,
        name: `${name}_graph`,
        title: `Drawing of ${name}`,
        mimeType: MERMAID_TYPE,
      })),
    complete: async (_, value) => rankCompletions(value, await listNames()),
    read: ({ name }, call) =>
      reading(call.uri, async () => drawSteps((await findPipeline(name, { library, verb: "draw" })).steps)),
  });
}

/** Reads what may not be there. */
async function reading(uri: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    throw isToolError(error) ? notFound(uri, error.message) : error;
  }
}

function notFound(uri: string, why: string): ProtocolError {
  return new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: ${why}`, { uri });
}

function json(value: JsonObject): string {
  return JSON.stringify(value, null, 2);
}
