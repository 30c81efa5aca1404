/**
 * The steps that run the tests, on each runtime.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readDenoCounts, readNodeCounts } from "./counts.ts";
import { findNode, NODE_VERSIONS } from "./nodes.ts";
import { inRepository, listFiles, readText } from "./repository.ts";
import { BUSY, type Command, type Job, needingPackages, type Outcome, runCommand, type Step } from "./step.ts";

/**
 * What runs on Deno only, since the runtime has little part in it: tests of compilers, interpreters, packages and other
 * programs of the system, of documents and schemas alone, of what plugins do by contracts whose Node side others test, and
 * of the scripts of this repository, which Deno runs. Each folder has tests through real clients that run on Node as well.
 */
const ON_DENO: readonly string[] = [
  "tests/kernel/json_schema_limits_",
  "tests/kernel/json_schema_random_",
  "tests/plugins/code/bombs/python_",
  ...inFolder("tests/plugins/dependencies/", "project_", "python_", "ruby_"),
  ...inFolder("tests/plugins/library/", "declarations/random_schemas_", "old_layout_", "takeover_"),
  ...inFolder(
    "tests/plugins/repos/",
    "hostile_",
    "interrupted_",
    "layouts_",
    "repositories_",
    "tools_",
    "trust_",
    "verb_",
  ),
  "tests/plugins/sandbox/escapes/firejail_",
  ...inFolder(
    "tests/plugins/scripts/",
    "author_modules_",
    "captured/author_modules_",
    "catalog_messages_",
    "defects_",
    "dependencies_",
    "failed_requests_",
    "grants_packages_",
    "grants_secrecy_",
    "grants_t",
    "languages_",
    "memory_",
    "prompts_",
    "redaction_",
    "skillz_",
    "verify_",
    "warm_author_modules_",
    "warm_python_",
  ),
  "tests/plugins/services/requires/scripts_",
  ...inFolder("tests/plugins/sharing/", "download_", "export_", "git_", "hostile_", "packages_"),
  ...inFolder("tests/plugins/skills/", "catalog/", "disclosure/token_count_", "format/", "hostile/scale_", "search/"),
  ...inFolder("tests/plugins/skills/proof/", "changes_", "places_", "rules_"),
  "tests/plugins/skills/scripts/python/packages_",
  "tests/plugins/upstream/client/time_",
  ...inFolder("tests/plugins/upstream/openapi/", "schemas_", "style_"),
  "tests/repo/",
  ...inFolder(
    "tests/plugins/wasm/",
    "assemblyscript_",
    "build_tool_",
    "clang_",
    "component_",
    "go_",
    "import_export_",
    "kind_",
    "prompt_",
    "rust_",
    "toolchains_",
    "wasm_clang_",
  ),
];

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
  "tests/plugins/services/",
  "tests/plugins/skills/",
  "tests/plugins/trust/",
  "tests/plugins/upstream/",
  "tests/plugins/wasm/binary_",
  "tests/plugins/wasm/build",
  "tests/plugins/wasm/bundle_",
  "tests/plugins/wasm/code/",
  "tests/plugins/wasm/finished_module_",
  "tests/plugins/wasm/languages/",
  "tests/plugins/wasm/recognise_",
  "tests/proof/",
  "tests/types/",
];

/** What runs on a Node between the oldest and the newest, beside what runs on each: the rest is the same if it is on both. */
const BETWEEN: readonly string[] = [
  "tests/command_line/stdio_",
  "tests/platform/",
  ...inFolder("tests/plugins/store/", "engines_", "keys_", "sqlite_"),
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
  "tests/platform/limits_",
  "tests/platform/workers_",
  "tests/plugins/code/bombs/",
  "tests/plugins/dependencies/python_",
  "tests/plugins/sandbox/escapes/",
  "tests/plugins/scripts/hostile_scripts_",
  "tests/plugins/services/containers_",
  "tests/plugins/services/requires/scripts_",
  "tests/plugins/skills/hostile/scale_",
  "tests/plugins/store/processes_",
  "tests/plugins/upstream/client/leak_",
  "tests/plugins/wasm/code/limits_",
  "tests/plugins/wasm/languages/",
  "tests/plugins/wasm/pool_",
  "tests/proof/back_pressure_",
  "tests/proof/extremes_",
  "tests/repo/bench_",
];

/** Tests that take long as well, and mostly wait: they begin next, each by itself. */
const LONG: readonly string[] = [
  "tests/plugins/scripts/grants_limits_",
  "tests/plugins/scripts/warm_pool_",
];

/** Tests that look at memory, warnings or threads of the process they run in: it is theirs alone. */
const ALONE: readonly string[] = [
  "tests/kernel/flights_",
  "tests/platform/processes_",
  "tests/plugins/code/",
  "tests/plugins/sandbox/",
  "tests/plugins/services/",
  "tests/plugins/upstream/",
  "tests/plugins/wasm/code/",
  "tests/proof/",
  "tests/repo/",
  "tests/transports/left_connections_",
];

/** What the lists above name: beginnings of paths of test files. */
export const TEST_PLACES: readonly string[] = [
  ...ON_DENO,
  ...ON_ONE_NODE,
  ...ON_EACH_NODE,
  ...BETWEEN,
  ...DEMANDING,
  ...LONG,
  ...ALONE,
];

