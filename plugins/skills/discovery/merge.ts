/**
 * Puts together what was found below all search paths.
 *
 * @module
 */
import type { Diagnostic } from "../format/diagnostics.ts";
import type { Discovery, FoundSkill, SkippedFolder, UntrustedPath } from "./found.ts";
import { isWithin, joinReal } from "./real_paths.ts";
import { MOST_FOLDERS } from "./rules.ts";
import type { SearchPath } from "./search_paths.ts";
import type { SkillTree } from "./skill_tree.ts";

/** A search path that was searched. */
export interface SearchedPath {
  readonly searchPath: SearchPath;
  /** Its skills; how many there seem to be, while it is not trusted; or why it could not be searched. */
  readonly holds: SkillTree | number | string;
}

/** Origins of search paths that nobody named, and that are missed by nobody. */
const UNNAMED: readonly string[] = ["project", "user", "home", "platform", "bundled"];

/** Lists what search paths hold, each folder once, below the first of them that it is in. */
export function merge(searched: readonly SearchedPath[]): Discovery {
  const skills: FoundSkill[] = [];
  const skipped: SkippedFolder[] = [];
  const untrusted: UntrustedPath[] = [];
  const roots = searched.flatMap(({ holds }) => typeof holds === "object" ? [holds.path] : []);
  const seen = new Set<string>();
  for (const [order, { searchPath, holds }] of searched.entries()) {
    const { scope, origin } = searchPath;
    const skip = ([path, diagnostic]: Problem): void =>
      void skipped.push({ path, scope, origin, order, isSkill: false, diagnostics: [diagnostic] });
    if (typeof holds === "number") {
      if (holds > 0) untrusted.push({ ...searchPath, skills: holds });
    } else if (typeof holds === "string") skip(unreadable(searchPath.path, holds));
    else {
      for (const record of holds.records) {
        const found = record.at({ root: holds.path, searchPath, order });
        if (seen.has(found.path)) continue;
        seen.add(found.path);
        if ("metadata" in found) skills.push(found);
        else skipped.push(found);
      }
      for (const problem of problemsOf(searchPath, holds, roots)) skip(problem);
    }
  }
  return { skills, skipped, untrusted };
}

/** Tells whether two discoveries are the same: skills are compared by identity. */
export function isSameDiscovery(a: Discovery, b: Discovery): boolean {
  return a.skills.length === b.skills.length && a.skills.every((it, index) => it === b.skills[index]) &&
    JSON.stringify([a.skipped, a.untrusted]) === JSON.stringify([b.skipped, b.untrusted]);
}

type Problem = readonly [path: string, diagnostic: Diagnostic];

function unreadable(path: string, reason: string): Problem {
  return [path, {
    severity: "warning",
    file: ".",
    rule: "folder-unreadable",
    message: `Cannot look for skills in "${path}": ${reason}`,
    remedy: "Make it a folder that the user of this server can read",
  }];
}

function* problemsOf({ path, origin }: SearchPath, tree: SkillTree, roots: readonly string[]): Iterable<Problem> {
  const { links, unreadable: folders, end, isAbsent } = tree.surroundings;
  if (isAbsent && !UNNAMED.includes(origin)) {
    yield [path, {
      severity: "warning",
      file: ".",
      rule: "path-missing",
      message: `Cannot look for skills in "${path}": there is no such folder`,
      remedy: origin === "extra" ? "Make the folder, or name another" : `Make the folder, or take it out of ${origin}`,
    }];
  }
  for (const [folder, reason] of folders) yield unreadable(joinReal(tree.path, folder), reason);
  for (const { path: link, outside } of links) {
    if (outside === undefined || roots.some((root) => isWithin(outside, root))) continue;
    yield [joinReal(tree.path, link), {
      severity: "warning",
      file: ".",
      rule: "link-outside",
      message: `Cannot follow the link "${link}": it leads out of the search path, to "${outside}"`,
      remedy: `Name "${outside}" as a search path, or copy the folder`,
    }];
  }
  if (end !== undefined) {
    yield [joinReal(tree.path, end), {
      severity: "warning",
      file: ".",
      rule: "too-many-folders",
      message: `Cannot look for skills in "${joinReal(tree.path, end)}" and what comes after it: below "${path}" are ` +
        `more folders than the ${MOST_FOLDERS} that are looked into beyond direct children`,
      remedy: "Name folders further down as search paths",
    }];
  }
}
