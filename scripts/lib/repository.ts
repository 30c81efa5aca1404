/**
 * The repository as scripts see it: its root, its files, its two manifests.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Folders that hold nothing a person wrote. */
const GENERATED: ReadonlySet<string> = new Set([".build", ".git", "dist", "node_modules"]);

/** What the scripts use of package.json. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What the scripts use of deno.json. */
export interface DenoManifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/**
 * Finds the root of the repository: the nearest folder, from this module upwards, that has a deno.json. So it is
 * found from the source and from a bundle in `.build` alike.
 *
 * @throws {Error} when there is none.
 */
export function findRoot(): string {
  let folder = fileURLToPath(new URL(".", import.meta.url));
  while (!existsSync(join(folder, "deno.json"))) {
    const parent = resolve(folder, "..");
    if (parent === folder) throw new Error(`Cannot find the repository: no folder above "${folder}" has a deno.json`);
    folder = parent;
  }
  return folder;
}

/** Absolute path of the repository's root. */
export const ROOT: string = findRoot();

/** Makes a path of the repository absolute. */
export function inRepository(...parts: readonly string[]): string {
  return join(ROOT, ...parts);
}

/** Tells whether the repository has this file or folder. */
export function hasPath(path: string): boolean {
  return existsSync(inRepository(path));
}

/** Reads a text file of the repository. */
export function readText(path: string): string {
  return readFileSync(inRepository(path), "utf8");
}

/** Reads package.json. */
export function readPackageManifest(): PackageManifest {
  return JSON.parse(readText("package.json"));
}

/** Reads deno.json. */
export function readDenoManifest(): DenoManifest {
  return JSON.parse(readText("deno.json"));
}

/**
 * Lists the files below a folder of the repository that a person wrote, sorted, as paths from the root with `/`.
 * A folder that is absent has none.
 *
 * @param folder Path from the root; `.` is the whole repository, and a file is itself.
 * @param ending What the names end in; everything by default.
 */
export function listFiles(folder: string, ending = ""): string[] {
  if (!hasPath(folder)) return [];
  if (statSync(inRepository(folder)).isFile()) return [folder];
  const found: string[] = [];
  const pending = [inRepository(folder)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (!GENERATED.has(entry.name)) pending.push(path);
      } else if (entry.isFile() && entry.name.endsWith(ending)) {
        found.push(relative(ROOT, path).replaceAll("\\", "/"));
      }
    }
  }
  return found.sort();
}

/** Prints a line for whoever started the script. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
