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
import { stop } from "esbuild";
import process from "node:process";
import { parseArgs } from "node:util";
import { bundleTests, nodeTestCommand } from "./lib/bundled_tests.ts";
import { runMain } from "./lib/main.ts";
import { findNode } from "./lib/nodes.ts";
import { listFiles, print } from "./lib/repository.ts";
import { hasPackages, run } from "./lib/run.ts";

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
  await bundleTests(files);
  for (const version of values.node) {
    const node = await findNode(version);
    if ("missing" in node) {
      print(node.missing);
      process.exitCode = 1;
      continue;
    }
    const { line, env } = nodeTestCommand(files, { binary: node.binary, atOnce: 2, testMs: timeoutMs });
    const finished = await run(line, { env, ...(timeoutMs !== undefined && { timeoutMs }) });
    print(finished.output.trimEnd());
    if (finished.code !== 0) process.exitCode = 1;
  }
}

await runMain(() => main().finally(stop));
