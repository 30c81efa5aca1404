/**
 * Which files of a commit are taken: those of skills that mean the same on every system, within limits. What is not taken
 * is told, and nothing else suffers from it.
 *
 * @module
 */
import { pathKey, pathProblem, type TreeFile } from "../sharing/contract.ts";
import { SKILL_FILES } from "../skills/contract.ts";

/** What of a repository is not taken. */
export interface LeftOut {
  /** Of a file, or of the folder of a skill. */
  readonly path: string;
  readonly reason: string;
}

/** How much of a commit may be written. */
export interface CheckoutLimits {
  readonly maxTotalBytes: number;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  readonly maxSkills: number;
}

/** Longest path and deepest folder within a repository that are taken. */
export const PATH_LIMITS = { max_path_characters: 400, max_path_depth: 24 } as const;

/** What is taken with. */
export interface Taking {
  readonly limits: CheckoutLimits;
  /** What is left out is added here. */
  readonly leftOut: LeftOut[];
}

/** Takes the files of skills that are safe everywhere; gives them by the folder of each skill that they are of. */
export function takeFiles(
  files: readonly TreeFile[],
  { folders, limits, leftOut }: Taking & { readonly folders: ReadonlySet<string> },
): ReadonlyMap<string, readonly TreeFile[]> {
  const taken = new Map<string, TreeFile[]>();
  const names = new Names();
  const sorted = files.map((file) => ({ file, owners: ownersOf(file.path, folders) }))
    .filter(({ owners }) => owners.length > 0)
    .sort(({ file: a }, { file: b }) => a.path < b.path ? -1 : 1);
  for (const { file, owners } of sorted) {
    const reason = problemOf(file, limits) ?? names.add(file.path);
    if (reason !== undefined) leftOut.push({ path: file.path, reason });
    else {
      for (const owner of owners) {
        const own = taken.get(owner);
        if (own === undefined) taken.set(owner, [file]);
        else own.push(file);
      }
    }
  }
  return taken;
}

/** Lists the folders of skills that a file is in: a skill may hold others. */
function ownersOf(path: string, folders: ReadonlySet<string>): readonly string[] {
  const owners: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const folder = path.slice(0, end);
    if (folders.has(folder)) owners.push(folder);
  }
  if (folders.has("")) owners.push("");
  return owners;
}

function problemOf({ path, size, oddity }: TreeFile, { maxFileBytes }: CheckoutLimits): string | undefined {
  if (oddity !== undefined) return `it is ${oddity}`;
  const problem = pathProblem(path, PATH_LIMITS);
  if (problem !== undefined) return problem;
  return size > maxFileBytes ? `it has ${size} bytes, at most ${maxFileBytes} are taken (max_file_bytes)` : undefined;
}

/** The files and folders that are taken, told apart as any file system would. */
class Names {
  /** As they were written first, by what is equal for all ways to write them. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  /** Adds a file, unless another is in its place or it is in that of another; then it says so. */
  add(path: string): string | undefined {
    const key = pathKey(path);
    const same = this.#files.get(key) ?? this.#folders.get(key);
    if (same !== undefined) return clash(path, same);
    const folders: (readonly [key: string, folder: string])[] = [];
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      const folderKey = pathKey(folder);
      const other = this.#files.get(folderKey) ?? this.#folders.get(folderKey);
      if (other === folder && this.#folders.has(folderKey)) break;
      if (other !== undefined) return clash(folder, other);
      folders.push([folderKey, folder]);
    }
    this.#files.set(key, path);
    for (const [folderKey, folder] of folders) this.#folders.set(folderKey, folder);
    return undefined;
  }
}

function clash(path: string, other: string): string {
  if (path === other) return "it is there twice";
  return `${JSON.stringify(path)} and ${
    JSON.stringify(other)
  } are one where letter case and Unicode forms do not count`;
}

/** Takes the skills whose own file is there, as long as they are within the limits. */
export function takeSkills(
  folders: readonly string[],
  { files, limits, leftOut }: Taking & { readonly files: ReadonlyMap<string, readonly TreeFile[]> },
): ReadonlyMap<string, readonly TreeFile[]> {
  const skills = new Map<string, readonly TreeFile[]>();
  const seen = new Set<TreeFile>();
  let bytes = 0;
  for (const folder of folders) {
    const own = files.get(folder) ?? [];
    const added = own.filter((file) => !seen.has(file));
    const size = added.reduce((sum, it) => sum + it.size, 0);
    const reason = !own.some(({ path }) => isSkillFile(path, folder))
      ? `its ${SKILL_FILES[0]} cannot be taken`
      : skills.size >= limits.maxSkills
      ? `at most ${limits.maxSkills} skills are taken (max_skills)`
      : seen.size + added.length > limits.maxFiles
      ? `with its ${added.length} files there are too many, at most ${limits.maxFiles} are taken (max_files)`
      : bytes + size > limits.maxTotalBytes
      ? `with its ${size} bytes there are too many, at most ${limits.maxTotalBytes} are taken (max_total_bytes)`
      : undefined;
    if (reason !== undefined) {
      leftOut.push({ path: folder, reason });
      continue;
    }
    skills.set(folder, own);
    for (const file of added) seen.add(file);
    bytes += size;
  }
  return skills;
}

function isSkillFile(path: string, folder: string): boolean {
  return SKILL_FILES.some((name) => path === pathIn(folder, name));
}

function pathIn(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
