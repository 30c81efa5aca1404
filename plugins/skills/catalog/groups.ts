/**
 * Groups of a skill's tools, which are switched on and off together.
 *
 * @module
 */
import type { SkillMetadata } from "../format/metadata.ts";
import type { SkillGroup } from "../format/metadata_parts.ts";

/** Which groups are made active: all, none but those that are by default, or some by name beside these. */
export type GroupChoice = boolean | readonly string[];

/** One group, and whether its tools are enabled. */
export interface GroupState {
  readonly skill: string;
  readonly group: string;
  readonly isActive: boolean;
}

/** Lists the groups of a skill: those it declares, then those that only its tools name, which are not active by default. */
export function listGroupsOf(metadata: SkillMetadata): readonly SkillGroup[] {
  const groups = new Map(metadata.groups.map((group) => [group.name, group]));
  for (const { group } of metadata.tools) {
    if (group === "" || groups.has(group)) continue;
    groups.set(group, { name: group, description: "", tools: [], defaultActive: false });
  }
  return [...groups.values()];
}

/**
 * Chooses the groups that are active when a skill is loaded.
 *
 * @param before The groups it had and those of them that were active, when it is loaded anew: they stay as they were.
 */
export function chooseGroups(
  metadata: SkillMetadata,
  { choice = false, before }: {
    readonly choice?: GroupChoice | undefined;
    readonly before?: { readonly groups: readonly string[]; readonly activeGroups: readonly string[] } | undefined;
  },
): string[] {
  const isChosen = ({ name, defaultActive }: SkillGroup) =>
    before?.groups.includes(name) === true
      ? before.activeGroups.includes(name)
      : defaultActive || choice === true || (Array.isArray(choice) && choice.includes(name));
  return listGroupsOf(metadata).filter(isChosen).map((group) => group.name);
}
