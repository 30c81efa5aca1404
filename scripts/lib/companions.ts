/**
 * Files that source code names by `new URL("./file", import.meta.url)`: workers, programs that a process starts,
 * pages, data. In a bundle `import.meta.url` is that of a chunk, so the address is rewritten to where the build puts
 * the file: TypeScript becomes an entry of its own, everything else is copied, and what ships beside the bundle
 * (`skills/`) is addressed there.
 *
 * @module
 */
import type { Plugin } from "esbuild";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { listFiles, readText, ROOT } from "./repository.ts";

const COMPANION_REGEXP = /new URL\(\s*(["'])(\.{1,2}\/[^"']*)\1,\s*import\.meta\.url,?\s*\)/g;

/** One file that source code addresses. */
export interface Companion {
  /** Path from the repository's root, with `/`; a folder ends in `/`. */
  readonly path: string;
  /** Name of its own in a flat output folder; that of a folder ends in `/`. */
  readonly outputName: string;
  /** Whether it has to be compiled. */
  readonly isSource: boolean;
}

/** Gives the companion that a file at `importer` (absolute) means by a relative address. */
export function resolveCompanion(importer: string, address: string): Companion {
  const isFolder = address.endsWith("/");
  const path = relative(ROOT, resolve(dirname(importer), address)).replaceAll("\\", "/") + (isFolder ? "/" : "");
  const isSource = path.endsWith(".ts");
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 8);
  const name = basename(path);
  const outputName = isSource ? `${name.slice(0, -3)}-${digest}` : `${digest}-${name}${isFolder ? "/" : ""}`;
  return { path, outputName, isSource };
}

/** Lists what the sources below some folders address, each once. */
export function findCompanions(folders: readonly string[]): Companion[] {
  const found = new Map<string, Companion>();
  for (const file of folders.flatMap((folder) => listFiles(folder, ".ts"))) {
    for (const [, , address = ""] of readText(file).matchAll(COMPANION_REGEXP)) {
      const companion = resolveCompanion(resolve(ROOT, file), address);
      found.set(companion.path, companion);
    }
  }
  return [...found.values()];
}

/**
 * Rewrites the addresses of companions while esbuild loads our sources.
 *
 * @param expressionFor Gives the JavaScript expression, of type `URL`, that a bundle uses in place of the address.
 */
export function rewriteCompanions(expressionFor: (companion: Companion) => string): Plugin {
  return {
    name: "companions",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes("node_modules")) return undefined;
        const text = await readFile(path, "utf8");
        const contents = text.replace(
          COMPANION_REGEXP,
          (_match, _quote, address: string) => expressionFor(resolveCompanion(path, address)),
        );
        return { contents, loader: "ts" };
      });
    },
  };
}
