/**
 * How many tests passed, read from the summaries of the test runners.
 *
 * @module
 */

/** A count of tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The count of no tests. */
export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

const DENO_REGEXP =
  /^(?:ok|FAILED) \| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?(?: \| (\d+) ignored)?/gm;
const NODE_REGEXP = /^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$/gm;

/** Adds counts up. */
export function addCounts(...counts: readonly Counts[]): Counts {
  return counts.reduce((sum, { passed, failed, skipped }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
    skipped: sum.skipped + skipped,
  }), NO_TESTS);
}

/** Reads what `deno test` printed. */
export function readDenoCounts(output: string): Counts {
  return addCounts(...[...output.matchAll(DENO_REGEXP)].map(([, passed, , failed, , ignored]) => ({
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(ignored ?? 0),
  })));
}

/** Reads what `node --test` printed, once or several times. */
export function readNodeCounts(output: string): Counts {
  const sums = { passed: 0, failed: 0, skipped: 0 };
  for (const [, kind, count] of output.matchAll(NODE_REGEXP)) {
    sums[kind === "pass" ? "passed" : kind === "skipped" || kind === "todo" ? "skipped" : "failed"] += Number(count);
  }
  return sums;
}

/** Reads the line `N passed, N failed` that scripts of this repository end with. */
export function readPlainCounts(output: string): Counts {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: 0 };
}
