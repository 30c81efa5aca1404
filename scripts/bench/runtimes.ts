/**
 * The runtimes that are measured, and what has to be built for them.
 *
 * @module
 */
import { build } from "esbuild";
import { basename } from "node:path";
import process from "node:process";
import { findNode } from "../lib/nodes.ts";
import { hasPath, inRepository, ROOT } from "../lib/repository.ts";
import { run } from "../lib/run.ts";
import type { RuntimeName } from "./options.ts";
import type { Command } from "./processes.ts";
import { RIVALS, type Runtime } from "./subjects.ts";

/** What is there to measure with. */
export interface Prepared {
  readonly runtimes: readonly Runtime[];
  /** Starts the process that makes the load: on Node where there is one, which costs least. */
  readonly loadCommand: Command;
  /** Runtimes that are not measured, and why. */
  readonly notes: readonly string[];
}

const FOLDER = "scripts/bench";
/** CommonJS packages in a bundle may call `require` for a builtin, which a module does not have. */
const REQUIRE = 'import { createRequire as createRequire__ } from "node:module";\n' +
  "const require = createRequire__(import.meta.url);";

/**
 * Finds the runtimes; for Node, bundles what is measured beside the program as Collet is bundled.
 *
 * @param output Folder for the bundles.
 * @throws {Error} when none of the wanted runtimes can be measured.
 */
export async function prepareRuntimes(wanted: readonly RuntimeName[], output: string): Promise<Prepared> {
  const deno: Runtime = {
    name: "deno",
    version: `Deno ${await versionOf("deno", /deno (\S+)/)}`,
    binary: denoBinary(),
  };
  const node = await prepareNode(output);
  const notes: string[] = [];
  const runtimes: Runtime[] = wanted.includes("deno") ? [deno] : [];
  if (wanted.includes("node")) {
    if ("missing" in node) notes.push(`Node was not measured: ${node.missing}`);
    else if (!hasPath("dist/mod.js")) notes.push('Node was not measured: there is no "dist/mod.js"; run the build');
    else runtimes.push(node);
  }
  if (runtimes.length === 0) throw new Error(`Cannot measure anything: ${notes.join("; ")}`);
  const loadCommand: Command = "missing" in node
    ? [deno.binary, "run", "-A", inRepository(FOLDER, "load.ts")]
    : [node.binary, `${output}/load.js`];
  return { runtimes, loadCommand, notes };
}

async function prepareNode(output: string): Promise<Runtime | { missing: string }> {
  const found = await findNode("path");
  if ("missing" in found) return found;
  const entries = [...Object.keys(RIVALS).map((name) => `servers/${name}`), "skills/own_library", "load"];
  await build({
    absWorkingDir: ROOT,
    entryPoints: entries.map((entry) => ({ in: `${FOLDER}/${entry}.ts`, out: basename(entry) })),
    outdir: output,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    keepNames: true,
    banner: { js: REQUIRE },
    logLevel: "warning",
  });
  return {
    name: "node",
    version: `Node ${await versionOf(found.binary, /v(\S+)/)}`,
    binary: found.binary,
    bundles: output,
  };
}

/** Gives the Deno that runs this, where it is one. */
export function denoBinary(): string {
  return "Deno" in globalThis ? process.execPath : "deno";
}

async function versionOf(binary: string, pattern: RegExp): Promise<string> {
  const { output } = await run([binary, "--version"], { timeoutMs: 60_000 });
  return pattern.exec(output)?.[1] ?? "of an unknown version";
}
