/**
 * The templates and conditions of steps, read once and used for every run and every item.
 *
 * @module
 */
import { Condition } from "../conditions/condition.ts";
import type { Step } from "../definition.ts";
import { Template } from "../references/template.ts";

/** What a step has to fill in and to test. */
export interface CompiledStep {
  readonly condition: Condition | undefined;
  /** The arguments of a tool, the items of a loop, the message of a question; `undefined` for other steps. */
  readonly given: Template | undefined;
  /** The conditions of the cases of a switch. */
  readonly cases: readonly (Condition | undefined)[];
  readonly output: Template | undefined;
}

const COMPILED = new WeakMap<Step, CompiledStep>();

/** Gives what a step has to fill in and to test. */
export function compiledOf(step: Step): CompiledStep {
  let compiled = COMPILED.get(step);
  if (compiled === undefined) COMPILED.set(step, compiled = compile(step));
  return compiled;
}

function compile(step: Step): CompiledStep {
  const { path, condition, output } = step;
  return {
    condition: condition === undefined ? undefined : Condition.parse(condition, [...path, "condition"]),
    given: readGiven(step),
    cases: step.kind !== "switch"
      ? []
      : step.cases.map(({ condition }, index) =>
        condition === undefined ? undefined : Condition.parse(condition, [...path, "switch", index, "condition"])
      ),
    output: output === undefined ? undefined : Template.parse(output, [...path, "output"]),
  };
}

function readGiven(step: Step): Template | undefined {
  const { path } = step;
  switch (step.kind) {
    case "tool":
      return Template.parse(step.args, [...path, "args"]);
    case "for_each":
      return Template.parse(step.items, [...path, "for_each", "items"]);
    case "wait_for_input":
      return Template.parse(step.message, [...path, "wait_for_input", "message"]);
    default:
      return undefined;
  }
}
