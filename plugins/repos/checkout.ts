/**
 * From the files of a commit to folders of skills.
 *
 * @module
 */
import { type Folder, sha256, ToolError } from "../../kernel/mod.ts";
import type { GitTree, TreeFile } from "../sharing/contract.ts";
import { parseSkill, SKILL_FILES } from "../skills/contract.ts";
import { plainText } from "../trust/contract.ts";
import { findSkillFolders, isManifest, readPointers } from "./layout.ts";
import type { LockedSkill } from "./lock_file.ts";
import { type CheckoutLimits, type LeftOut, takeFiles, takeSkills } from "./taking.ts";

export type { CheckoutLimits, LeftOut } from "./taking.ts";

/** A skill of a repository. */
export interface RepositorySkill {
  readonly name: string;
  /** Its folder in the repository, `""` for the root. */
  readonly path: string;
  /** SHA-256 of its files, as 64 hexadecimal digits. */
  readonly digest: string;
}

/** The skills of a commit, as they are on this machine. */
export interface Checkout {
  readonly commit: string;
  readonly folder: Folder;
  /** By path. */
  readonly skills: readonly RepositorySkill[];
  readonly leftOut: readonly LeftOut[];
}

/** How a checkout is written. */
export interface CheckoutOptions {
  /** Empty. */
  readonly folder: Folder;
  readonly limits: CheckoutLimits;
  /** Names a skill at the root that does not name itself. */
  readonly repository: string;
  /** Skills that are known, by path: those that are still the same are not read again. */
  readonly known?: ReadonlyMap<string, LockedSkill> | undefined;
  /** Skills that are taken, by path; all by default. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
}

const MOST_MANIFESTS = 200;
const MOST_MANIFEST_BYTES = 1024 * 1024;
/** Files that are left out and told one by one; of more it is told how many. */
const MOST_TOLD = 100;
/** Bytes of files that are read at once to compute their digests. */
const BATCH_BYTES = 16 * 1024 * 1024;
const SMALL_BYTES = 65_536;

/**
 * Writes the folders of skills of a commit, and nothing else of it.
 *
 * @throws {ToolError} when no skill can be taken, saying why.
 */
export async function writeCheckout(tree: GitTree, options: CheckoutOptions): Promise<Checkout> {
  const { folder, limits, only, signal } = options;
  const leftOut: LeftOut[] = [];
  const pointers = await readManifests(tree);
  const found = findSkillFolders(tree.files.map(({ path }) => path), pointers)
    .filter((path) => only === undefined || only.has(path));
  if (found.length === 0) {
    throw new ToolError(
      `there is no folder with a "${SKILL_FILES[0]}" in it, at its root or below: it holds no skills`,
    );
  }
  const files = takeFiles(tree.files, { folders: new Set(found), limits, leftOut });
  const skills = takeSkills(found, { files, limits, leftOut });
  if (skills.size === 0) {
    throw new ToolError(
      `none of its ${found.length} skills can be taken: ${
        leftOut.slice(0, 5).map(({ path, reason }) => plainText(`${JSON.stringify(path)}: ${reason}`)).join("; ")
      }`,
    );
  }
  const wanted = new Map([...skills.values()].flat().map((file) => [file.path, file]));
  await tree.write(wanted, folder);
  const digests = await digestFiles(folder, wanted, signal);
  const digested = await digestSkills(skills, { digests, ...options });
  return { commit: tree.origin.commit, folder, skills: digested, leftOut: shorten(leftOut) };
}

async function readManifests(tree: GitTree): Promise<readonly string[]> {
  const manifests = tree.files.filter(({ path, size, oddity }) => {
    return oddity === undefined && size <= MOST_MANIFEST_BYTES && isManifest(path);
  }).slice(0, MOST_MANIFESTS);
  const read = await tree.read(manifests);
  return [...read].flatMap(([path, bytes]) => readPointers(path, new TextDecoder().decode(bytes)));
}

/** Computes the digests of files that were just written, by path. */
async function digestFiles(
  folder: Folder,
  files: ReadonlyMap<string, TreeFile>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const batch of batchesOf([...files.values()])) {
    signal.throwIfAborted();
    const read = await folder.readMany(batch.map(({ path }) => path), { mostBytes: SMALL_BYTES });
    for (const [i, { path, size }] of batch.entries()) {
      const bytes = read[i] ?? await folder.readBytes(path);
      if (bytes?.length !== size) throw new ToolError(`its file ${JSON.stringify(path)} could not be written`);
      digests.set(path, await sha256(bytes));
    }
  }
  return digests;
}

function* batchesOf(files: readonly TreeFile[]): Iterable<readonly TreeFile[]> {
  let batch: TreeFile[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    bytes += Math.min(file.size, SMALL_BYTES);
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function digestSkills(
  skills: ReadonlyMap<string, readonly TreeFile[]>,
  options: CheckoutOptions & { readonly digests: ReadonlyMap<string, string> },
): Promise<readonly RepositorySkill[]> {
  const { digests, folder, known, repository, signal } = options;
  const all: RepositorySkill[] = [];
  for (const [path, files] of skills) {
    signal.throwIfAborted();
    const digest = await digestSkill(path, { files, digests });
    const before = known?.get(path);
    const name = before?.digest === digest ? before.name : await nameSkill(folder, path) ?? lastPart(path, repository);
    all.push({ name, path, digest });
  }
  return all;
}

/** Computes the digest of a skill: over the paths of its files, whether each may be executed, and their digests. */
async function digestSkill(
  path: string,
  { files, digests }: { readonly files: readonly TreeFile[]; readonly digests: ReadonlyMap<string, string> },
): Promise<string> {
  const start = path === "" ? 0 : path.length + 1;
  const lines = files.map((file) => {
    return JSON.stringify([file.path.slice(start), file.isExecutable === true, digests.get(file.path)]);
  });
  return await sha256(lines.sort().join("\n"));
}

/** Reads how a skill names itself; what is wrong in it is for those who load it to say. */
async function nameSkill(folder: Folder, path: string): Promise<string | undefined> {
  return (await parseSkill(folder.at(path))).metadata?.name;
}

function lastPart(path: string, repository: string): string {
  return path === "" ? repository : path.slice(path.lastIndexOf("/") + 1);
}

function shorten(leftOut: readonly LeftOut[]): readonly LeftOut[] {
  if (leftOut.length <= MOST_TOLD) return leftOut;
  const more = leftOut.length - MOST_TOLD;
  return [...leftOut.slice(0, MOST_TOLD), { path: "", reason: `${more} more files and skills are left out` }];
}
