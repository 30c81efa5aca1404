/**
 * Checks references: that what they name runs before, and always.
 *
 * Names follow the steps: what is within `steps` and `parallel` can be read after them; what is within `for_each`,
 * `switch` and `on_error` only there, since it runs more than once, or perhaps never.
 *
 * @module
 */
import { formatPath, type JsonSchema } from "../../../kernel/mod.ts";
import { Condition } from "../conditions/condition.ts";
import { ERROR_NAME, type ForEachStep, indexNameOf, type Step, type SwitchStep } from "../definition.ts";
import type { Path, Problems, ProblemText } from "../problems.ts";
import type { Reference } from "../references/reference.ts";
import { type Fault, type FoundReference, Template } from "../references/template.ts";
import type { NamedSteps } from "./names.ts";
import { missingKey } from "./schemas.ts";
import type { KnownTools } from "./tools.ts";

/** Names that are listed in a message. */
const MAX_LISTED = 20;

/** A condition that asks whether something is there. */
const ASKING_REGEXP = /\bhas\s*\(/;

/** What references are checked against. */
export interface ReferenceChecks {
  readonly named: NamedSteps;
  readonly inputSchema: JsonSchema | undefined;
  readonly tools: KnownTools;
  readonly problems: Problems;
}

/** Checks the references of a pipeline, those of its `output` included, and its conditions. */
export function checkReferences(steps: readonly Step[], output: unknown, checks: ReferenceChecks): void {
  const checker = new ReferenceChecker(checks);
  const scope = new Scope();
  checker.runInTurn(steps, scope);
  checker.checkValue(output, ["output"], scope);
}

/** What refers to values: a template, or a condition. */
interface Readable {
  readonly references: readonly FoundReference[];
  readonly faults: readonly Fault[];
}

/** Why a name may have no value. */
interface Doubt {
  readonly step: Step;
  /** The condition that it depends on; `undefined` when it depends on whether something before it failed. */
  readonly condition: string | undefined;
}

/** A condition that holds at one place. */
interface Holding {
  readonly text: string;
  /** What it refers to. */
  readonly names: readonly string[];
}

/** What can be read at one place. */
class Scope {
  readonly #parent: Scope | undefined;
  /** Names that were given here, with what there is to doubt about them. */
  readonly given: Map<string, readonly Doubt[]> = new Map();
  readonly #holding: Holding | undefined;
  /** Whether a step ran before. */
  hasPrevious: boolean;

  constructor(parent?: Scope, holding?: Holding) {
    this.#parent = parent;
    this.#holding = holding;
    this.hasPrevious = parent?.hasPrevious ?? false;
  }

  find(name: string): readonly Doubt[] | undefined {
    return this.given.get(name) ?? this.#parent?.find(name);
  }

  /** Tells whether something is so of a condition that holds here. */
  holds(isSo: (holding: Holding) => boolean): boolean {
    return this.#holding !== undefined && isSo(this.#holding) || this.#parent?.holds(isSo) === true;
  }

  names(): readonly string[] {
    return [...this.given.keys(), ...this.#parent?.names() ?? []];
  }
}

class ReferenceChecker {
  readonly #checks: ReferenceChecks;

  constructor(checks: ReferenceChecks) {
    this.#checks = checks;
  }

  runInTurn(steps: readonly Step[], scope: Scope): void {
    for (const step of steps) this.#run(step, scope);
  }

  checkValue(value: unknown, path: Path, scope: Scope): void {
    this.#checkRead(Template.parse(value, path), scope);
  }

  #checkCondition(text: string | undefined, path: Path, scope: Scope): Holding | undefined {
    if (text === undefined) return undefined;
    const condition = Condition.parse(text, path);
    this.#checkRead(condition, scope, { isAsked: ASKING_REGEXP.test(text) });
    return { text, names: condition.references.map(({ reference }) => reference.name) };
  }

  #checkRead({ references, faults }: Readable, scope: Scope, { isAsked = false } = {}): void {
    for (const { path, message, fix } of faults) this.#checks.problems.error(path, { message, fix });
    for (const { reference, path } of references) {
      const isKnown = this.#checkName(reference, path, scope);
      if (!isKnown || isAsked) continue;
      this.#checkDoubts(reference, path, scope);
      this.#checkKeys(reference, path);
    }
  }

  #run(step: Step, scope: Scope): void {
    const { path, name, condition, output } = step;
    const holding = this.#checkCondition(condition, [...path, "condition"], scope);
    const within = new Scope(scope, holding);
    this.#runBody(step, within);
    if (step.onError !== undefined) {
      const handler = new Scope(scope, holding);
      handler.given.set(ERROR_NAME, []);
      this.runInTurn(step.onError, handler);
    }
    const doubts = doubtsOf(step);
    for (const [inner, before] of within.given) scope.given.set(inner, [...before, ...doubts]);
    const after = new Scope(within);
    after.hasPrevious = true;
    if (name !== undefined) after.given.set(name, []);
    this.checkValue(output, [...path, "output"], after);
    // a failed step that may fail has null
    if (name !== undefined) scope.given.set(name, doubts.filter((it) => it.condition !== undefined));
    scope.hasPrevious = true;
  }

  #runBody(step: Step, scope: Scope): void {
    const { path } = step;
    switch (step.kind) {
      case "tool":
        return this.checkValue(step.args, [...path, "args"], scope);
      case "wait_for_input":
        return this.checkValue(step.message, [...path, "wait_for_input", "message"], scope);
      case "steps": {
        const inner = new Scope(scope);
        this.runInTurn(step.steps, inner);
        return merge(inner, scope);
      }
      case "parallel": {
        const branches = step.steps.map(() => new Scope(scope));
        for (const [index, branch] of step.steps.entries()) this.#run(branch, branches[index]!);
        for (const branch of branches) merge(branch, scope);
        return;
      }
      case "for_each":
        return this.#runLoop(step, scope);
      case "switch":
        return this.#runCases(step, scope);
    }
  }

  #runLoop({ path, items, itemName, steps }: ForEachStep, scope: Scope): void {
    this.checkValue(items, [...path, "for_each", "items"], scope);
    const inner = new Scope(scope);
    for (const name of [itemName, indexNameOf(itemName)]) inner.given.set(name, []);
    this.runInTurn(steps, inner);
  }

  #runCases({ path, cases }: SwitchStep, scope: Scope): void {
    for (const [index, { condition, steps }] of cases.entries()) {
      const holding = this.#checkCondition(condition, [...path, "switch", index, "condition"], scope);
      this.runInTurn(steps, new Scope(scope, holding));
    }
  }

  /** Tells whether there is what a reference names. */
  #checkName(reference: Reference, path: Path, scope: Scope): boolean {
    const { name, text } = reference;
    if (name === "input" || name === "prev" && scope.hasPrevious) return true;
    if (name === "prev") {
      const fix = 'use "$input" for the arguments of the pipeline';
      this.#checks.problems.error(path, { message: `"${text}": no step runs before this one`, fix });
      return false;
    }
    if (scope.find(name) !== undefined) return true;
    this.#tellUnknown(reference, path, scope);
    return false;
  }

  #checkDoubts({ name, text }: Reference, path: Path, scope: Scope): void {
    // a step whose condition reads the name does not run without it
    if (scope.holds(({ names }) => names.includes(name))) return;
    const doubt = scope.find(name)?.find(({ condition }) =>
      condition === undefined || !scope.holds(({ text }) => text === condition)
    );
    if (doubt === undefined) return;
    const { step, condition } = doubt;
    const where = formatPath(step.path);
    const why = condition === undefined ? "may fail before it gets there" : "is skipped unless its condition holds";
    this.#checks.problems.warning(path, {
      message: `"${text}" may not be there: ${where} ${why}`,
      fix: condition === undefined
        ? `refer to the result of ${where} as a whole, or use it inside`
        : `give this step the same condition: ${JSON.stringify(condition)}`,
    });
  }

  #tellUnknown({ name, text }: Reference, path: Path, scope: Scope): void {
    const { named, problems } = this.#checks;
    const step = named.get(name);
    if (step !== undefined) return problems.error(path, explainHidden(text, step.path, path));
    const known = [...new Set(["input", "prev", ...scope.names()])];
    problems.error(path, {
      message: `"${text}": nothing is called "${name}"${problems.suggest(name, known)}`,
      fix: `name the step that it means, or write "$$" for a dollar sign; here there are ${
        listNames(known.map((it) => `$${it}`))
      }`,
    });
  }

  /** Looks up the keys of a reference in what is known of the value. */
  #checkKeys({ name, text, keys }: Reference, path: Path): void {
    const { inputSchema, tools, problems, named } = this.#checks;
    const step = named.get(name);
    const isPlain = step?.kind === "tool" && step.output === undefined && step.onError === undefined;
    const schema = name === "input" ? inputSchema : isPlain ? tools.get(step.tool)?.outputSchema : undefined;
    const missing = schema === undefined ? undefined : missingKey(schema, keys);
    if (missing === undefined) return;
    const whose = name === "input"
      ? "the input schema"
      : `the output schema of tool "${(step as { tool: string }).tool}"`;
    const message = `"${text}": ${whose} has no "${missing.key}"${problems.suggest(missing.key, missing.known)}`;
    const fix = `use one of ${listNames(missing.known)}`;
    if (missing.isClosed && name === "input") problems.error(path, { message, fix });
    else problems.warning(path, { message, fix });
  }
}

