/**
 * Builds what the npm package ships, into `dist/`: `mod.js`, `testing.js` and `skills.js` with chunks that load when
 * they are used, `edge.js` for runtimes without Node's modules, and the declarations.
 *
 * Nothing is minified: source maps are not shipped, and a stack trace must be readable without them. The
 * output is written beside the old one and swapped in, so a failed build changes nothing.
 *
 * @module
 */
import { build, type BuildOptions, type Metafile, type OutputFile, stop } from "esbuild";
import { chmod, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { findCompanions, rewriteCompanions } from "./lib/companions.ts";
import { writeDeclarations } from "./lib/declarations.ts";
import { runMain } from "./lib/main.ts";
import { findNodeImports, listExternals } from "./lib/metafile.ts";
import { collectNotices } from "./lib/notices.ts";
import { resolveOwnNames } from "./lib/own_names.ts";
import { hasPath, inRepository, print, readDenoManifest, readPackageManifest, ROOT } from "./lib/repository.ts";
import { hasPackages } from "./lib/run.ts";
import { smokeTest } from "./smoke.ts";

/** Packages that ship machine code, and so cannot be inside the bundle. */
const NATIVE: readonly string[] = ["esbuild", "libsql"];
const PRODUCT: readonly string[] = ["mod.ts", "kernel", "plugins"];
const STAGING = inRepository(".build", "dist");
const METAFILES = inRepository(".build", "metafiles");
const SHEBANG = "#!/usr/bin/env node\n";
/** CommonJS packages in the bundle may call `require` for a builtin, which a module does not have. */
const REQUIRE = 'import { createRequire as createRequire__ } from "node:module";\n' +
  "const require = createRequire__(import.meta.url);\n";

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  target: "node20",
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  write: false,
  logLevel: "warning",
  outdir: STAGING,
} as const satisfies BuildOptions;

/** Lists the entries that deno.json exports, named by what they are exported as: `.` is `mod`, `./skills` is `skills`. */
function listEntries(): { in: string; out: string }[] {
  return Object.entries(readDenoManifest().exports)
    .map(([name, target]) => ({ in: target.replace("./", ""), out: name === "." ? "mod" : name.replace("./", "") }))
    .filter((entry) => hasPath(entry.in));
}

/** Writes bundled files, with what a chunk needs at its head. */
async function writeOutputs(outputs: readonly OutputFile[]): Promise<void> {
  for (const { path, text } of outputs) {
    const isProgram = basename(path) === "mod.js";
    const body = text.startsWith("#!") ? text.slice(text.indexOf("\n") + 1) : text;
    const head = (isProgram ? SHEBANG : "") + (/\btypeof require\b/.test(body) ? REQUIRE : "");
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, head + body);
    if (isProgram) await chmod(path, 0o755);
  }
}

async function bundleForNode(): Promise<Metafile> {
  const companions = findCompanions(PRODUCT);
  const result = await build({
    ...COMMON,
    entryPoints: [
      ...listEntries().filter(({ out }) => out !== "edge"),
      ...companions.filter(({ isSource }) => isSource).map(({ path, outputName }) => ({ in: path, out: outputName })),
    ],
    splitting: true,
    // chunks lie beside the entries, so that addresses relative to a chunk are relative to dist/
    chunkNames: "[name]-[hash]",
    platform: "node",
    external: [...NATIVE],
    plugins: [
      resolveOwnNames(),
      rewriteCompanions(({ path, outputName, isSource }) => {
        const address = isSource ? `./${outputName}.js` : isShipped(path) ? `../${path}` : `./assets/${outputName}`;
        return `new URL(${JSON.stringify(address)}, import.meta.url)`;
      }),
    ],
  });
  await writeOutputs(result.outputFiles);
  for (const { path, outputName, isSource } of companions) {
    if (!isSource && !isShipped(path)) {
      await cp(inRepository(path), join(STAGING, "assets", outputName), { recursive: true });
    }
  }
  return result.metafile;
}

/** Tells whether a path lies beside `dist/` in the package. */
function isShipped(path: string): boolean {
  return path.startsWith("skills/");
}

/** Bundles the entry for edge runtimes; no `node:` import may remain, so none is left out of the bundle in silence. */
async function bundleForEdge(): Promise<Metafile | undefined> {
  const entry = listEntries().find(({ out }) => out === "edge");
  if (entry === undefined) return undefined;
  const result = await build({
    ...COMMON,
    target: "es2023",
    entryPoints: [entry],
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", ...NATIVE],
    plugins: [resolveOwnNames()],
  });
  const found = findNodeImports(result.metafile, entry.in);
  if (found.length > 0) {
    throw new Error(`Cannot build for edge runtimes: modules of Node are imported\n${found.join("\n")}`);
  }
  await writeOutputs(result.outputFiles);
  return result.metafile;
}

/** Fails when the bundle imports a package that the npm package does not depend on. */
function checkExternals(metafile: Metafile): void {
  const { dependencies = {}, optionalDependencies = {} } = readPackageManifest();
  const absent = listExternals(metafile).filter((name) => !(name in dependencies) && !(name in optionalDependencies));
  if (absent.length > 0) {
    throw new Error(`Cannot ship the bundle: package.json does not list "${absent.join('", "')}" as a dependency`);
  }
}

async function main(): Promise<void> {
  if (!hasPath("mod.ts")) throw new Error('Cannot build: there is no "mod.ts"');
  if (!hasPackages()) throw new Error('Cannot build: the packages are not installed; run "npm ci"');
  await rm(STAGING, { recursive: true, force: true });
  await mkdir(METAFILES, { recursive: true });
  const node = await bundleForNode();
  const edge = await bundleForEdge();
  await writeFile(join(METAFILES, "node.json"), JSON.stringify(node));
  if (edge !== undefined) await writeFile(join(METAFILES, "edge.json"), JSON.stringify(edge));
  checkExternals(node);
  await writeFile(
    join(STAGING, "THIRD_PARTY_NOTICES.txt"),
    collectNotices([node, ...(edge === undefined ? [] : [edge])]),
  );
  await writeDeclarations(listEntries().map((entry) => entry.in), join(STAGING, "types"));

  const dist = inRepository("dist");
  await rm(dist, { recursive: true, force: true });
  await rename(STAGING, dist);
  for (const { out } of listEntries()) {
    const output = [node, edge].flatMap((metafile) => Object.entries(metafile?.outputs ?? {}))
      .find(([path]) => relative(STAGING, inRepository(path)) === `${out}.js`);
    if (output !== undefined) print(`dist/${out}.js  ${Math.ceil(output[1].bytes / 1024)} KiB`);
  }
  print(await smokeTest());
}

await runMain(() => main().finally(stop));
