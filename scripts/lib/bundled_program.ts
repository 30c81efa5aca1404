/**
 * The program as Node starts it in tests: a bundle for this machine only.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findCompanions, rewriteCompanions } from "./companions.ts";
import { resolveOwnNames } from "./own_names.ts";
import { inRepository } from "./repository.ts";

/** Bundles the program, and what it starts and reads, into a folder; gives the path of its main module. */
export async function bundleProgram(folder: string): Promise<string> {
  const { build, stop } = await import("esbuild");
  const companions = findCompanions(["mod.ts", "kernel", "plugins"]).filter(({ isSource }) => isSource);
  await build({
    entryPoints: [
      { in: inRepository("mod.ts"), out: "mod" },
      { in: inRepository("kernel", "testing.ts"), out: "testing" },
      ...companions.map(({ path, outputName }) => ({ in: inRepository(path), out: outputName })),
    ],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    keepNames: true,
    logLevel: "warning",
    plugins: [
      resolveOwnNames(),
      // the bundle is for this machine only, so absolute addresses do
      rewriteCompanions(({ path, outputName, isSource }) => {
        const file = isSource ? join(folder, `${outputName}.js`) : inRepository(path);
        return `new URL(${JSON.stringify(pathToFileURL(file).href)})`;
      }),
    ],
  });
  await stop();
  return join(folder, "mod.js");
}
