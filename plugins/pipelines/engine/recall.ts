/**
 * Names that steps within a step have given, where it is done and does not run again.
 *
 * @module
 */
import type { Step } from "../definition.ts";
import type { FinishedStep, Journal } from "./journal.ts";
import type { Scope } from "./scope.ts";
import { innerKeyOf } from "./work.ts";

/** A step that is done. */
export interface Recalled {
  readonly record: FinishedStep;
  readonly journal: Journal;
  /** Where its names can be read. */
  readonly scope: Scope;
}

/** Gives names within a step their values: of steps in turn and at the same time, which can be read after it. */
export function recallNames(step: Step, { record, journal, scope }: Recalled): void {
  // what was made good had failed, and gave its result alone
  if (record.error !== undefined || step.kind !== "steps" && step.kind !== "parallel") return;
  for (const [index, inner] of step.steps.entries()) {
    const found = journal.finished(`${innerKeyOf(record.key, record.attempts)}.${step.kind}.${index}`);
    if (found === undefined) continue;
    if (found.status === "completed") recallNames(inner, { record: found, journal, scope });
    if (inner.name === undefined) continue;
    if (found.status === "skipped") scope.skip(inner.name);
    else scope.set(inner.name, found.output);
  }
}
