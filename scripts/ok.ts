/**
 * The one command, `deno task ok`: every check and every test, on each runtime that is here.
 *
 * ```sh
 * deno task ok             # what is missing on this machine is said, and not run
 * deno task ok --strict    # what is missing is a failure, as in continuous integration
 * deno task ok lint docs   # the steps whose names contain a word
 * ```
 *
 * It ends with `N passed, N failed` over all runtimes, alone on a line; a check that fails counts as one failure.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { addCounts, type Counts, NO_TESTS } from "./lib/counts.ts";
import { Lanes } from "./lib/lanes.ts";
import { print } from "./lib/repository.ts";
import { type Job, joinOutcomes, LANES, type Outcome, type Step, type StepOptions } from "./lib/step.ts";
import { listSteps } from "./lib/steps.ts";

const MARKS = { ok: "ok     ", failed: "FAILED ", missing: "not run" } as const;

/** How a step ended, and how long it took from its first job on. */
interface Report {
  readonly step: Step;
  readonly outcome: Outcome;
  readonly seconds: number;
}

async function runJob(job: Job, options: StepOptions): Promise<Outcome> {
  try {
    const outcome = await job.run(options);
    return options.isStrict && outcome.status === "missing" ? { ...outcome, status: "failed" } : outcome;
  } catch (error) {
    return { status: "failed", output: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

/** Runs the jobs of a step as they get lanes, which are given in the order in which steps ask. */
async function runStep(step: Step, lanes: Lanes, options: StepOptions): Promise<Report> {
  let start: number | undefined;
  const outcomes = await Promise.all(step.jobs.map((job) =>
    lanes.run(job.lanes, () => {
      start ??= performance.now();
      return runJob(job, options);
    })
  ));
  return { step, outcome: joinOutcomes(outcomes), seconds: (performance.now() - (start ?? 0)) / 1000 };
}

/** Prints how a step ended, and what those who mend it read; gives its tests, with a check that failed as one. */
function printReport({ step, outcome, seconds }: Report): Counts {
  const { status, note, output, counts = NO_TESTS } = outcome;
  print(`${MARKS[status]} ${seconds.toFixed(1).padStart(6)} s  ${step.name}${note === undefined ? "" : `: ${note}`}`);
  if (status !== "failed") return counts;
  if (output !== undefined && output !== "") print(`${output.trimEnd()}\n`);
  return counts.failed === 0 ? addCounts(counts, { ...NO_TESTS, failed: 1 }) : counts;
}

async function main(): Promise<void> {
  const { values: { strict }, positionals: words } = parseArgs({
    options: { strict: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const steps = listSteps().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const lanes = new Lanes(LANES);
  let counts: Counts = NO_TESTS;
  const failed: string[] = [];
  await Promise.all(steps.map(async (step) => {
    const report = await runStep(step, lanes, { isStrict: strict });
    counts = addCounts(counts, printReport(report));
    if (report.outcome.status === "failed") failed.push(step.name);
  }));
  print(failed.length === 0 ? "\nAll is well" : `\nFailed: ${failed.join(", ")}`);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  print(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exitCode = failed.length === 0 && steps.length > 0 ? 0 : 1;
}

await main();
process.exit();
