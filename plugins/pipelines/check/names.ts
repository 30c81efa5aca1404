/**
 * Checks the names that a definition gives: each of them stands for one thing.
 *
 * @module
 */
import { formatPath } from "../../../kernel/mod.ts";
import {
  DEFAULT_ITEM_NAME,
  ERROR_NAME,
  type ForEachStep,
  indexNameOf,
  nestedSteps,
  RESERVED_NAMES,
  type Step,
} from "../definition.ts";
import type { Path, Problems } from "../problems.ts";
import { isReferable } from "../references/reference.ts";

/** Steps by the names that they have. */
export type NamedSteps = ReadonlyMap<string, Step>;

const MAX_NAME_LENGTH = 64;

/** Checks the names of steps and of items, and gives the steps by name. */
export function checkNames(steps: readonly Step[], problems: Problems): NamedSteps {
  const named = new Map<string, Step>();
  for (const step of everyStep(steps)) {
    const { name, path } = step;
    if (name === undefined || !checkName(name, [...path, "name"], problems)) continue;
    const first = named.get(name);
    if (first === undefined) named.set(name, step);
    else {
      problems.error([...path, "name"], {
        message: `"${name}" is the name of ${formatPath(first.path)} already`,
        fix: "give each step a name of its own",
      });
    }
  }
  const taken = named.get(ERROR_NAME);
  if (taken !== undefined && everyStep(steps).some(({ onError }) => onError !== undefined)) {
    problems.error([...taken.path, "name"], {
      message: `"${ERROR_NAME}" is what the steps of "on_error" read the error by`,
      fix: "choose another name",
    });
  }
  checkVariables(steps, { named, around: [], problems });
  return named;
}

function checkName(name: string, path: Path, problems: Problems): boolean {
  if (RESERVED_NAMES.includes(name)) {
    const meaning = name === "input" ? "the arguments of the pipeline" : "the result of the step before";
    problems.error(path, { message: `"${name}" is reserved: $${name} is ${meaning}`, fix: "choose another name" });
    return false;
  }
  if (name.length <= MAX_NAME_LENGTH && isReferable(name)) return true;
  problems.error(path, {
    message: `${JSON.stringify(name.slice(0, 80))} is no name that references can have`,
    fix: `use 1 to ${MAX_NAME_LENGTH} letters, digits, _ and single -, beginning with a letter`,
  });
  return false;
}

/** What variables are checked against. */
interface Around {
  readonly named: NamedSteps;
  /** Names of the items of the loops around. */
  readonly around: readonly string[];
  readonly problems: Problems;
}

function checkVariables(steps: readonly Step[], { named, around, problems }: Around): void {
  for (const step of steps) {
    for (const { at, steps } of nestedSteps(step)) {
      const isLoop = step.kind === "for_each" && at[0] === "for_each";
      if (isLoop) checkItemName(step, { named, around, problems });
      checkVariables(steps, { named, around: isLoop ? [...around, step.itemName] : around, problems });
    }
  }
}

function checkItemName({ itemName: name, path }: ForEachStep, { named, around, problems }: Around): void {
  const at = [...path, "for_each", "as"];
  if (!checkName(name, at, problems)) return;
  const taken = named.get(name) ?? named.get(indexNameOf(name));
  const other = around.find((it) => it === name || indexNameOf(it) === name || it === indexNameOf(name));
  const fix = `choose another name for the item: "as": "${name === DEFAULT_ITEM_NAME ? "entry" : DEFAULT_ITEM_NAME}"`;
  if (taken !== undefined) {
    problems.error(at, { message: `"${taken.name}" is the name of ${formatPath(taken.path)} already`, fix });
  } else if (other !== undefined || name === ERROR_NAME) {
    const message = `"${name}" is ${
      other === undefined ? "the error in on_error" : "an item of the loop around"
    } already`;
    problems.error(at, { message, fix: "choose another name" });
  }
}

/** Gives all steps of a definition, those within others after the one that they are in. */
export function everyStep(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...nestedSteps(step).flatMap((it) => everyStep(it.steps))]);
}
