/**
 * Checks pipelines before they are saved: all that is wrong at once, each with its place and how to mend it. Nothing
 * runs; the tools are known by their schemas.
 *
 * @module
 */
import type { JsonSchema } from "../../../kernel/mod.ts";
import type { ForEachStep, Step } from "../definition.ts";
import type { Problem, Problems } from "../problems.ts";
import { readSteps } from "../read_steps.ts";
import { Template } from "../references/template.ts";
import { ArgumentChecker } from "./arguments.ts";
import { checkCircles } from "./circles.ts";
import { checkNames, everyStep } from "./names.ts";
import { checkQuestion } from "./questions.ts";
import { checkReferences } from "./references.ts";
import type { KnownTools } from "./tools.ts";

export type { KnownTool, KnownTools } from "./tools.ts";

/** A pipeline that is to be checked. */
export interface PipelineDraft {
  /** The name that it has, or is to have; without it, circles are not looked for. */
  readonly name?: string | undefined;
  /** As they are on the wire, or in a manifest. */
  readonly steps: unknown;
  /** What the pipeline gives in place of the result of its last step. */
  readonly output?: unknown;
  /** Of the arguments of the pipeline. */
  readonly inputSchema?: JsonSchema | undefined;
}

/** What came of a check. */
export interface PipelineChecked {
  /** As far as they could be read. */
  readonly steps: readonly Step[];
  /** In the order of the steps. */
  readonly problems: readonly Problem[];
  /** Whether the pipeline can be saved: there are warnings at most. */
  readonly isSound: boolean;
}

/** Checks a pipeline. Never throws, whatever the steps are. */
export async function checkPipeline(draft: PipelineDraft, tools: KnownTools): Promise<PipelineChecked> {
  const { name, output, inputSchema } = draft;
  const { steps, problems } = await readSteps(draft.steps);
  const named = checkNames(steps, problems);
  checkReferences(steps, output, { named, inputSchema, tools, problems });
  const args = new ArgumentChecker(name === undefined ? tools : withItself(tools, name), problems);
  for (const step of everyStep(steps)) {
    if (step.kind === "tool") await args.check(step);
    if (step.kind === "wait_for_input") checkQuestion(step, problems);
    if (step.kind === "for_each") checkItems(step, problems);
  }
  if (name !== undefined) checkCircles(steps, { name, tools, problems });
  return { steps, problems: problems.all(), isSound: !problems.hasErrors };
}

// that it calls itself is told as a circle; what it takes is about to change
function withItself(tools: KnownTools, name: string): KnownTools {
  return {
    get: (it) => it === name ? {} : tools.get(it),
    names: () => tools.names(),
    stepsOf: (it) => tools.stepsOf(it),
  };
}

function checkItems({ items, path }: ForEachStep, problems: Problems): void {
  // that it is missing was told
  if (items === undefined || Array.isArray(items)) return;
  const isReference = typeof items === "string" && Template.parse(items, []).references.some(({ isWhole }) => isWhole);
  if (isReference) return;
  problems.error([...path, "for_each", "items"], {
    message: `expected a list, or a reference to one, found ${typeof items === "string" ? "text" : typeof items}`,
    fix: 'write "$prev.files", or a list such as ["a", "b"]',
  });
}
