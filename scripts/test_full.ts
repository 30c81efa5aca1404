/**
 * The full run: the proofs and the differential tests, with as many inputs as the release asks for and a soak that
 * lasts, on Deno and on Node. Continuous integration runs the same tests with small counts.
 *
 * ```sh
 * deno run -A scripts/test_full.ts                                    # everything, some 90 minutes
 * deno run -A scripts/test_full.ts --runtime node --node 24 fuzz      # files whose path has "fuzz", on Node 24
 * deno run -A scripts/test_full.ts --runs 1000 --soak 60 --seed 42    # smaller, and with the seed of another run
 * ```
 *
 * It ends with `N passed, N failed` over all runtimes, alone on a line.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { addCounts, type Counts, NO_TESTS, readDenoCounts, readNodeCounts } from "./lib/counts.ts";
import { runMain } from "./lib/main.ts";
import { listFiles, print } from "./lib/repository.ts";
import { run } from "./lib/run.ts";

/** Longest time for all tests of a runtime. */
const TIMEOUT_MS = 6 * 60 * 60_000;
/** What a test prints of the values that it tried. */
const SEED_REGEXP = /^.*(?:repeat with COLLET_|\bseed -?\d|clients over HTTP in|exchanges over stdio in).*$/gm;
const FOLDERS = ["tests/proof", "tests/differential"];

interface Part {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readCounts(output: string): Counts;
}

async function main(): Promise<void> {
  const { values, positionals: words } = parseArgs({
    options: {
      runtime: { type: "string", multiple: true, default: ["deno", "node"] },
      node: { type: "string", multiple: true, default: ["path"] },
      runs: { type: "string", default: "10000" },
      soak: { type: "string", default: "600" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1) },
    },
    allowPositionals: true,
  });
  const files = FOLDERS.flatMap((folder) => listFiles(folder, "_test.ts"))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  if (files.length === 0) throw new Error("Cannot run tests: no test file matches");
  const env = {
    COLLET_FUZZ_RUNS: values.runs,
    COLLET_SOAK_SECONDS: values.soak,
    COLLET_FUZZ_SEED: values.seed,
    COLLET_DIFFERENTIAL_RUNS: values.runs,
    COLLET_DIFFERENTIAL_SEED: values.seed,
  };
  const parts: Record<string, Part> = {
    deno: {
      title: "Deno",
      command: ["deno", "test", "--allow-all", "--no-check", ...files],
      env,
      readCounts: readDenoCounts,
    },
    node: {
      title: `Node ${values.node.join(", ")}`,
      command: [
        ...["deno", "run", "-A", "scripts/test_node.ts", "--timeout", String(TIMEOUT_MS / 1_000)],
        ...values.node.flatMap((version) => ["--node", version]),
        ...files,
      ] as [string, ...string[]],
      env,
      readCounts: readNodeCounts,
    },
  };
  print(`${values.runs} inputs of each kind, ${values.soak} s of soak, repeat with --seed ${values.seed}`);
  let counts = NO_TESTS;
  for (const name of values.runtime) {
    const part = parts[name];
    if (part === undefined) throw new Error(`Cannot test on "${name}": the runtimes are deno and node`);
    counts = addCounts(counts, await runPart(part));
  }
  print(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
}

async function runPart({ title, command, env, readCounts }: Part): Promise<Counts> {
  print(`${title}: started at ${new Date().toISOString()}`);
  const start = performance.now();
  const { code, output } = await run(command, { env, timeoutMs: TIMEOUT_MS });
  const counts = readCounts(output);
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  for (const [line] of output.matchAll(SEED_REGEXP)) print(`  ${line.trim()}`);
  print(`${title}: ${counts.passed} passed, ${counts.failed} failed in ${minutes} min\n`);
  if (code === 0) return counts;
  print(output.trimEnd());
  // a run that ends before its tests has failed all the same
  return counts.failed === 0 ? addCounts(counts, { ...NO_TESTS, failed: 1 }) : counts;
}

await runMain(main);
process.exit();
