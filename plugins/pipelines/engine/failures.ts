/**
 * How steps fail, and what is said of it.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../kernel/mod.ts";
import type { FinishedStep } from "./journal.ts";

/** Stands for the key of a step where the pipeline itself makes its result of what the steps gave. */
export const OUTPUT_KEY = "output";

/** A step that failed. */
export interface FailedStep {
  /** The name of the step, or where it stands in the definition. */
  readonly step: string;
  /** The key of the step in the journal of the run. */
  readonly key: string;
  /** Why it failed, without its place. */
  readonly reason: string;
  readonly cause?: unknown;
}

/** Says that a pipeline failed, and at which step: `Step "ny" (steps[0]) failed: Unknown time zone`. */
export class PipelineFailure extends ToolError {
  override readonly name: string = "PipelineFailure";
  /** The name of the step, or where it stands in the definition. */
  readonly step: string;
  /** The key of the step in the journal of the run. */
  readonly key: string;
  /** Why the step failed, without its place. */
  readonly reason: string;

  constructor({ step, key, reason, cause }: FailedStep) {
    super(`${describeStep(step, key)} failed: ${reason}`, { cause });
    this.step = step;
    this.key = key;
    this.reason = reason;
  }
}

/** Says that a run comes to more than it may; no step can make that good. */
export class LimitExceeded extends PipelineFailure {}

/** Tells whether what was thrown is a failure that steps may handle. */
export function isHandled(thrown: unknown): thrown is PipelineFailure {
  return thrown instanceof PipelineFailure && !(thrown instanceof LimitExceeded);
}

/** What is known of a step where it fails. */
export interface Failing {
  readonly key: string;
  readonly name: string | undefined;
}

/** Makes a failure of whatever was thrown where a step did its own work. */
export function toFailure(thrown: unknown, { key, name }: Failing): PipelineFailure {
  return new PipelineFailure({ step: labelOf(key, name), key, reason: messageOf(thrown), cause: thrown });
}

/** Gives the failure that was written down for a step. */
export function recordedFailure({ failedAt, error = "" }: FinishedStep, { key, name }: Failing): PipelineFailure {
  return new PipelineFailure({ ...failedAt ?? { step: labelOf(key, name), key }, reason: error });
}

/** Gives what a step is called: its name, or where it stands in the definition. */
export function labelOf(key: string, name: string | undefined): string {
  return name ?? placeOf(key).path;
}

function describeStep(step: string, key: string): string {
  if (key === OUTPUT_KEY) return "The output of the pipeline";
  const { path, items } = placeOf(key);
  const item = items.length === 0 ? [] : [`${items.length === 1 ? "item" : "items"} ${items.join(" and ")}`];
  const where = step === path ? item : [path, ...item];
  return `Step ${step === path ? path : `"${step}"`}${where.length === 0 ? "" : ` (${where.join(", ")})`}`;
}

const SEGMENT_REGEXP = /^(\w+?)(?:\[(\d+)\])?$/;

/** Reads a key: `2~3.for_each[17].0` is `steps[2].for_each.steps[0]`, for item 17. */
function placeOf(key: string): { readonly path: string; readonly items: readonly string[] } {
  const items: string[] = [];
  // attempts are no part of the definition
  const segments = key.replace(/~\d+/g, "").split(".").map((segment) => {
    const [, field = segment, number] = SEGMENT_REGEXP.exec(segment) ?? [];
    if (number === undefined) return /^\d+$/.test(field) ? `[${field}]` : `.${field}`;
    if (field === "for_each") items.push(number);
    return field === "for_each" ? ".for_each.steps" : `.${field}[${number}].steps`;
  });
  const path = segments.join("");
  return { path: path.startsWith("[") ? `steps${path}` : path.slice(1), items };
}
