/**
 * Whether a server holds more than before.
 *
 * @module
 */
import assert from "node:assert/strict";
import { pause } from "../support/wait.ts";
import type { Holdings } from "./plugin.ts";
import { CANNOT_MEASURE, readVitals } from "./vitals.ts";

/** What a server holds, from within and from outside. */
export interface Measure extends Holdings {
  readonly descriptors: readonly string[];
  readonly children: readonly number[];
  readonly rss: number;
}

const MEGABYTE = 1_000_000;
const ROUNDS = 5;
const SETTLE_MS = 40_000;

/** Measures several times, and gives the median of what fluctuates. */
export async function measured(pid: number, holdings: () => Promise<Holdings>): Promise<Measure> {
  const rounds: Measure[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const held = await holdings();
    const { descriptors, children, rss } = CANNOT_MEASURE === false
      ? readVitals(pid)
      : { descriptors: [], children: [], rss: 0 };
    rounds.push({ ...held, descriptors, children, rss });
    await pause(20);
  }
  const median = (of: (it: Measure) => number) => rounds.map(of).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
  return {
    ...rounds.at(-1)!,
    heap: median((it) => it.heap),
    external: median((it) => it.external),
    rss: median((it) => it.rss),
  };
}

/** How much more may be held; memory in megabytes. */
export interface Allowance {
  readonly heap?: number;
  readonly rss?: number;
  /** Resources that clients may go on watching. */
  readonly watched?: number;
  /** Descriptors of one kind for what begins when it is first needed, such as a database. */
  readonly late?: number;
}

/**
 * Fails when a server holds more than it did, and goes on doing so: what has a time limit is given that time.
 *
 * @param measure Measures it again.
 */
export async function assertNoGrowth(
  before: Measure,
  measure: () => Promise<Measure>,
  allowance: Allowance = {},
): Promise<void> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const found = findGrowth(before, await measure(), allowance);
    if (found === undefined) return;
    assert.ok(Date.now() < end, found);
    await pause(250);
  }
}

function findGrowth(
  before: Measure,
  after: Measure,
  { heap = 4, rss = 80, watched = 0, late = 5 }: Allowance,
): string | undefined {
  for (const key of ["listeners", "watched", "calls"] as const) {
    if (after[key] > before[key] + (key === "watched" ? watched : 0)) {
      return `${key} grew from ${before[key]} to ${after[key]}`;
    }
  }
  for (const key of ["timers", "resources", "descriptors"] as const) {
    const more = moreOf(before[key], { after: after[key], late: key === "timers" ? 1 : late });
    if (more !== "") return `${key} grew: ${more}`;
  }
  if (after.children.length > before.children.length) return `it has the children ${after.children.join(", ")}`;
  for (const [key, most] of [["heap", heap], ["external", heap], ["rss", rss]] as const) {
    const grown = (after[key] - before[key]) / MEGABYTE;
    if (grown > most) return `${key} grew by ${grown.toFixed(1)} MB, where ${most} are allowed`;
  }
  return undefined;
}

function moreOf(
  before: readonly string[],
  { after, late }: { readonly after: readonly string[]; readonly late: number },
): string {
  const count = (list: readonly string[], name: string) => list.filter((it) => it === name).length;
  return [...new Set(after)].filter((name) => count(after, name) > Math.max(late, count(before, name) + late - 1))
    .map((name) => `${name} from ${count(before, name)} to ${count(after, name)}`).join(", ");
}
