/**
 * Our own package names (`collet`, `collet/testing`) inside the repository: they mean the source, as deno.json says.
 *
 * @module
 */
import type { Plugin } from "esbuild";
import { inRepository, readDenoManifest } from "./repository.ts";

/** Lets esbuild resolve the names that deno.json maps to files of the repository. */
export function resolveOwnNames(): Plugin {
  const own = Object.entries(readDenoManifest().imports).filter(([, target]) => target.startsWith("./"));
  const paths = new Map(own.map(([name, target]) => [name, inRepository(target)]));
  return {
    name: "own-names",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path }) => {
        const found = paths.get(path);
        return found === undefined ? undefined : { path: found };
      });
    },
  };
}
