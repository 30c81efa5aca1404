/**
 * The tests as Node runs them: bundles of their own, with what they start and read.
 *
 * @module
 */
import { build } from "esbuild";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { bundleProgram } from "./bundled_program.ts";
import { findCompanions, rewriteCompanions } from "./companions.ts";
import { resolveOwnNames } from "./own_names.ts";
import { hasPath, inRepository, ROOT } from "./repository.ts";

/** Each run has a folder of its own, so that two at a time do not take each other's files away. */
const OUTPUT = `.build/tests/${process.pid}`;
/** The program that tests start, bundled once for all of them. */
const PROGRAM = inRepository(OUTPUT, "program");

process.on("exit", () => rmSync(inRepository(OUTPUT), { recursive: true, force: true }));

/** Time limit of one file, in milliseconds: Node counts a file as a test. */
const TEST_MS = 180_000;
/** Milliseconds that each further file has where several share a process. */
const FURTHER_FILE_MS = 30_000;

/** How tests run on a Node. */
export interface NodeTestOptions {
  readonly binary: string;
  /** How many files at a time. */
  readonly atOnce: number;
  /** Milliseconds for a test, when it is another limit than usual. */
  readonly testMs?: number | undefined;
  /** Whether the files share a process, where modules that several of them need are loaded once. */
  readonly isShared?: boolean;
}

let entryCount = 0;

/** Writes a module that is several bundles. */
function writeEntry(bundles: readonly string[]): string {
  const entry = inRepository(OUTPUT, `several_${entryCount++}.js`);
  writeFileSync(entry, bundles.map((path) => `import ${JSON.stringify(pathToFileURL(path).href)};\n`).join(""));
  return entry;
}

/** Gives the command that runs the bundles of test files on a Node, and the variables that it needs. */
export function nodeTestCommand(
  files: readonly string[],
  { binary, atOnce, isShared = false, testMs = isShared ? TEST_MS + files.length * FURTHER_FILE_MS : TEST_MS }:
    NodeTestOptions,
): { readonly line: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> } {
  const flags = ["--test", "--test-reporter=spec", `--test-concurrency=${atOnce}`, `--test-timeout=${testMs}`];
  const bundles = files.map((file) => inRepository(OUTPUT, `${file.slice(0, -3)}.js`));
  return {
    line: [binary, "--enable-source-maps", ...flags, ...(isShared ? [writeEntry(bundles)] : bundles)],
    env: { NODE_OPTIONS: "", COLLET_TEST_PROGRAM: join(PROGRAM, "mod.js") },
  };
}

/** Bundles test files, with what they start and read; the bundles are there until this process ends. */
export async function bundleTests(files: readonly string[]): Promise<void> {
  const programs = findCompanions(["mod.ts", "kernel", "plugins", "tests"]).filter(({ isSource }) => isSource);
  const entries = [
    // an entry of its own, so that it is never inside a test's bundle and takes that for the program that was started
    ...(hasPath("mod.ts") ? [{ in: "mod.ts", out: "mod" }] : []),
    ...files.map((path) => ({ in: path, out: path.slice(0, -3) })),
    ...programs.map(({ path, outputName }) => ({ in: path, out: outputName })),
  ];
  await build({
    absWorkingDir: ROOT,
    entryPoints: entries,
    outdir: OUTPUT,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "linked",
    keepNames: true,
    logLevel: "warning",
    plugins: [
      resolveOwnNames(),
      // the bundle is for this machine only, so absolute addresses do
      rewriteCompanions(({ path, outputName, isSource }) => {
        const file = inRepository(...(isSource ? [OUTPUT, `${outputName}.js`] : [path]));
        return `new URL(${JSON.stringify(pathToFileURL(file).href)})`;
      }),
    ],
  });
  await bundleProgram(PROGRAM);
}
