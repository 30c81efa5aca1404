/**
 * What went into a bundle: files of the tool and of its packages, and nothing else of this machine.
 *
 * @module
 */
import { isObject } from "../../../../kernel/mod.ts";
import type { Diagnostic } from "../compiler.ts";

/** Where the files of a bundle may lie, as esbuild sees it. */
interface Roots {
  /** Folder of the tool. */
  readonly tool: string;
  /** Folder of its packages. */
  readonly packages: string | undefined;
}

/** What is known of the inputs of a bundle. */
export interface Inputs {
  /** What must not have been imported. */
  readonly foreign: readonly Diagnostic[];
  /** How esbuild writes the folder of the packages, seen from the tool: with `/` at its end. */
  readonly packagesPrefix: string | undefined;
}

/**
 * Reads the metafile of esbuild, with absolute paths.
 *
 * @param packages Folder of the packages of the tool, absolute.
 * @throws {Error} when it is no such file.
 */
export function readInputs(metafile: string, packages: string | undefined): Inputs {
  const { inputs, outputs } = JSON.parse(metafile) as Record<string, unknown>;
  const [output] = isObject(outputs) ? Object.values(outputs) : [];
  const entry = isObject(output) ? output["entryPoint"] : undefined;
  if (!isObject(inputs) || typeof entry !== "string") throw new Error("esbuild has not said what it bundled");
  const roots: Roots = { tool: entry.slice(0, entry.lastIndexOf("/")), packages };
  const foreign = Object.keys(inputs).filter((path) => !isOurs(path, roots));
  return {
    foreign: foreign.map((path) => describeForeign(path, inputs, roots)),
    packagesPrefix: packages === undefined ? undefined : `${relativePath(roots.tool, packages)}/`,
  };
}

function isOurs(path: string, { tool, packages }: Roots): boolean {
  // modules that are empty, since a package says that browsers have none
  const plain = path.replace(/^\(disabled\):/, "");
  return [tool, packages].some((root) => root !== undefined && plain.startsWith(`${root}/`));
}

function describeForeign(path: string, inputs: Record<string, unknown>, roots: Roots): Diagnostic {
  for (const [importer, input] of Object.entries(inputs)) {
    const imports = isObject(input) && Array.isArray(input["imports"]) ? input["imports"].filter(isObject) : [];
    const found = imports.find((it) => it["path"] === path);
    if (found === undefined || !isOurs(importer, roots)) continue;
    const file = importer.startsWith(`${roots.tool}/`) && importer.slice(roots.tool.length + 1);
    return {
      severity: "error",
      ...(file !== false && { file }),
      message: foreignMessage(String(found["original"] ?? "a file")),
    };
  }
  return { severity: "error", message: foreignMessage("a file") };
}

/** Says that a file is none of the tool. */
export function foreignMessage(specifier: string): string {
  return `cannot import "${specifier}": it lies outside of the tool; pass it in "files", or name its package in "dependencies"`;
}

function relativePath(from: string, to: string): string {
  const [above, below] = [from, to].map((path) => path.split("/").filter((part) => part !== ""));
  let shared = 0;
  while (shared < above!.length && above![shared] === below![shared]) shared++;
  return [...above!.slice(shared).map(() => ".."), ...below!.slice(shared)].join("/");
}
