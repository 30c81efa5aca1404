/**
 * What the benchmark is asked to do, and how much of it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { inRepository } from "../lib/repository.ts";

/** What can be measured. */
export const SECTIONS = [
  "start",
  "calls",
  "lists",
  "memory",
  "scripts",
  "wasm",
  "skills",
  "code",
  "pipelines",
  "upstream",
  "tokens",
] as const;

/** One part of the benchmark. */
export type Section = (typeof SECTIONS)[number];

/** Runtimes that servers are measured on. */
export const RUNTIMES = ["deno", "node"] as const;

/** Name of a runtime. */
export type RuntimeName = (typeof RUNTIMES)[number];

/** How often and how long things are measured; times are in milliseconds. */
export interface Plan {
  readonly startRounds: number;
  readonly connections: readonly number[];
  readonly callRounds: number;
  readonly callMs: number;
  /** How long each server works before it is measured, so that its code is compiled. */
  readonly warmUpMs: number;
  readonly toolCounts: readonly number[];
  readonly listRounds: number;
  readonly listMs: number;
  /** How many fresh servers of each kind have their memory measured. */
  readonly memoryServers: number;
  /** How long a server rests before its size counts as idle. */
  readonly restMs: number;
  readonly memoryLoadMs: number;
  readonly sessions: number;
  /** Servers that many calls are made of, calls after which resident size is taken, and how often that many. */
  readonly growthServers: number;
  readonly growthCalls: number;
  readonly growthSteps: number;
  /** How often one call of a script, and one start in the sandbox, are timed. */
  readonly scriptRounds: number;
  /** Calls at a time of scripts, how often they are sustained, and how long. */
  readonly scriptLanes: readonly number[];
  readonly scriptLoadRounds: number;
  readonly scriptLoadMs: number;
  /** Calls of scripts after which it is looked for what they left. */
  readonly scriptCalls: number;
  /** How many skills there are, how often they are found, and how long each query is searched for. */
  readonly skillCounts: readonly [number, ...number[]];
  readonly skillRounds: number;
  readonly searchMs: number;
}

/** The whole benchmark: about half an hour on two cores. */
export const FULL: Plan = {
  startRounds: 21,
  connections: [1, 16, 128],
  callRounds: 7,
  callMs: 800,
  warmUpMs: 2_500,
  toolCounts: [10, 1_000, 10_000],
  listRounds: 7,
  listMs: 600,
  memoryServers: 3,
  restMs: 1_500,
  memoryLoadMs: 2_000,
  sessions: 10_000,
  growthServers: 2,
  growthCalls: 10_000,
  growthSteps: 10,
  scriptRounds: 15,
  scriptLanes: [1, 16, 64],
  scriptLoadRounds: 2,
  scriptLoadMs: 800,
  scriptCalls: 10_000,
  skillCounts: [1_000, 10_000],
  skillRounds: 7,
  searchMs: 150,
};

/** Enough to see that the benchmark works; its numbers say little. */
export const QUICK: Plan = {
  startRounds: 2,
  connections: [1, 16],
  callRounds: 2,
  callMs: 150,
  warmUpMs: 200,
  toolCounts: [10, 1_000],
  listRounds: 2,
  listMs: 150,
  memoryServers: 1,
  restMs: 200,
  memoryLoadMs: 400,
  sessions: 100,
  growthServers: 1,
  growthCalls: 200,
  growthSteps: 2,
  scriptRounds: 2,
  scriptLanes: [1, 8],
  scriptLoadRounds: 1,
  scriptLoadMs: 150,
  scriptCalls: 200,
  skillCounts: [100],
  skillRounds: 1,
  searchMs: 5,
};

/** What the command line says. */
export interface BenchOptions {
  readonly isQuick: boolean;
  readonly plan: Plan;
  readonly runtimes: readonly RuntimeName[];
  readonly sections: readonly Section[];
  /** Path of the results without its ending. */
  readonly out: string;
}

/**
 * Reads the command line.
 *
 * @throws {Error} when an argument is unknown or does not fit.
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values: { quick, runtime, only, out } } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      runtime: { type: "string", default: RUNTIMES.join(",") },
      only: { type: "string", default: SECTIONS.join(",") },
      out: { type: "string", default: inRepository(".build", "bench", "results") },
    },
  });
  return {
    isQuick: quick,
    plan: quick ? QUICK : FULL,
    runtimes: pick("--runtime", runtime, RUNTIMES),
    sections: pick("--only", only, SECTIONS),
    out: out.replace(/\.(json|md)$/, ""),
  };
}

function pick<const T extends string>(flag: string, list: string, known: readonly T[]): readonly T[] {
  const words = list.split(",");
  const unknown = words.filter((word) => !known.some((name) => name === word));
  if (unknown.length > 0) {
    throw new Error(`Cannot read ${flag}: "${unknown.join('", "')}" is none of ${known.join(", ")}`);
  }
  return known.filter((name) => words.includes(name));
}
