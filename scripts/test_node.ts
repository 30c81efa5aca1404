/**
 * Runs the tests on Node: every `tests/**\/*_test.ts` is bundled, then given to Node's test runner.
 *
 * ```sh
 * deno run -A scripts/test_node.ts                              # the Node on the path
 * deno run -A scripts/test_node.ts --node 22 --node 24 kernel/  # other versions; files whose path has "kernel/"
 * ```
 *
 * @module
 */
import { build, stop } from "esbuild";
import { rmSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { findCompanions, rewriteCompanions } from "./lib/companions.ts";
import { runMain } from "./lib/main.ts";
import { findNode } from "./lib/nodes.ts";
import { resolveOwnNames } from "./lib/own_names.ts";
import { hasPath, inRepository, listFiles, print, ROOT } from "./lib/repository.ts";
import { hasPackages, run } from "./lib/run.ts";

/** Each run has a folder of its own, so that two at a time do not take each other's files away. */
const OUTPUT = `.build/tests/${process.pid}`;

/** Time limit of one test, in milliseconds. */
const TEST_MS = 180_000;

/** Bundles test files, with what they start and read, and gives the paths of the bundles. */
async function bundle(files: readonly string[]): Promise<string[]> {
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
  return files.map((path) => inRepository(OUTPUT, `${path.slice(0, -3)}.js`));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      node: { type: "string", multiple: true, default: ["path"] },
      // files whose path has this are left out
      except: { type: "string", multiple: true, default: [] },
      // seconds for all tests of a version; a single test has 180 unless this is given
      timeout: { type: "string" },
    },
    allowPositionals: true,
  });
  const timeoutMs = values.timeout === undefined ? undefined : Number(values.timeout) * 1_000;
  const files = listFiles("tests", "_test.ts").filter((path) =>
    (positionals.length === 0 || positionals.some((part) => path.includes(part))) &&
    !values.except.some((part) => path.includes(part))
  );
  if (files.length === 0) throw new Error("Cannot run tests: no test file matches");
  if (!hasPackages()) throw new Error('Cannot run tests: the packages are not installed; run "npm ci"');
  const bundles = await bundle(files);
  for (const version of values.node) {
    const node = await findNode(version);
    if ("missing" in node) {
      print(node.missing);
      process.exitCode = 1;
      continue;
    }
    const flags = [
      "--enable-source-maps",
      "--test",
      "--test-reporter=spec",
      "--test-concurrency=2",
      `--test-timeout=${timeoutMs ?? TEST_MS}`,
    ];
    const finished = await run([node.binary, ...flags, ...bundles], {
      env: { NODE_OPTIONS: "" },
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    print(finished.output.trimEnd());
    if (finished.code !== 0) process.exitCode = 1;
  }
}

process.on("exit", () => rmSync(inRepository(OUTPUT), { recursive: true, force: true }));
await runMain(() => main().finally(stop));