/** Most files that one job runs, one after the other: the last job to end keeps others waiting. */
const FILES_A_JOB = 8;
/** The same for files that share a process, where the next one finds most of its modules loaded. */
const FILES_TOGETHER = 14;

/** Hooks outside any suite: they would run around the tests of every file that shares the process. */
const HOOKS_REGEXP = /^(?:await )?(?:after|before)(?:Each)?\(/m;
/** How Node introduces failures; of a suite that could not be set up or cleaned up its exit code need not tell. */
const FAILURES_REGEXP = /^✖ failing tests:$/m;

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
  const isNewest = version === NODE_VERSIONS.at(-1);
  return files.filter((path) => {
    if (isOneOf(path, ON_DENO)) return false;
    if (isOldest || isOneOf(path, ON_EACH_NODE)) return true;
    return isNewest ? !isOneOf(path, ON_ONE_NODE) : isOneOf(path, BETWEEN);
  });
}

function inFolder(folder: string, ...beginnings: readonly string[]): readonly string[] {
  return beginnings.map((beginning) => `${folder}${beginning}`);
}

function isOneOf(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => path.startsWith(beginning));
}

/** Files of one job. */
interface Part {
  readonly files: readonly string[];
  /** Whether they run in one process, where modules that several of them need are loaded once. */
  readonly isShared: boolean;
}

function testsOnDeno(files: readonly string[]): Step {
  const line: Command = ["deno", "test", "--allow-all", "--no-check", "--quiet"];
  const runPart = ({ files: part, isShared }: Part) =>
    isShared
      ? withEntry(
        part,
        (entry) => runCommand([...line, "--config", inRepository("deno.json"), entry], { readCounts: readDenoCounts }),
      )
      : runCommand([...line, ...part], { readCounts: readDenoCounts });
  return { name: "tests on Deno", jobs: jobsOf(files, runPart) };
}

/** Makes a module that is several test files, outside the repository, where Deno leaves no folder out. */
async function withEntry<T>(files: readonly string[], use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "collet-tests-"));
  try {
    const entry = join(folder, "several_test.ts");
    writeFileSync(entry, files.map((path) => `import "${pathToFileURL(inRepository(path))}";\n`).join(""));
    return await use(entry);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function testsOnNode(version: string, files: readonly string[]): Step {
  let finding: ReturnType<typeof findNode> | undefined;
  const runPart = async ({ files: part, isShared }: Part): Promise<Outcome> => {
    const node = await (finding ??= findNode(version));
    if ("missing" in node) return { status: "missing", note: node.missing };
    await bundleOnce(files);
    // loaded here: without the packages there is no esbuild, and Deno's tests run all the same
    const { nodeTestCommand } = await import("./bundled_tests.ts");
    const { line, env } = nodeTestCommand(part, { binary: node.binary, atOnce: 1, isShared });
    const outcome = await runCommand(line, { readCounts: readNodeCounts, env });
    return FAILURES_REGEXP.test(outcome.output ?? "") ? { ...outcome, status: "failed" } : outcome;
  };
  return { name: `tests on Node ${version}`, jobs: jobsOf(filesOnNode(version, files), runPart) };
}

let bundling: Promise<void> | undefined;

/** Bundles the test files when the first Node needs them; the others find them done. */
function bundleOnce(files: readonly string[]): Promise<void> {
  return bundling ??= import("./bundled_tests.ts").then(({ bundleTests }) => bundleTests(files));
}

/**
 * Makes jobs of test files: one for each of the demanding and the long, then some to which are dealt those that have a
 * process of their own, and some in which neighbours share one.
 */
function jobsOf(files: readonly string[], run: (part: Part) => Promise<Outcome>): Job[] {
  const demanding = files.filter((file) => isOneOf(file, DEMANDING));
  const long = files.filter((file) => isOneOf(file, LONG));
  const rest = files.filter((file) => !isOneOf(file, DEMANDING) && !isOneOf(file, LONG));
  const shared = rest.filter((file) => !isOneOf(file, ALONE) && !HOOKS_REGEXP.test(readText(file)));
  const others = rest.filter((file) => !shared.includes(file));
  const count = Math.ceil(others.length / FILES_A_JOB);
  const dealt = Array.from({ length: count }, (_, part) => others.filter((_, index) => index % count === part));
  return [
    ...demanding.map((file) => ({ lanes: BUSY, run: () => run({ files: [file], isShared: false }) })),
    ...long.map((file) => ({ lanes: 1, run: () => run({ files: [file], isShared: false }) })),
    ...dealt.map((part) => ({ lanes: 1, run: () => run({ files: part, isShared: false }) })),
    ...together(shared).map((part) => ({ lanes: 1, run: () => run({ files: part, isShared: true }) })),
  ];
}

/** Cuts files into parts of about the same length, neighbours together. */
function together(files: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(files.length / FILES_TOGETHER);
  const start = (part: number) => Math.round((part * files.length) / count);
  return Array.from({ length: count }, (_, part) => files.slice(start(part), start(part + 1)));
}
