/**
 * What a step of `deno task ok` is: jobs that run beside those of other steps, and what they come to.
 *
 * @module
 */
import { addCounts, type Counts, NO_TESTS } from "./counts.ts";
import { hasPath } from "./repository.ts";
import { hasPackages, run } from "./run.ts";

/** How a step, or a job of one, ended: done, failed, or not run because something is missing. */
export interface Outcome {
  readonly status: "ok" | "failed" | "missing";
  /** One line about it. */
  readonly note?: string;
  /** What it printed, for the reader of a failure. */
  readonly output?: string;
  /** The tests that it ran, when it runs tests. */
  readonly counts?: Counts;
}

/** How a run of all steps is meant. */
export interface StepOptions {
  /** Whether lock files may not change and nothing may be missing. */
  readonly isStrict: boolean;
}

/** What runs at one time of a step. */
export interface Job {
  /** How many of the `LANES` it takes. */
  readonly lanes: number;
  run(options: StepOptions): Promise<Outcome>;
}

/** One step. */
export interface Step {
  readonly name: string;
  readonly jobs: readonly Job[];
}

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];
/** Reads from what a command printed how many tests it ran. */
export type ReadCounts = (output: string) => Counts;

/**
 * How many lanes there are. Two processors bear four: most of a test is waiting, for timers and for what other processes
 * do.
 */
export const LANES = 4;
/** The lanes of what keeps a processor busy all the time. */
export const BUSY = 2;

/** Makes a step that is one job. */
export function single(name: string, run: Job["run"], lanes = 1): Step {
  return { name, jobs: [{ lanes, run }] };
}

/** Makes a step that is one command. */
export function command(
  name: string,
  line: Command,
  { lanes = 1, readCounts }: { readonly lanes?: number; readonly readCounts?: ReadCounts } = {},
): Step {
  return single(name, () => runCommand(line, { readCounts }), lanes);
}

/** Runs a command; it has failed when its exit code says so. */
export async function runCommand(
  line: Command,
  { readCounts, env = {} }: {
    readonly readCounts?: ReadCounts | undefined;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Outcome> {
  const { code, output } = await run(line, { env });
  return { status: code === 0 ? "ok" : "failed", output, ...(readCounts && { counts: readCounts(output) }) };
}

/** Makes a step's jobs look, when it is their turn, for something that they need. */
export function needing(findMissing: () => string | undefined, step: Step): Step {
  const jobs = step.jobs.map(({ lanes, run }): Job => ({
    lanes,
    run(options) {
      const note = findMissing();
      return note === undefined ? run(options) : Promise.resolve({ status: "missing", note });
    },
  }));
  return { name: step.name, jobs };
}

/** Makes a step need a path of the repository. */
export function needingPath(path: string, step: Step): Step {
  return needing(() => hasPath(path) ? undefined : `there is no ${path}`, step);
}

/** Makes a step need `npm ci`. */
export function needingPackages(step: Step): Step {
  return needing(() => hasPackages() ? undefined : 'the packages are not installed; run "npm ci"', step);
}

/** Joins what the jobs of a step came to: it is as bad as the worst of them, and one that ran no test has failed. */
export function joinOutcomes(outcomes: readonly Outcome[]): Outcome {
  const output = outcomes.filter(({ status }) => status === "failed").map((it) => it.output ?? "").join("\n");
  const counted = outcomes.flatMap(({ counts }) => counts ?? []);
  const counts = addCounts(NO_TESTS, ...counted);
  const worst = outcomes.find(({ status }) => status === "failed") ??
    outcomes.find(({ status }) => status === "missing");
  if (worst !== undefined) return { ...worst, counts, output };
  if (counted.length === 0) return { ...outcomes.at(-1), status: "ok" };
  if (counts.passed === 0) {
    return { status: "failed", output: `No test was run\n${outcomes.map((it) => it.output ?? "").join("\n")}` };
  }
  return {
    status: "ok",
    note: `${counts.passed} passed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`,
    counts,
  };
}
