/**
 * What pipelines come to, told a second time: one step after the other, without a journal, over plain copies of what
 * can be read. It knows the steps that `random_pipelines.ts` makes, and nothing of time.
 *
 * @module
 */
import type { Draft } from "./kit.ts";

/** Where a step failed. */
export const FAILED: unique symbol = Symbol("failed");
const SKIPPED = Symbol("skipped");

/** What can be read at one place. */
interface View {
  readonly names: Map<string, unknown>;
  previous: { readonly value: unknown } | undefined;
}

/** Gives what a pipeline comes to, or {@linkcode FAILED}. */
export function interpret(steps: readonly Draft[], input: Draft): unknown {
  return runList(steps, { names: new Map([["input", input]]), previous: undefined }, false);
}

function runList(steps: readonly Draft[], view: View, isAgain: boolean): unknown {
  let last: unknown = null;
  for (const step of steps) {
    const result = runStep(step, view, isAgain);
    if (result === FAILED) return FAILED;
    if (result === SKIPPED) continue;
    last = result;
    view.previous = { value: result };
    if (step["name"] !== undefined) view.names.set(step["name"] as string, result);
  }
  return last;
}

function runStep(step: Draft, view: View, isAgain: boolean): unknown {
  const condition = step["condition"] === undefined ? true : test(step["condition"] as string, view);
  if (condition === false) return SKIPPED;
  const result = condition === FAILED ? FAILED : runBody(step, view, isAgain);
  if (result !== FAILED) return result;
  if (step["on_error"] !== undefined) {
    const handled = runList(step["on_error"] as Draft[], copy(view), isAgain);
    if (handled !== FAILED) return handled;
  }
  return step["continue_on_error"] === true ? null : FAILED;
}

function runBody(step: Draft, view: View, isAgain: boolean): unknown {
  const attempts = step["retry"] === undefined ? 1 : (step["retry"] as { max_attempts: number }).max_attempts;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const inner = copy(view);
    const result = perform(step, inner, { attempt, isAgain });
    if (result === FAILED) continue;
    const names = step["steps"] !== undefined || step["parallel"] !== undefined ? inner.names : new Map();
    const given = shape(step, result, { names: new Map([...view.names, ...names]), previous: { value: result } });
    if (given !== FAILED) { for (const [name, value] of names) view.names.set(name, value); }
    return given;
  }
  return FAILED;
}

function shape(step: Draft, result: unknown, view: View): unknown {
  if (step["output"] === undefined) return result;
  if (step["name"] !== undefined) view.names.set(step["name"] as string, result);
  return fill(step["output"], view);
}

function perform(step: Draft, view: View, { attempt, isAgain }: { attempt: number; isAgain: boolean }): unknown {
  const isLater = isAgain || attempt > 1;
  if (step["tool"] !== undefined) return callTool(step, view, { attempt, isAgain });
  if (step["steps"] !== undefined) return runList(step["steps"] as Draft[], view, isLater);
  if (step["parallel"] !== undefined) return runParallel(step["parallel"] as Draft[], view, isLater);
  if (step["switch"] !== undefined) {
    for (const { condition, steps } of step["switch"] as { condition?: string; steps: Draft[] }[]) {
      const holds = condition === undefined ? true : test(condition, view);
      if (holds === FAILED) return FAILED;
      if (holds) return runList(steps, view, isLater);
    }
    return null;
  }
  const loop = step["for_each"] as { items: unknown; as?: string; steps: Draft[] };
  const items = fill(loop.items, view);
  if (!Array.isArray(items)) return FAILED;
  const results = items.map((item, index) => {
    const inner = copy(view);
    inner.names.set(loop.as ?? "item", item).set(`${loop.as ?? "item"}_index`, index);
    return runList(loop.steps, inner, isLater);
  });
  return results.includes(FAILED) ? FAILED : results;
}

function runParallel(steps: readonly Draft[], view: View, isAgain: boolean): unknown {
  const views = steps.map(() => copy(view));
  // a list of one step, so that its name is set
  const results = steps.map((step, index) => runList([step], views[index]!, isAgain));
  for (const { names } of views) {
    for (const [name, value] of names) if (!view.names.has(name)) view.names.set(name, value);
  }
  return results.includes(FAILED) ? FAILED : results;
}

function callTool(step: Draft, view: View, { attempt, isAgain }: { attempt: number; isAgain: boolean }): unknown {
  const args = fill(step["args"] ?? {}, view);
  if (args === FAILED) return FAILED;
  const { value, failures } = args as { value?: unknown; failures?: number };
  if (step["tool"] === "fail") return FAILED;
  if (step["tool"] === "flaky") return attempt <= failures! ? FAILED : attempt;
  if (step["tool"] === "again") return isAgain ? "again" : FAILED;
  return value;
}

function test(condition: string, view: View): boolean | typeof FAILED {
  if (condition === "true" || condition === "false") return condition === "true";
  const value = fill(condition, view);
  if (value === FAILED) return FAILED;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

// texts are references as a whole, or none
function fill(value: unknown, view: View): unknown {
  if (typeof value === "string" && value.startsWith("$")) return look(value.slice(1).split("."), view);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, fill(item, view)] as const);
  if (entries.some(([, item]) => item === FAILED)) return FAILED;
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function look([name, ...keys]: readonly string[], { names, previous }: View): unknown {
  const found = name === "prev" ? previous : names.has(name!) ? { value: names.get(name!) } : undefined;
  if (found === undefined) return FAILED;
  let { value } = found;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return FAILED;
    value = (value as Draft)[key];
  }
  return value;
}

function copy({ names, previous }: View): View {
  return { names: new Map(names), previous };
}
