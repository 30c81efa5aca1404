/**
 * The skills of a discovery in the order of their dependencies.
 *
 * @module
 */
import type { Discovery } from "../discovery/found.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import { partMissing } from "./problems.ts";
import { resolveDependencies, type ResolveOptions } from "./resolver.ts";

/** Skills, each after those that it depends on, and the folders of those that cannot be used. */
export type OrderedSkills = [ordered: SkillMetadata[], skipped: string[]];

/**
 * Orders skills.
 *
 * @throws {SkillValueError} `DEPENDENCY_MISSING` or `DEPENDENCY_CYCLE`.
 */
export function orderStrictly(discovery: Discovery, options: ResolveOptions = {}): OrderedSkills {
  const skills = discovery.skills.map((skill) => skill.metadata);
  return [resolveDependencies(skills, options), tellSkipped(discovery, options)];
}

/**
 * Orders skills without those that miss a dependency, directly or by others: their folders are skipped, with a warning.
 *
 * @throws {SkillValueError} `DEPENDENCY_CYCLE`.
 */
export function orderLeniently(discovery: Discovery, options: ResolveOptions = {}): OrderedSkills {
  const { complete, incomplete } = partMissing(discovery.skills.map((skill) => skill.metadata));
  const skipped = tellSkipped(discovery, options);
  for (const [skill, missing] of incomplete) options.onDiagnostic?.(describeIncomplete(skill, missing));
  return [resolveDependencies(complete, options), [...skipped, ...[...incomplete.keys()].map((it) => it.skillPath)]];
}

function tellSkipped({ skipped }: Discovery, { onDiagnostic }: ResolveOptions): string[] {
  for (const { diagnostics } of skipped) for (const diagnostic of diagnostics) onDiagnostic?.(diagnostic);
  return skipped.filter((folder) => folder.isSkill).map((folder) => folder.path);
}

function describeIncomplete({ name, skillPath }: SkillMetadata, missing: readonly string[]): Diagnostic {
  const names = missing.map((it) => `"${it}"`).join(", ");
  return {
    severity: "warning",
    file: "SKILL.md",
    rule: "dependency-missing",
    message: `Skill "${name}" in ${skillPath} is left out: it needs ${names}`,
    remedy: "Add these skills to a search path, or leave out the dependency",
  };
}
