/**
 * Finds compilers that are installed on this machine, wherever they lie.
 *
 * @module
 */
import type { Environment, Files } from "../../../kernel/mod.ts";
import { isBelow, type Mount } from "../../sandbox/contract.ts";

/** Where programs are looked for beside PATH. */
const FOLDERS: readonly string[] = ["/usr/bin", "/usr/local/bin"];
/** What every confined command sees. */
const SYSTEM: readonly string[] = ["/usr", "/bin", "/sbin", "/lib", "/opt", "/nix", "/gnu"];
/** Where a compiler that lies elsewhere is seen, if mounts can be moved. */
const TOOLCHAIN_INSIDE = "/toolchain";

/** A program that is there. */
export interface InstalledProgram {
  /** Absolute, without links unless names are kept. */
  readonly path: string;
  /** Another text whenever the program is replaced. */
  readonly fingerprint: string;
}

/** What programs are looked for with. */
export interface SearchOptions {
  readonly files: Files;
  readonly environment: Pick<Environment, "os" | "variable">;
  /** Folders that come before those of PATH; none by default. */
  readonly first?: readonly string[];
  /** Whether paths stay as they were found, for programs that heed what they are called; `false` by default. */
  readonly keepsNames?: boolean;
}

/** Finds all programs that go by one of some names: by folder, each once. */
export async function findInstalled(
  names: readonly string[],
  { files, environment, first = [], keepsNames = false }: SearchOptions,
): Promise<readonly InstalledProgram[]> {
  const isWindows = environment.os === "windows";
  const searched = (environment.variable("PATH") ?? "").split(isWindows ? ";" : ":");
  const found = new Map<string, InstalledProgram>();
  for (const folder of new Set([...first, ...searched, ...FOLDERS])) {
    if (!/^(?:\/|[A-Za-z]:)/.test(folder)) continue;
    for (const name of names) {
      const asked = `${folder}/${name}${isWindows ? ".exe" : ""}`;
      const real = realPathOf(files, asked);
      if (real === undefined || found.has(real)) continue;
      const stat = await files.open(folderOf(real)).stat(nameOf(real)).catch(() => undefined);
      if (stat?.kind !== "file") continue;
      found.set(real, { path: keepsNames ? asked : real, fingerprint: stat.fingerprint });
    }
  }
  return [...found.values()];
}

/**
 * Gives what a compiler consists of, as a confined command has to see it: folders beside that of the program, where the
 * program is not one of the system.
 *
 * @param program Absolute, in a folder `bin`.
 * @param folders Names of the folders, beside each other; those that are there count.
 */
export async function mountsOf(
  files: Files,
  program: string,
  folders: readonly string[],
): Promise<readonly Mount[]> {
  if (SYSTEM.some((folder) => isBelow(program, folder)) || nameOf(folderOf(program)) !== "bin") return [];
  const root = folderOf(folderOf(program));
  const folder = files.open(root);
  const there = await Promise.all(folders.map((name) => folder.stat(name)));
  return folders.filter((_, index) => there[index] !== undefined)
    .map((name) => ({ from: `${root}/${name}`, to: `${TOOLCHAIN_INSIDE}/${name}` }));
}

/** Gives the last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Gives the folder that a path lies in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function realPathOf(files: Files, path: string): string | undefined {
  try {
    return files.open(path).path.replaceAll("\\", "/");
  } catch {
    return undefined;
  }
}
