/**
 * The tool `pipeline`.
 *
 * @module
 */
import { Lazy, type PluginContext, rankCompletions } from "../../../kernel/mod.ts";
import type { PipelineRunner } from "../running/runner.ts";
import { RUN_STATUSES } from "../runs/record.ts";
import { isPipeline } from "../stored.ts";
import type { DefinitionContext } from "./definitions.ts";
import { ACTIONS, PipelineInput } from "./input.ts";

const DESCRIPTION = `Make tools out of tools: steps that pass on what they got, run by the server, so that nothing in \
between comes back to you. A pipeline is a tool of its own at once; its runs are kept and go on where they were cut off.

A step calls a tool: {"name": "ny", "tool": "get_time", "args": {"zone": "$input.zone"}}; later ones read $ny.time[0], \
$prev and $input. Other steps: parallel, for_each, switch, wait_for_input, steps. Each may have condition, retry, \
timeout_ms, cache, output, on_error, continue_on_error. A step that fails ends the run, unless it may.

Example: {"action": "create", "name": "headline", "description": "Fetch a page and sum it up", "steps": [{"name": \
"page", "tool": "fetch_page", "args": {"url": "$input.url"}}, {"tool": "summarize", "args": {"text": "Of $input.url: \
$page.text"}}]}`;

/** What the tool needs. */
export interface PipelineToolContext extends DefinitionContext {
  readonly tool: PluginContext["tool"];
  readonly runner: Lazy<PipelineRunner>;
}

/** Registers the tool. */
export function registerPipelineTool({ tool, runner, ...definitions }: PipelineToolContext): void {
  // most servers start and make no pipeline
  const actions = new Lazy(() => import("./definitions.ts"));
  const ofRuns = new Lazy(async () => {
    const [loaded, own] = await Promise.all([import("./runs_actions.ts"), runner.get()]);
    return { ...loaded, context: { ...definitions, runner: own } };
  });
  tool({
    name: "pipeline",
    description: DESCRIPTION,
    input: PipelineInput,
    annotations: { title: "Pipelines", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    async complete(argument, value, call) {
      if (argument === "action") return rankCompletions(value, ACTIONS);
      if (argument === "status") return rankCompletions(value, RUN_STATUSES);
      if (argument === "run_id") {
        const { items } = await (await runner.get()).runs.list({}, call);
        return rankCompletions(value, items.map((it) => it.id));
      }
      if (argument !== "name" && argument !== "tag") return [];
      const pipelines = (await definitions.library.list()).filter(isPipeline);
      const names = argument === "name"
        ? pipelines.map((it) => it.name)
        : [...new Set(pipelines.flatMap((it) => it.manifest?.tags ?? []))];
      return rankCompletions(value, names);
    },
    async run(request, call) {
      switch (request.action) {
        case "create":
          return await (await actions.get()).createPipeline(request, call, definitions);
        case "list":
          return await (await actions.get()).listPipelines(request, definitions);
        case "get":
          return await (await actions.get()).getPipeline(request, definitions);
        case "delete":
          return await (await actions.get()).deletePipeline(request, definitions);
        case "validate":
          return await (await actions.get()).validatePipeline(request, definitions);
      }
      const { context, ...own } = await ofRuns.get();
      // a client that knows tasks need not wait; what is within another call is that one's affair
      const isLong = request.action === "run" || request.action === "resume";
      if (isLong && call.path.length === 1) await call.detach();
      switch (request.action) {
        case "run":
          return await own.runPipelineByName(request, call, context);
        case "runs":
          return await own.showRuns(request, call, context);
        case "cancel":
          return await own.cancelRun(request, call, context);
        case "resume":
          return await own.resumeRun(request, call, context);
      }
    },
  });
}
