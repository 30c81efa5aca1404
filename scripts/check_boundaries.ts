/**
 * Checks the arrows of import; `lib/boundaries.ts` has the rules.
 *
 * @module
 */
import process from "node:process";
import { findOffences } from "./lib/boundaries.ts";
import { runMain } from "./lib/main.ts";
import { listImports } from "./lib/module_graph.ts";
import { listFiles, print, readPackageManifest } from "./lib/repository.ts";

async function main(): Promise<void> {
  const files = ["mod.ts", "kernel", "plugins"].flatMap((folder) => listFiles(folder, ".ts"));
  const { dependencies = {}, optionalDependencies = {} } = readPackageManifest();
  const packages = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
  const offences = findOffences(await listImports(files), packages);
  for (const offence of offences) print(offence);
  print(`${files.length} files, ${offences.length} imports across a boundary`);
  if (offences.length > 0) process.exitCode = 1;
}

await runMain(main);
