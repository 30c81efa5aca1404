/**
 * Tools of the kind `pipeline`, as the library loads them.
 *
 * @module
 */
import { type Call, type JsonObject, type Toolbox, ToolError } from "../../kernel/mod.ts";
import { codeBlock, type LoadedTool, type Manifest, type ManifestDraft, type ToolKind } from "../library/contract.ts";
import type { ToolSources } from "./known_tools.ts";
import { drawSteps } from "./mermaid.ts";
import { formatProblem, type Problem } from "./problems.ts";
import { readSteps } from "./read_steps.ts";
import { RUN_ID_META } from "./running/run_texts.ts";
import { KIND, pipelineOf, type StoredPipeline } from "./stored.ts";

/** What the kind works with. */
export interface PipelineKindOptions extends ToolSources {
  readonly toolbox: Toolbox;
  /** Runs a pipeline, and gives what came of it; failure is a thrown `ToolError`. */
  run(
    pipeline: StoredPipeline,
    args: JsonObject,
    call: Call,
  ): Promise<{ readonly id: string; readonly output: unknown }>;
}

/** Makes the kind. */
export function pipelineKind(options: PipelineKindOptions): ToolKind {
  return {
    kind: KIND,
    prepare: (manifest) => preparePipeline(manifest, options),
    load: (manifest) => loadPipeline(manifest, options),
    describe: async ({ pipeline_steps: steps }) =>
      `## Steps\n\n${codeBlock("mermaid", await drawSteps(steps))}\n\n${
        codeBlock("json", JSON.stringify(steps, null, 2))
      }\n`,
  };
}

/**
 * Checks what is saved, be it imported or rolled back to, and tells clients what its tools do. Tools that are not there
 * may come later: the pipeline says so when it is run.
 */
async function preparePipeline(
  manifest: ManifestDraft,
  { toolbox, library }: PipelineKindOptions,
): Promise<ManifestDraft> {
  const [{ checkPipeline }, { knownOrComing, knownTools }, { deriveAnnotations }] = await Promise.all([
    import("./check/check.ts"),
    import("./known_tools.ts"),
    import("./annotations.ts"),
  ]);
  const { name, pipeline_steps: steps } = manifest;
  const output = manifest["pipeline_output"] ?? undefined;
  const { problems } = await checkPipeline({ name, steps, output }, knownOrComing(knownTools({ toolbox, library })));
  const errors = problems.filter((it) => it.severity === "error");
  if (errors.length > 0) throw new ToolError(`Cannot save pipeline "${name}": ${list(errors)}`);
  const { annotations = deriveAnnotations(steps, toolbox), execution = "async" } = manifest;
  return { ...manifest, annotations, execution };
}

async function loadPipeline(manifest: Manifest, { run }: PipelineKindOptions): Promise<LoadedTool> {
  const { problems } = await readSteps(manifest.pipeline_steps);
  if (problems.hasErrors) throw new Error(`its steps are not well formed: ${list(problems.all())}`);
  const pipeline = pipelineOf(manifest);
  return {
    async run(args, call) {
      const { id, output } = await run(pipeline, args, call);
      return { value: output, meta: { [RUN_ID_META]: id } };
    },
  };
}

function list(problems: readonly Problem[]): string {
  const [first = "", ...others] = problems.map(formatProblem);
  return others.length === 0 ? first : `\n- ${[first, ...others].join("\n- ")}`;
}
