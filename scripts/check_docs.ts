/**
 * Checks that nothing public is undocumented: each published entry, and what each plugin offers.
 *
 * @module
 */
import process from "node:process";
import { runMain } from "./lib/main.ts";
import { hasPath, inRepository, listFiles, print, readDenoManifest } from "./lib/repository.ts";
import { run } from "./lib/run.ts";
import { findUndescribed, findUndocumented } from "./lib/undocumented.ts";

const PLUGIN_ENTRY_REGEXP = /^plugins\/[^/]+\/(mod|contract)\.ts$/;

async function main(): Promise<void> {
  const published = Object.values(readDenoManifest().exports).map((path) => path.replace("./", "")).filter(hasPath);
  const plugins = listFiles("plugins", ".ts").filter((path) => PLUGIN_ENTRY_REGEXP.test(path));
  const found = new Set(findUndescribed(["mod.ts", "kernel", "plugins"].flatMap((path) => listFiles(path, ".ts"))));
  const entries = [...published, ...plugins];
  for (const entry of entries) {
    const { code, stdout, output } = await run(["deno", "doc", "--json", inRepository(entry)]);
    if (code !== 0) {
      found.add(`${entry} cannot be read: ${output.trim().split("\n")[0]}`);
      continue;
    }
    for (const line of findUndocumented(JSON.parse(stdout))) found.add(line);
  }
  for (const line of [...found].sort()) print(line);
  print(`${entries.length} public modules, ${found.size} without a description`);
  if (found.size > 0) process.exitCode = 1;
}

await runMain(main);
