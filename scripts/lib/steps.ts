/**
 * The steps of `deno task ok`.
 *
 * @module
 */
import { type Counts, NO_TESTS, readDenoCounts, readNodeCounts, readPlainCounts } from "./counts.ts";
import { findMissingPrograms } from "./needs.ts";
import { findNode, NODE_VERSIONS } from "./nodes.ts";
import { hasPath, inRepository, listFiles } from "./repository.ts";
import { type Finished, hasPackages, hasProgram, run } from "./run.ts";

/** How a step ended: done, failed, or not run because something is missing. */
export interface Outcome {
  readonly status: "ok" | "failed" | "missing";
  /** One line about it. */
  readonly note?: string;
  /** What the step printed, for the reader of a failure. */
  readonly output?: string;
  readonly counts?: Counts;
}

/** How a run of all steps is meant. */
export interface StepOptions {
  /** Whether lock files may not change and nothing may be missing. */
  readonly isStrict: boolean;
}

/** One step. */
export interface Step {
  readonly name: string;
  run(options: StepOptions): Promise<Outcome>;
}

type Command = readonly [string, ...string[]];

/** Makes a step that is one command. */
function command(name: string, line: Command, readCounts?: (output: string) => Counts): Step {
  return { name, run: () => runCommand(line, readCounts) };
}

async function runCommand(line: Command, readCounts?: (output: string) => Counts): Promise<Outcome> {
  return await runTogether([line], readCounts);
}

/** Runs commands as one step, so many of them at a time. */
async function runTogether(
  lines: readonly Command[],
  readCounts?: (output: string) => Counts,
  atOnce = lines.length,
): Promise<Outcome> {
  const finished: Finished[] = [];
  const waiting = lines.values();
  const work = async () => {
    for (const line of waiting) finished.push(await run(line));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const output = finished.map((it) => it.output).join("");
  const counts = readCounts?.(output) ?? NO_TESTS;
  if (finished.some(({ code }) => code !== 0)) return { status: "failed", output, counts };
  if (readCounts === undefined) return { status: "ok" };
  const note = `${counts.passed} passed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`;
  return counts.passed === 0
    ? { status: "failed", output: `No test was run\n${output}` }
    : { status: "ok", note, counts };
}

/** Makes a step wait for paths of the repository; without them it is missing. */
function needing(paths: readonly string[], step: Step): Step {
  return {
    name: step.name,
    run(options) {
      const missing = paths.find((path) => !hasPath(path));
      if (missing === undefined) return step.run(options);
      return Promise.resolve({ status: "missing", note: `there is no ${missing}` });
    },
  };
}

/** Makes a step wait for `npm ci`. */
function needingPackages(step: Step): Step {
  return {
    name: step.name,
    run(options) {
      if (hasPackages()) return step.run(options);
      return Promise.resolve({ status: "missing", note: 'the packages are not installed; run "npm ci"' });
    },
  };
}

const programs: Step = {
  name: "programs",
  async run() {
    const missing = await findMissingPrograms();
    if (missing.length === 0) return { status: "ok" };
    const names = missing.map(({ command, why }) => `${command} (${why})`).join(", ");
    return { status: "missing", note: `not installed: ${names}; run "node scripts/setup.mjs system"` };
  },
};

/** Type-checks all, and in a strict run refuses a deno.lock that lacks something. */
const denoCheck: Step = {
  name: "deno check",
  run: ({ isStrict }) => runCommand(["deno", "check", "--quiet", ...(isStrict ? ["--frozen"] : []), "."]),
};

/** Runs the snippets of documentation; tests are another step. */
const snippets: Step = {
  name: "snippets",
  run() {
    const paths = ["README.md", "mod.ts", "kernel", "plugins", "skills", ".github"].filter(hasPath);
    const flags = ["--doc", "--allow-all", "--quiet", "--permit-no-files"];
    return runCommand(["deno", "test", ...flags, ...paths], readDenoCounts);
  },
};

/** Processes that run tests on Deno at one time: most of a test is waiting for others. */
const DENO_PROCESSES = 3;
/** Parts that the tests are dealt to, more than processes: one that takes long keeps nobody waiting. */
const DENO_PARTS = 15;

const testsOnDeno: Step = {
  name: "tests on Deno",
  run() {
    const files = listFiles("tests", "_test.ts");
    const parts = Array.from(
      { length: DENO_PARTS },
      (_, part) => files.filter((_, i) => i % DENO_PARTS === part),
    );
    const lines = parts.map((part): Command => ["deno", "test", "--allow-all", "--no-check", "--quiet", ...part]);
    return runTogether(lines, readDenoCounts, DENO_PROCESSES);
  },
};

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
 * What takes long and is much the same on each Node: tests of programs of the system and of interpreters, and those by
 * many random requests. They run on Deno and on the oldest Node.
 */
const ON_ONE_NODE: readonly string[] = [
  "tests/differential/",
  "tests/plugins/dependencies/",
  "tests/plugins/sandbox/",
  "tests/plugins/scripts/author_modules",
  "tests/plugins/scripts/warm_",
  "tests/plugins/sharing/",
  "tests/plugins/wasm/kind_",
  "tests/plugins/wasm/languages/",
  "tests/proof/",
];

function testsOnNode(version: string): Step {
  return {
    name: `tests on Node ${version}`,
    async run() {
      const node = await findNode(version);
      if ("missing" in node) return { status: "missing", note: node.missing };
      const left = version === NODE_VERSIONS[0] ? ON_DENO : [...ON_DENO, ...ON_ONE_NODE];
      const except = left.flatMap((words) => ["--except", words]);
      return runCommand(["deno", "run", "-A", "scripts/test_node.ts", "--node", version, ...except], readNodeCounts);
    },
  };
}

const npmPack: Step = {
  name: "npm pack",
  async run() {
    if (!await hasProgram("npm")) return { status: "missing", note: "there is no npm" };
    const { code, output, stdout } = await run(["npm", "pack", "--dry-run", "--ignore-scripts", "--json"]);
    if (code !== 0) return { status: "failed", output };
    const [{ files, size }] = JSON.parse(stdout);
    return { status: "ok", note: `${files.length} files, ${Math.ceil(size / 1024)} KiB packed` };
  },
};

/** Lists every step in the order they run: the quick ones first, then the build, then the tests. */
export function listSteps(): readonly Step[] {
  const script = (name: string): Command => ["deno", "run", "-A", inRepository("scripts", name)];
  return [
    programs,
    command("deno fmt", ["deno", "fmt", "--check"]),
    command("deno lint", ["deno", "lint", "--quiet"]),
    denoCheck,
    needingPackages(command("pure check", ["tsc", "-p", "scripts/tsconfig.pure.json"])),
    needingPackages(command("tsc", ["tsc", "-p", "tsconfig.json"])),
    command("boundaries", script("check_boundaries.ts")),
    command("docs", script("check_docs.ts")),
    snippets,
    needing(["mod.ts"], needingPackages(command("build", script("build.ts")))),
    testsOnDeno,
    ...NODE_VERSIONS.map((version) => needingPackages(testsOnNode(version))),
    needing(["dist/mod.js"], command("protocol conformance", script("conformance.ts"), readPlainCounts)),
    needing(["dist/mod.js"], npmPack),
    needing(["mod.ts"], command("deno publish", ["deno", "publish", "--dry-run", "--allow-dirty", "--quiet"])),
  ];
}
