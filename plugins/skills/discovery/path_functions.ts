/**
 * The search paths of the package dcc-mcp-core, for embedders: five levels, of what exists.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import type { DiscoveryHost } from "./host.ts";
import { appVariables, foldersOfVariable, platformFolder, skillPathVariables } from "./places.ts";
import type { SearchPath } from "./search_paths.ts";

/** What {@linkcode getAppSkillPathsFromEnv} gives. */
export interface AppSkillPathsOptions {
  /** Whether the folders of the variables for all apps come after those of the app; `false` by default. */
  readonly includeGlobal?: boolean;
}

/** Lists the folders that variables name for an app, of those that exist; in any case of its name. */
export function getAppSkillPathsFromEnv(
  { environment, isFolder }: Pick<DiscoveryHost, "environment" | "isFolder">,
  app: string,
  { includeGlobal = false }: AppSkillPathsOptions = {},
): string[] {
  const variables = includeGlobal ? skillPathVariables(app) : appVariables(app);
  const folders = variables.flatMap((name) => foldersOfVariable(environment, name));
  return [...new Set(folders)].filter(isFolder);
}

/** Lists where skills are looked for, of what exists, each folder once: extra paths, variables, platform folders. */
export function collectSkillPaths(
  host: DiscoveryHost,
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
): string[] {
  return searchPathsOf(host, extraPaths, dccName).map(({ path }) => path);
}

/** Gives what {@linkcode collectSkillPaths} lists as search paths of scope `user`. */
export function searchPathsOf(
  host: DiscoveryHost,
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
): SearchPath[] {
  const { environment, files } = host;
  const app = dccName || undefined;
  const paths: SearchPath[] = [
    // an empty path would be the working folder
    ...(extraPaths ?? []).filter((path) => path !== "").map((path) => ({
      path: environment.expand(path),
      origin: "extra",
    })),
    ...skillPathVariables(app).flatMap((origin) =>
      foldersOfVariable(environment, origin).map((path) => ({ path, origin }))
    ),
    ...(app === undefined ? [] : [{ path: platformFolder(environment, app), origin: "platform" }]),
    { path: platformFolder(environment), origin: "platform" },
  ].map((it) => ({ ...it, scope: "user" }));
  const seen = new Set<string>();
  return paths.filter(({ path }) => {
    if (!host.isFolder(path)) return false;
    const real = files.open(path).path;
    return !seen.has(real) && seen.add(real);
  });
}

/**
 * Gives the platform's folder for skills, that of an app if one is named; it need not exist.
 *
 * @throws {SkillValueError} `NAME_INVALID` when the app's name cannot be part of a path.
 */
export function getSkillsDir(environment: Environment, dccName?: string | null): string {
  return platformFolder(environment, dccName || undefined);
}
