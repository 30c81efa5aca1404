/**
 * Checks that a pipeline does not call itself, be it through others.
 *
 * @module
 */
import { isObject } from "../../../kernel/mod.ts";
import { MAX_LEVELS, type Step } from "../definition.ts";
import type { Problems } from "../problems.ts";
import { everyStep } from "./names.ts";
import type { KnownTools } from "./tools.ts";

/** What circles are looked for in. */
export interface CircleChecks {
  /** The name that the pipeline has, or is to have. */
  readonly name: string;
  readonly tools: KnownTools;
  readonly problems: Problems;
}

/** Finds the steps by which a pipeline would call itself. */
export function checkCircles(steps: readonly Step[], { name, tools, problems }: CircleChecks): void {
  const ways = new Map<string, readonly string[] | undefined>();
  for (const step of everyStep(steps)) {
    if (step.kind !== "tool") continue;
    if (!ways.has(step.tool)) ways.set(step.tool, findWay(step.tool, name, tools));
    const way = ways.get(step.tool);
    if (way === undefined) continue;
    problems.error([...step.path, "tool"], {
      message: `the pipeline would call itself in a circle: ${[name, ...way].map((it) => `"${it}"`).join(" → ")}`,
      fix: "call another tool, or repeat steps with for_each or retry",
    });
  }
}

/** Gives the tools from one to another by what pipelines call, both included; `undefined` when there is no way. */
function findWay(from: string, to: string, tools: KnownTools): readonly string[] | undefined {
  const seen = new Set([from]);
  const open: (readonly string[])[] = [[from]];
  for (const way of open) {
    const at = way.at(-1)!;
    if (at === to) return way;
    for (const next of calledTools(tools.stepsOf(at))) {
      if (!seen.has(next)) open.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

/** Gives the names of the tools that steps on the wire call, whatever else is wrong with them. */
export function calledTools(steps: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  collect(steps, names, 0);
  return names;
}

function collect(steps: unknown, names: Set<string>, level: number): void {
  if (!Array.isArray(steps) || level > MAX_LEVELS) return;
  for (const step of steps.filter(isObject)) {
    if (typeof step["tool"] === "string") names.add(step["tool"]);
    const { for_each: loop, switch: cases } = step;
    const inner = [step["steps"], step["parallel"], step["on_error"], isObject(loop) ? loop["steps"] : undefined];
    const ofCases = Array.isArray(cases) ? cases.filter(isObject).map((it) => it["steps"]) : [];
    for (const list of [...inner, ...ofCases]) collect(list, names, level + 1);
  }
}