function doubtsOf(step: Step): readonly Doubt[] {
  const isSkippable = step.condition !== undefined;
  const mayFail = step.continueOnError || step.onError !== undefined;
  return [
    ...(isSkippable ? [{ step, condition: step.condition }] : []),
    ...(mayFail ? [{ step, condition: undefined }] : []),
  ];
}

function merge(from: Scope, into: Scope): void {
  for (const [name, doubts] of from.given) into.given.set(name, doubts);
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(", ");
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}

/** Fields whose steps can be read only among themselves. */
const HIDING: readonly string[] = ["for_each", "switch", "on_error"];

/** Says why a step that there is cannot be read from another place. */
function explainHidden(text: string, target: Path, from: Path): ProblemText {
  const where = formatPath(target);
  const split = target.findIndex((it, index) => it !== from[index]);
  if (split === -1) {
    const message = `"${text}": ${where} has no result yet, since this is a part of it`;
    return { message, fix: 'use "$prev" for the step before, or "output" to shape the result' };
  }
  const [theirs, ours, list] = [target[split], from[split], target[split - 1]];
  if (typeof theirs === "number" && typeof ours === "number") {
    if (list === "parallel") {
      return { message: `"${text}": ${where} runs at the same time`, fix: "run it before, in a step of its own" };
    }
    if (list !== "switch" && theirs > ours) {
      return { message: `"${text}": ${where} runs later`, fix: "move it before this step" };
    }
  }
  // the outermost field that has the step and not the reference in it
  const hiding = target.findIndex((it, index) =>
    HIDING.includes(String(it)) && split <= (it === "switch" ? index + 1 : index)
  );
  if (hiding === -1) {
    const message = `"${text}": ${where} may not have run when ${formatPath(target.slice(0, split))} failed`;
    return { message, fix: 'use "$error", or what ran before' };
  }
  const why = target[hiding] === "for_each" ? "runs once for each item" : "may not run";
  return {
    message: `"${text}": ${where} ${why}, and can be read only there`,
    fix: `name ${formatPath(target.slice(0, hiding))}, and refer to its result`,
  };
}
