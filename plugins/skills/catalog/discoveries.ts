/**
 * Discoveries put together, and what they and the skills of them gave cause to say.
 *
 * @module
 */
import type { Discovery, FoundSkill } from "../discovery/found.ts";
import type { CatalogDiagnostic } from "./catalog_skill.ts";
import { underscored } from "./naming.ts";
import { describeCycle } from "./resolver.ts";
import type { SkillEntry } from "./skill_entry.ts";
import type { SkillShelf } from "./skill_shelf.ts";

/** Gives the skills of a discovery whose names are new to a shelf. */
export function listNewSkills({ skills }: Discovery, shelf: SkillShelf): FoundSkill[] {
  const known = new Set([...shelf.entries].map((entry) => underscored(entry.found.name)));
  return skills.filter((skill) => !known.has(underscored(skill.name)));
}

/** Puts discoveries together; of a folder that several tell of the first is taken. */
export function mergeDiscoveries(discoveries: readonly Discovery[]): Discovery {
  return {
    skills: firstByPath(discoveries.flatMap((it) => it.skills)),
    skipped: firstByPath(discoveries.flatMap((it) => it.skipped)),
    untrusted: firstByPath(discoveries.flatMap((it) => it.untrusted)),
  };
}

function firstByPath<T extends { readonly path: string }>(items: readonly T[]): T[] {
  const byPath = new Map<string, T>();
  for (const item of items) if (!byPath.has(item.path)) byPath.set(item.path, item);
  return [...byPath.values()];
}

/** Tells of the first new skill that depends on others in a circle. */
export function findCircles(shelf: SkillShelf, fresh: readonly FoundSkill[]): CatalogDiagnostic[] {
  for (const { path, scope } of fresh) {
    const entry = shelf.at(path);
    const cycle = entry && shelf.problemOf(entry)?.cycle;
    if (entry === undefined || cycle === undefined) continue;
    const message = `Nothing was added, since skills depend on each other in a circle: ${describeCycle(cycle)}`;
    const remedy = "Leave out one of these dependencies";
    const { name: skill } = entry;
    return [{ severity: "error", file: "SKILL.md", rule: "dependency-cycle", message, remedy, skill, path, scope }];
  }
  return [];
}

/** Lists what there is to say: of folders that hold no skill, of projects that nobody trusts, of each skill. */
export function listDiagnostics(discovery: Discovery, shelf: SkillShelf): CatalogDiagnostic[] {
  const skipped = discovery.skipped.flatMap(({ path, scope, diagnostics }) =>
    diagnostics.map((diagnostic) => ({ ...diagnostic, path, scope }))
  );
  const untrusted = discovery.untrusted.map(({ path, scope, skills, project }): CatalogDiagnostic => ({
    severity: "info",
    file: ".",
    rule: "path-untrusted",
    message: `${skills} skills wait until somebody trusts the project`,
    remedy: `Run "skills trust ${project ?? path}"`,
    path,
    scope,
  }));
  const told = [...shelf.winners, ...shelf.shadowed].flatMap((entry) =>
    entry.diagnostics.map((diagnostic) => ({ ...diagnostic, skill: entry.name, ...placeOf(entry) }))
  );
  return [...skipped, ...untrusted, ...told];
}

function placeOf({ found: { path, scope } }: SkillEntry): Pick<CatalogDiagnostic, "path" | "scope"> {
  return { path, scope };
}
