/**
 * The files of a skill, without those that tools installed into it.
 *
 * @module
 */
import type { FileStat, Folder, FolderEntry } from "../../../kernel/mod.ts";
import { pathIn } from "../discovery/rules.ts";

/** Folders that hold what was installed, fetched or compiled, at any level. */
const INSTALLED: ReadonlySet<string> = new Set([
  ...["node_modules", "bower_components", ".venv", "venv", "__pycache__", "__pypackages__", "site-packages"],
  ...[".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"],
  ...[".git", ".hg", ".svn"],
]);
/** A virtual environment of Python, whatever its folder is called, has this file. */
const ENVIRONMENT_FILE = "pyvenv.cfg";
/** Most files and folders that are looked at. */
const MOST_ENTRIES = 20_000;

/** One file of a skill. */
export interface WalkedFile {
  /** Below the skill, `/` between parts. */
  readonly path: string;
  /** Whether it is a link, which was not followed. */
  readonly isLink: boolean;
  readonly stat: FileStat | undefined;
}

/** The files of a skill. */
export interface FileWalk {
  /** Sorted by path. */
  readonly files: readonly WalkedFile[];
  /** Folders that were not looked into. */
  readonly leftOut: readonly string[];
  /** Whether there is more than is looked at. */
  readonly isCut: boolean;
}

/** Lists the files of a skill, without following links. */
export async function walkFiles(folder: Folder): Promise<FileWalk> {
  const files: WalkedFile[] = [];
  const leftOut: string[] = [];
  let seen = 0;
  let level = ["."];
  while (level.length > 0 && seen < MOST_ENTRIES) {
    const below: string[] = [];
    const listed = await folder.listMany(level, { wish: () => "stat" });
    listed.forEach((entries, index) => {
      const parent = level[index]!;
      if (entries === undefined || (parent !== "." && isEnvironment(entries))) return void leftOut.push(parent);
      seen += entries.length;
      for (const { path: name, kind, stat } of entries) {
        const path = pathIn(parent, name);
        if (kind !== "folder") files.push({ path, isLink: kind === "link", stat });
        else if (isInstalled(name)) leftOut.push(path);
        else below.push(path);
      }
    });
    level = below;
  }
  files.sort((a, b) => a.path < b.path ? -1 : 1);
  return { files: files.slice(0, MOST_ENTRIES), leftOut: leftOut.sort(), isCut: seen >= MOST_ENTRIES };
}

/** Tells whether a folder of this name holds what was installed, fetched or compiled. */
export function isInstalled(name: string): boolean {
  return INSTALLED.has(name);
}

function isEnvironment(entries: readonly FolderEntry[]): boolean {
  return entries.some(({ path, kind }) => path === ENVIRONMENT_FILE && kind === "file");
}
