/**
 * The contract `SkillAccess`: the catalog of a running kernel, for whoever has made the kernel.
 *
 * @module
 */
import { type Contract, contract, type Environment } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { ExtraPath } from "../catalog/catalog_options.ts";
import { appVariables, foldersOfVariable, platformFolder } from "../discovery/places.ts";
import type { SearchPath } from "../discovery/search_paths.ts";
import type { SkillFolders } from "../discovery/skill_folders.ts";

/** What the plugin gives to whoever embeds it. */
export interface SkillAccess {
  /** The catalog whose tools the kernel offers. */
  readonly catalog: SkillCatalog;
  /** Looks at all folders again; resolves when the catalog has what is there. */
  refresh(): Promise<void>;
  /**
   * Looks at more folders from now on, after those that are known.
   *
   * @param extraPaths Folders of skills, `~` allowed; scope `user` unless they say another.
   * @param dccName The application whose variables and platform folder count as well.
   * @returns how many names are new.
   */
  discover(extraPaths: readonly ExtraPath[], dccName: string | undefined): Promise<number>;
}
export const SkillAccess: Contract<SkillAccess> = contract("skill-access");

/** What access is made of. */
export interface SkillAccessOptions {
  readonly catalog: SkillCatalog;
  readonly folders: SkillFolders;
  readonly environment: Environment;
  /** Hands to the catalog what the folders hold. */
  accept(): Promise<void>;
}

/** Makes the contract's value. */
export function createSkillAccess({ catalog, folders, environment, accept }: SkillAccessOptions): SkillAccess {
  const added = new Set<string>();
  const refresh = async () => {
    await folders.refresh();
    await accept();
  };
  return {
    catalog,
    refresh,
    async discover(extraPaths, dccName) {
      const known = new Set(catalog.skills().map(({ name }) => name));
      for (const path of searchPathsOf(environment, extraPaths, dccName)) {
        if (added.has(path.path)) continue;
        added.add(path.path);
        folders.add(path);
      }
      await refresh();
      return catalog.skills().filter(({ name }) => !known.has(name)).length;
    },
  };
}

function searchPathsOf(
  environment: Environment,
  extraPaths: readonly ExtraPath[],
  dccName: string | undefined,
): readonly SearchPath[] {
  const extra = extraPaths.map((it): SearchPath => {
    const { path, scope } = typeof it === "string" ? { path: it, scope: "user" as const } : it;
    return { path: environment.expand(path), scope, origin: "extra" };
  });
  if (dccName === undefined) return extra;
  const named = appVariables(dccName).flatMap((origin) =>
    foldersOfVariable(environment, origin).map((path): SearchPath => ({ path, scope: "user", origin }))
  );
  return [...extra, ...named, { path: platformFolder(environment, dccName), scope: "user", origin: "platform" }];
}
