/**
 * What was looked at to read a skill: each path with a fingerprint, so that whoever looks again knows whether reading it
 * anew would give anything else.
 *
 * @module
 */
import { type FileStat, type Folder, type FolderEntry, messageOf } from "../../../kernel/mod.ts";
import { relativeTo } from "./real_paths.ts";
import { folderOf, lastPart, pathIn } from "./rules.ts";

/**
 * Paths below a skill with their fingerprints. That of what is absent is empty; that of what was written just before ends
 * in a `?`, since it may have been written once more within the same tick of the file system's clock.
 */
export type Looks = readonly (readonly [path: string, fingerprint: string])[];

/** The longest tick of a file system's clock, which is that of FAT. */
const TICK_MS = 2_000;

/** A skill whose folder was listed just now. */
export interface ListedSkill {
  /** Below the search path. */
  readonly path: string;
  readonly entries: readonly FolderEntry[];
}

/** Writes what is in a folder as a text. */
function namesOf(entries: readonly FolderEntry[]): string {
  return entries.map(({ path, kind }) => `${kind.slice(0, 2)} ${path}`).join("/");
}

/**
 * Tells the fingerprint of a path as far as the entries of its skill tell it: that of `.` is what is in the skill's own
 * folder; `undefined` when it has to be looked at.
 */
export function knownFingerprint(entries: readonly FolderEntry[], path: string): string | undefined {
  if (path === ".") return namesOf(entries);
  const first = path.split("/", 1)[0]!;
  const entry = entries.find((it) => it.path === first);
  if (entry === undefined) return "";
  return first === path && entry.kind !== "link" && entry.stat !== undefined ? fingerprintOf(entry.stat) : undefined;
}

function fingerprintOf({ fingerprint, modified }: FileStat): string {
  return Date.now() - modified.getTime() < TICK_MS ? `${fingerprint}?` : fingerprint;
}

/** Looks at a path; a link stands for itself and for what it leads to. Never throws. */
export async function fingerprintAt(folder: Folder, path: string): Promise<string> {
  try {
    const stat = await folder.stat(path);
    if (stat === undefined) return "";
    if (stat.kind !== "link") return fingerprintOf(stat);
    const target = await folder.stat(relativeTo(folder.path, await folder.resolve(path)));
    return `${stat.fingerprint} ${target === undefined ? "" : fingerprintOf(target)}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** What {@linkcode findStale} compares: a skill as it is now, and what was looked at before. */
export interface Comparison {
  readonly skill: ListedSkill;
  readonly looks: Looks;
}

/**
 * Finds the skills, by their paths, of which something that was looked at before is another now, or was too young then to
 * tell.
 */
export async function findStale(root: Folder, comparisons: readonly Comparison[]): Promise<ReadonlySet<string>> {
  const stale = new Set<string>();
  const compare = (skill: string, before: string, now: string): void => {
    if (isDoubtful(before) || before !== withoutDoubt(now)) stale.add(skill);
  };
  const deep: { readonly skill: string; readonly path: string; readonly before: string }[] = [];
  for (const { skill, looks } of comparisons) {
    for (const [path, before] of looks) {
      const now = knownFingerprint(skill.entries, path);
      if (now === undefined) deep.push({ skill: skill.path, path: pathIn(skill.path, path), before });
      else compare(skill.path, before, now);
    }
  }
  const wanted = new Set(deep.map(({ path }) => path));
  const folders = [...new Set(deep.map(({ path }) => folderOf(path)))];
  const wish = (path: string) => wanted.has(path) ? "stat" : undefined;
  const lists = folders.length === 0 ? [] : await root.listMany(folders, { wish });
  const found = new Map(folders.map((folder, index) => [folder, lists[index]]));
  for (const { skill, path, before } of deep) {
    if (stale.has(skill)) continue;
    const entry = found.get(folderOf(path))?.find((it) => it.path === lastPart(path));
    const isKnown = entry?.stat !== undefined && entry.kind !== "link";
    compare(skill, before, isKnown ? fingerprintOf(entry.stat) : await fingerprintAt(root, path));
  }
  return stale;
}

/** Tells whether two looks at a path saw the same, as far as that can be told. */
export function isSameLook(path: string, a: Looks, b: Looks): boolean {
  const find = (looks: Looks) => looks.find(([it]) => it === path)?.[1] ?? "";
  return withoutDoubt(find(a)) === withoutDoubt(find(b));
}

function isDoubtful(fingerprint: string): boolean {
  return fingerprint.endsWith("?");
}

function withoutDoubt(fingerprint: string): string {
  return isDoubtful(fingerprint) ? fingerprint.slice(0, -1) : fingerprint;
}
