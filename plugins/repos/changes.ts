/**
 * What an update of a repository would change, skill by skill.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import type { RepositorySkill } from "./checkout.ts";
import { compareSkills, describeDifference } from "./differences.ts";
import type { Report } from "./reports.ts";
import type { Peek, Repository } from "./repositories.ts";
import type { Surfaces } from "./surface.ts";
import type { PlacedSkill } from "./trusting.ts";
import { shownName } from "./wording.ts";

/** A skill that would be another. */
export interface SkillChange extends Pick<RepositorySkill, "name" | "path"> {
  readonly change: "added" | "removed" | "changed";
  /** Its files as they are; absent for one that is new, or whose checkout is not here. */
  readonly before: Folder | undefined;
  /** Its files as they would be. */
  readonly after: Folder | undefined;
}

/** Most lines of the diff of a skill, and most of its files. */
const LINES_OF_DIFF = 60;
const MOST_FILES = 100;

/** Finds what would be another, by path. */
export function findChanges({ repository, peek, placed }: {
  readonly repository: Repository;
  readonly peek: Pick<Peek, "skills" | "folder">;
  /** Where its skills are now. */
  readonly placed: readonly PlacedSkill[];
}): readonly SkillChange[] {
  const folders = new Map(placed.map(({ skill, folder }) => [skill.path, folder]));
  const old = new Map(repository.skills.map((it) => [it.path, it]));
  const next = new Map(peek.skills.map((it) => [it.path, it]));
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((path): SkillChange[] => {
    const [a, b] = [old.get(path), next.get(path)];
    if (a?.digest === b?.digest) return [];
    return [{
      name: b?.name ?? a?.name ?? path,
      path,
      change: a === undefined ? "added" : b === undefined ? "removed" : "changed",
      before: folders.get(path),
      after: b === undefined ? undefined : path === "" ? peek.folder : peek.folder.at(path),
    }];
  });
}

/** Tells of a change, and whether the skill would have to be allowed again. */
export async function reportChange(
  { name, path, change, before, after }: SkillChange,
  surfaces: Surfaces,
): Promise<Report> {
  const head = `${change}: ${shownName(name)}${path === "" ? "" : ` (${shownName(path)})`}`;
  if (after === undefined) return { lines: [head], data: { name, path, change } };
  const now = { folder: after, surface: await surfaces.read(after) };
  const old = before && { folder: before, surface: await surfaces.read(before) };
  const difference = await compareSkills(old, now);
  const asksAgain = old?.surface.digest !== now.surface.digest;
  const lines = describeDifference(difference, { mostLines: LINES_OF_DIFF }).map((line) => `  ${line}`);
  const files = difference.files.slice(0, MOST_FILES).map((it) => ({
    path: it.path,
    change: it.change,
    document: it.isDocument,
  }));
  return {
    lines: [head, ...lines, ...(asksAgain ? [] : ["  what runs stays as it is"])],
    data: { ...difference, name, path, change, asks_again: asksAgain, files },
  };
}
