/**
 * The steps that run the tests, on each runtime.
 *
 * @module
 */
import { readDenoCounts, readNodeCounts } from "./counts.ts";
import { findNode, NODE_VERSIONS } from "./nodes.ts";
import { listFiles } from "./repository.ts";
import { BUSY, type Command, type Job, needingPackages, type Outcome, runCommand, type Step } from "./step.ts";

/**
 * Tests of compilers, which are programs of their own: they run on Deno. What they compile is called on Node as well, by
 * `tests/plugins/wasm/languages`.
 */
const ON_DENO: readonly string[] = [
  "assemblyscript",
  "clang",
  "component",
  "go",
  "prompt",
  "rust",
  "toolchains",
  "wasm_clang",
]
  .map((name) => `tests/plugins/wasm/${name}_`);

/**
 * What is the same on each Node: the core and the plugins that know a runtime through contracts alone, what tests
 * programs of the system and interpreters, and many random requests. It runs on Deno, whose engine is as new as any, and
 * on the oldest Node.
 */
const ON_ONE_NODE: readonly string[] = [
  "tests/differential/",
  "tests/kernel/",
  "tests/plugins/code/",
  "tests/plugins/dependencies/",
  "tests/plugins/exposure/",
  "tests/plugins/grants/",
  "tests/plugins/guide/",
  "tests/plugins/library/",
  "tests/plugins/memory/",
  "tests/plugins/pipelines/",
  "tests/plugins/repos/",
  "tests/plugins/resource_tools/",
  "tests/plugins/results/",
  "tests/plugins/sandbox/",
  "tests/plugins/scripts/",
  "tests/plugins/secrets/",
  "tests/plugins/sharing/",
  "tests/plugins/skills/",
  "tests/plugins/trust/",
  "tests/plugins/wasm/binary_",
  "tests/plugins/wasm/build",
  "tests/plugins/wasm/bundle_",
  "tests/plugins/wasm/code/",
  "tests/plugins/wasm/finished_module_",
  "tests/plugins/wasm/import_export_",
  "tests/plugins/wasm/kind_",
  "tests/plugins/wasm/languages/",
  "tests/plugins/wasm/recognise_",
  "tests/proof/",
  "tests/repo/",
  "tests/types/",
];

/** What runs on each Node all the same, for its processes, pipes, signals, threads and watched folders. */
const ON_EACH_NODE: readonly string[] = [
  "tests/plugins/code/bombs/loops_",
  "tests/plugins/code/client/",
  "tests/plugins/library/crash_",
  "tests/plugins/library/hot_reload_",
  "tests/plugins/memory/concurrency_",
  "tests/plugins/pipelines/runs/kill_",
  "tests/plugins/scripts/at_once_",
  "tests/plugins/scripts/cancellation_",
  "tests/plugins/scripts/client_",
  "tests/plugins/scripts/lifetime_",
  "tests/plugins/scripts/output_lines_",
  "tests/plugins/scripts/slow_client_",
  "tests/plugins/skills/server/",
  "tests/plugins/wasm/code/limits_",
  "tests/plugins/wasm/code/reuse_",
];

/**
 * Tests that fill memory or keep the processors busy: two of them at a time at most. They take longest, so they begin
 * first, each by itself.
 */
const DEMANDING: readonly string[] = [
  "tests/kernel/json_schema_limits_",
  "tests/kernel/json_schema_random_",
  "tests/platform/cgroups_",
  "tests/platform/limits_",
  "tests/platform/workers_",
  "tests/plugins/code/bombs/",
  "tests/plugins/dependencies/python_",
  "tests/plugins/sandbox/escapes/",
  "tests/plugins/scripts/grants_limits_",
  "tests/plugins/scripts/hostile_scripts_",
  "tests/plugins/scripts/warm_pool_",
  "tests/plugins/skills/hostile/scale_",
  "tests/plugins/store/processes_",
  "tests/plugins/wasm/code/limits_",
  "tests/plugins/wasm/languages/",
  "tests/plugins/wasm/pool_",
  "tests/proof/back_pressure_",
  "tests/proof/extremes_",
  "tests/repo/bench_",
];

/** What the lists above name: beginnings of paths of test files. */
export const TEST_PLACES: readonly string[] = [...ON_DENO, ...ON_ONE_NODE, ...ON_EACH_NODE, ...DEMANDING];

/** Most files that one job runs, one after the other: the last job to end keeps others waiting. */
const FILES_A_JOB = 8;

/** Lists the steps that run the tests on each runtime. */
export function listTestSteps(): readonly Step[] {
  const files = listFiles("tests", "_test.ts");
  return [testsOnDeno(files), ...NODE_VERSIONS.map((version) => needingPackages(testsOnNode(version, files)))];
}

/**
 * Tells which test files run on a Node of a version.
 *
 * @param files All of them.
 */
export function filesOnNode(version: string, files: readonly string[]): readonly string[] {
  const isOldest = version === NODE_VERSIONS[0];
  return files.filter((path) =>
    !isOneOf(path, ON_DENO) && (isOldest || !isOneOf(path, ON_ONE_NODE) || isOneOf(path, ON_EACH_NODE))
  );
}

function isOneOf(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => path.startsWith(beginning));
}

function testsOnDeno(files: readonly string[]): Step {
  const line: Command = ["deno", "test", "--allow-all", "--no-check", "--quiet"];
  const runFiles = (part: readonly string[]) => runCommand([...line, ...part], { readCounts: readDenoCounts });
  return { name: "tests on Deno", jobs: jobsOf(files, runFiles) };
}

function testsOnNode(version: string, files: readonly string[]): Step {
  let finding: ReturnType<typeof findNode> | undefined;
  const runFiles = async (part: readonly string[]): Promise<Outcome> => {
    const node = await (finding ??= findNode(version));
    if ("missing" in node) return { status: "missing", note: node.missing };
    await bundleOnce(files);
    // loaded here: without the packages there is no esbuild, and Deno's tests run all the same
    const { nodeTestCommand } = await import("./bundled_tests.ts");
    const { line, env } = nodeTestCommand(part, { binary: node.binary, atOnce: 1 });
    return await runCommand(line, { readCounts: readNodeCounts, env });
  };
  return { name: `tests on Node ${version}`, jobs: jobsOf(filesOnNode(version, files), runFiles) };
}

let bundling: Promise<void> | undefined;

/** Bundles the test files when the first Node needs them; the others find them done. */
function bundleOnce(files: readonly string[]): Promise<void> {
  return bundling ??= import("./bundled_tests.ts").then(({ bundleTests }) => bundleTests(files));
}

/** Makes jobs of test files: one for each of the demanding, and some to which the others are dealt. */
function jobsOf(files: readonly string[], run: (files: readonly string[]) => Promise<Outcome>): Job[] {
  const demanding = files.filter((file) => isOneOf(file, DEMANDING));
  const others = files.filter((file) => !isOneOf(file, DEMANDING));
  const count = Math.ceil(others.length / FILES_A_JOB);
  const parts = Array.from({ length: count }, (_, part) => others.filter((_, index) => index % count === part));
  return [
    ...demanding.map((file) => ({ lanes: BUSY, run: () => run([file]) })),
    ...parts.map((part) => ({ lanes: 1, run: () => run(part) })),
  ];
}
