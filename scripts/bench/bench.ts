/**
 * What every part of the benchmark works with.
 *
 * @module
 */
import process from "node:process";
import type { LoadProcess } from "./load_process.ts";
import type { Plan } from "./options.ts";
import type { Runtime } from "./subjects.ts";
import type { Verdict } from "./targets.ts";

/** What a part of the benchmark works with. */
export interface Bench {
  readonly plan: Plan;
  readonly runtime: Runtime;
  readonly load: LoadProcess;
}

/** What a part of the benchmark gives: its numbers, and which targets they reach. */
export interface Measured<T> {
  readonly results: T;
  readonly verdicts: readonly Verdict[];
}

/** Tells whoever waits what is being done. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Measures sides in turn, round after round, every other round in the opposite order: what drifts on the machine
 * reaches all sides alike.
 *
 * @returns the measurements of each side, in the order of the rounds.
 */
export async function takeTurns<S, T>(
  sides: readonly S[],
  rounds: number,
  measure: (side: S) => Promise<T>,
): Promise<Map<S, T[]>> {
  const taken = new Map<S, T[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) taken.get(side)?.push(await measure(side));
  }
  return taken;
}

/** How sides are timed. */
export interface TimeOptions {
  readonly rounds: number;
  /** Rounds before those that count; 1 by default. */
  readonly warmUps?: number;
}

/**
 * Times sides in turn, once they are warm.
 *
 * @param sides Each does its work and gives how long that took.
 * @returns the measurements of each side, in the order of the rounds.
 */
export async function timeSides<S extends string>(
  sides: Readonly<Partial<Record<S, () => Promise<number>>>>,
  { rounds, warmUps = 1 }: TimeOptions,
): Promise<(side: S) => readonly number[]> {
  const names = Object.keys(sides) as S[];
  const time = (name: S) => sides[name]!();
  for (let i = 0; i < warmUps; i++) for (const name of names) await time(name);
  const taken = await takeTurns(names, rounds, time);
  return (name) => taken.get(name) ?? [];
}

/** Gives how long something takes, in milliseconds. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}
