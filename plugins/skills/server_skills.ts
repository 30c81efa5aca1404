/**
 * The provider of the contract `Skills`.
 *
 * @module
 */
import type { SkillCatalog } from "./catalog/catalog.ts";
import type { Skills } from "./contract.ts";
import type { SkillFolders } from "./discovery/skill_folders.ts";
import { knownSkill, type ScriptGuards } from "./running/script_guards.ts";

/** What the provider works with. */
export interface ServerSkillsOptions {
  readonly catalog: Pick<SkillCatalog, "skills" | "shadowed" | "find">;
  readonly folders: Pick<SkillFolders, "add" | "settle" | "refresh">;
  readonly guards: ScriptGuards;
  /** Takes over what the folders know into the catalog. */
  accept(): Promise<void>;
}

/** Offers the skills of a server to other plugins. */
export function offerSkills({ catalog, folders, guards, accept }: ServerSkillsOptions): Skills {
  return {
    addPath: (path) => folders.add(path),
    async settle() {
      await folders.settle();
      await accept();
    },
    async refresh() {
      await folders.refresh();
      await accept();
    },
    list: () => [...catalog.skills(), ...catalog.shadowed()].map(knownSkill),
    find(name) {
      const skill = catalog.find(name);
      return skill === undefined ? undefined : knownSkill(skill);
    },
    addGuard: (guard) => guards.add(guard),
  };
}
