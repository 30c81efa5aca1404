/**
 * Steps around others: in turn, at the same time, for each item, and one way of several.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import {
  type ForEachStep,
  type GroupStep,
  indexNameOf,
  type ParallelStep,
  type Step,
  type SwitchStep,
} from "../definition.ts";
import { toFailure } from "./failures.ts";
import { runLanes } from "./lanes.ts";
import { Total } from "./outputs.ts";
import { Scope } from "./scope.ts";
import { type Frame, type Place, SKIPPED, type Work } from "./work.ts";

/** Runs the steps within a step. */
export interface StepRunning {
  /** Gives how many bytes the result of a step may have, before its `output` takes a part of it. */
  mostBytesOf(step: Step): number;
  /** Runs a step, and gives what it gives or {@linkcode SKIPPED}. */
  runStep(step: Step, place: Place): Promise<unknown>;
  /** Runs steps in turn, and gives what the last one gave that was not skipped; `null` without one. */
  runInTurn(steps: readonly Step[], list: Place): Promise<unknown>;
}

/** What a step around others runs with. */
export interface Inner {
  /** That of the step, for this attempt. */
  readonly frame: Frame;
  readonly running: StepRunning;
}

/** Runs steps in turn. */
export async function runGroup(work: Work<GroupStep>, { frame, running }: Inner): Promise<unknown> {
  const { steps } = work.step;
  const scope = new Scope(frame.scope);
  const inner = { ...frame, scope, share: work.share, shareOfStep: work.frame.shareOfStep / steps.length };
  const result = await running.runInTurn(steps, { key: `${work.innerKey}.steps`, frame: inner });
  work.within = scope;
  return result;
}

/** Runs steps at the same time. */
export async function runParallel(work: Work<ParallelStep>, { frame, running }: Inner): Promise<unknown> {
  const { steps } = work.step;
  const key = `${work.innerKey}.parallel`;
  const shareOfStep = work.frame.shareOfStep / steps.length;
  const scopes = steps.map(() => new Scope(frame.scope));
  const results: unknown[] = [];
  await runLanes(steps.length, frame, async (lane, index) => {
    const inner = { ...lane, scope: scopes[index]!, share: work.share, shareOfStep };
    const output = await running.runStep(steps[index]!, { key: `${key}.${index}`, frame: inner });
    results[index] = output === SKIPPED ? null : output;
  });
  work.within = new Scope(frame.scope);
  for (const scope of scopes) work.within.adopt(scope);
  return results;
}

/** Runs steps for each item. */
export async function runForEach(
  work: Work<ForEachStep>,
  { items, frame, running }: Inner & { readonly items: readonly unknown[] },
): Promise<unknown> {
  const { itemName, concurrency, steps } = work.step;
  const indexName = indexNameOf(itemName);
  const shareOfStep = work.frame.shareOfStep / items.length / steps.length;
  const results: unknown[] = Array.from({ length: items.length }, () => null);
  const total = new Total(running.mostBytesOf(work.step));
  let next = 0;
  const runOn = async (lane: Frame): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const scope = new Scope(frame.scope);
      scope.set(itemName, items[index]);
      scope.set(indexName, index);
      const inner = { ...lane, scope, share: work.share, shareOfStep };
      const result = await running.runInTurn(steps, { key: `${work.innerKey}.for_each[${index}]`, frame: inner });
      try {
        total.add(result);
      } catch (thrown) {
        throw toFailure(thrown, work);
      }
      results[index] = result;
    }
  };
  const lanes = Math.min(concurrency, items.length);
  if (lanes > 1) await runLanes(lanes, frame, runOn);
  else await runOn(frame);
  return results;
}

/** Runs the steps of one case. */
export async function runSwitch(
  work: Work<SwitchStep>,
  { chosen, frame, running }: Inner & { readonly chosen: number },
): Promise<unknown> {
  const { steps } = work.step.cases[chosen]!;
  const scope = new Scope(frame.scope);
  const inner = { ...frame, scope, share: work.share, shareOfStep: work.frame.shareOfStep / steps.length };
  return await running.runInTurn(steps, { key: `${work.innerKey}.switch[${chosen}]`, frame: inner });
}

/**
 * Gives the items of a loop.
 *
 * @throws {ToolError} when they are no list, or more than a run can come to.
 */
export function itemsOf(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) {
    const found = value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`;
    throw new ToolError(`Cannot loop: expected a list as the items, found ${found}`);
  }
  if (value.length <= most) return value;
  throw new ToolError(`Cannot loop: found ${value.length} items, expected at most ${most}`);
}
