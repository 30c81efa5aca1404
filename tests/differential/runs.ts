/**
 * How many cases are tried, and from which seed.
 *
 * @module
 */
import fc, { type IAsyncProperty } from "fast-check";
import process from "node:process";
import type { TestContext } from "node:test";
import { freshSeed } from "../support/random.ts";

const RUNS = Number(process.env["COLLET_DIFFERENTIAL_RUNS"] ?? 300);
const SEED = process.env["COLLET_DIFFERENTIAL_SEED"];

/** Checks a property; `share` is the part of the runs that it gets. */
export async function check<T>(context: TestContext, property: IAsyncProperty<T>, { share = 1 } = {}): Promise<void> {
  const seed = SEED === undefined ? freshSeed() | 0 : Number(SEED);
  const numRuns = Math.max(1, Math.round(RUNS * share));
  context.diagnostic(`seed ${seed}, ${numRuns} runs`);
  await fc.assert(property, { seed, numRuns, endOnFailure: false });
}
