/**
 * Questions about a bundle, answered from esbuild's metafile.
 *
 * @module
 */
import type { Metafile } from "esbuild";
import { isBuiltin } from "node:module";

/** Lists the packages that a bundle leaves out and imports when it runs, sorted. */
export function listExternals(metafile: Metafile): string[] {
  const paths = Object.values(metafile.outputs).flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && !isBuiltin(path))
    .map(({ path }) => path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/"));
  return [...new Set(paths)].sort();
}

/**
 * Finds the modules of Node that a bundle imports, each with the shortest chain of files from the entry to it.
 *
 * @param metafile The bundle.
 * @param entry The entry as the metafile names it.
 */
export function findNodeImports(metafile: Metafile, entry: string): string[] {
  const from = new Map<string, string | undefined>([[entry, undefined]]);
  const found: string[] = [];
  for (const file of from.keys()) { // a map visits what is added while it is walked
    for (const { path } of metafile.inputs[file]?.imports ?? []) {
      if (from.has(path)) continue;
      from.set(path, file);
      if (isBuiltin(path)) found.push(chainTo(path, from));
    }
  }
  return found;
}

function chainTo(path: string, from: ReadonlyMap<string, string | undefined>): string {
  const chain: string[] = [];
  for (let at: string | undefined = path; at !== undefined; at = from.get(at)) chain.unshift(at);
  return chain.join(" -> ");
}

/**
 * Adds up the bytes that load with an output: its own and those of every chunk it imports without being asked.
 *
 * @param output Path of the output as the metafile names it.
 */
export function eagerBytes(metafile: Metafile, output: string): number {
  const loaded = new Set([output]);
  let bytes = 0;
  for (const path of loaded) {
    const found = metafile.outputs[path];
    if (found === undefined) continue;
    bytes += found.bytes;
    for (const { kind, path: imported } of found.imports) if (kind === "import-statement") loaded.add(imported);
  }
  return bytes;
}
