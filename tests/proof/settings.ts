/**
 * How much the proofs do. `scripts/test_full.ts` raises the counts; a seed repeats a run that failed.
 *
 * @module
 */
import fc from "fast-check";
import process from "node:process";
import { print } from "../../scripts/lib/repository.ts";
import { freshSeed } from "../support/random.ts";

function numberFrom(variable: string, fallback: number): number {
  const text = process.env[variable];
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`Cannot use ${variable}: expected an integer, found "${text}"`);
  return value;
}

/** Inputs of each kind that are fuzzed, `COLLET_FUZZ_RUNS`. */
export const FUZZ_RUNS: number = numberFrom("COLLET_FUZZ_RUNS", 300);
/** Seconds that the soak over HTTP takes, and twice those of the one over stdio, `COLLET_SOAK_SECONDS`. */
export const SOAK_SECONDS: number = numberFrom("COLLET_SOAK_SECONDS", 8);
/** What every random choice comes from, `COLLET_FUZZ_SEED`. */
export const SEED: number = numberFrom("COLLET_FUZZ_SEED", freshSeed() >>> 1);

// a failure is made small against a live server, which may answer none of the attempts
const LONGEST_MS = 15 * 60_000;

/** Prints the seed, so that a run can be repeated, failed or not. */
export function announceSeed(what: string): void {
  print(`${what}: repeat with COLLET_FUZZ_SEED=${SEED}`);
}

/**
 * Checks a property with the seed of this run.
 *
 * @param numRuns How many values are tried.
 * @param part Makes the values of one part of a run differ from those of another.
 */
export async function check<T>(property: fc.IAsyncPropertyWithHooks<T>, numRuns: number, part = 0): Promise<void> {
  const limits = { interruptAfterTimeLimit: LONGEST_MS, markInterruptAsFailure: true };
  await fc.assert(property, { seed: (SEED + part) | 0, numRuns: Math.max(1, Math.ceil(numRuns)), ...limits });
}
