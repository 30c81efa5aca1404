/**
 * Catalogs of skills in memory.
 *
 * @module
 */
import { memoryFiles } from "../../../../kernel/testing.ts";
import { SkillCatalog } from "../../../../plugins/skills/catalog/catalog.ts";
import type { CatalogChange } from "../../../../plugins/skills/catalog/catalog_skill.ts";
import { type RegistryChange, ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { Requirements, type RequirementsOptions } from "../../../../plugins/skills/catalog/requirements.ts";
import type { Discovery, FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import type { SkillScope } from "../../../../plugins/skills/discovery/scope.ts";
import type { Diagnostic } from "../../../../plugins/skills/format/diagnostics.ts";
import { SkillMetadata, type SkillMetadataFields } from "../../../../plugins/skills/format/metadata.ts";

/** A skill as a scan finds it; all but the metadata has a default. */
export interface MadeSkill extends SkillMetadataFields {
  readonly scope?: SkillScope;
  readonly path?: string;
  readonly order?: number;
  readonly diagnostics?: readonly Diagnostic[];
  readonly fingerprint?: string;
}

/** Makes what a scan finds. */
export function found(
  { scope = "user", order = 0, diagnostics = [], fingerprint = "1", path, ...fields }: MadeSkill,
): FoundSkill {
  const folder = path ?? `/${scope}/${fields.name}`;
  const metadata = new SkillMetadata({ skillPath: folder, ...fields });
  return { name: fields.name, metadata, path: folder, scope, origin: scope, order, diagnostics, fingerprint };
}

/** Makes what a scan gives. */
export function discovery(...skills: readonly (MadeSkill | FoundSkill)[]): Discovery {
  const isFound = (skill: MadeSkill | FoundSkill): skill is FoundSkill => "metadata" in skill && "origin" in skill;
  return { skills: skills.map((skill) => isFound(skill) ? skill : found(skill)), skipped: [], untrusted: [] };
}

/** A catalog, and what it and its registry told. */
export interface MadeCatalog {
  readonly catalog: SkillCatalog;
  readonly registry: ToolRegistry;
  readonly changes: readonly CatalogChange[];
  readonly registryChanges: readonly RegistryChange[];
}

/** Makes a catalog over an empty disk in memory. */
export function makeCatalog(
  { requirements }: { readonly requirements?: Partial<RequirementsOptions> } = {},
): MadeCatalog {
  const disk = memoryFiles({});
  const registry = new ToolRegistry();
  const catalog = new SkillCatalog(registry, {
    open: (path) => disk.open(path),
    requirements: new Requirements({ environment: { os: "linux", variable: () => undefined }, ...requirements }),
  });
  const changes: CatalogChange[] = [];
  const registryChanges: RegistryChange[] = [];
  catalog.onChange((change) => changes.push(change));
  registry.onChange((change) => registryChanges.push(change));
  return { catalog, registry, changes, registryChanges };
}

/** Gives the names of registered tools. */
export function toolNames(registry: ToolRegistry): string[] {
  return registry.list().map((tool) => tool.name);
}
