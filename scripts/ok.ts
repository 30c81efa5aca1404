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
import { print } from "./lib/repository.ts";
import { listSteps, type Outcome, type Step } from "./lib/steps.ts";

const MARKS = { ok: "ok     ", failed: "FAILED ", missing: "not run" } as const;

async function runStep(step: Step, isStrict: boolean): Promise<Outcome> {
  try {
    const outcome = await step.run({ isStrict });
    return isStrict && outcome.status === "missing" ? { ...outcome, status: "failed" } : outcome;
  } catch (error) {
    return { status: "failed", output: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const { values: { strict }, positionals: words } = parseArgs({
    options: { strict: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const steps = listSteps().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  let counts: Counts = NO_TESTS;
  const failed: string[] = [];
  for (const step of steps) {
    const start = performance.now();
    const outcome = await runStep(step, strict);
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
    print(
      `${MARKS[outcome.status]} ${seconds} s  ${step.name}${outcome.note === undefined ? "" : `: ${outcome.note}`}`,
    );
    counts = addCounts(counts, outcome.counts ?? NO_TESTS);
    if (outcome.status !== "failed") continue;
    failed.push(step.name);
    if ((outcome.counts?.failed ?? 0) === 0) counts = addCounts(counts, { ...NO_TESTS, failed: 1 });
    if (outcome.output !== undefined) print(`${outcome.output.trimEnd()}\n`);
  }
  print(failed.length === 0 ? "\nAll is well" : `\nFailed: ${failed.join(", ")}`);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  print(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exitCode = failed.length === 0 && steps.length > 0 ? 0 : 1;
}

await main();
process.exit();
