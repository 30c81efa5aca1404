/**
 * Where skills are looked for, in one total order.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import { bundledSkills } from "./bundled.ts";
import { foldersOfVariable, joinPath, platformFolder, skillPathVariables } from "./places.ts";
import type { SkillScope } from "./scope.ts";

/** A folder to look for skills in. It need not exist. */
export interface SearchPath {
  /** Absolute. */
  readonly path: string;
  readonly scope: SkillScope;
  /** Where it comes from: the name of a variable, `extra`, `project`, `user`, `home`, `platform` or `bundled`. */
  readonly origin: string;
  /** Whether its skills are left out until somebody trusts {@linkcode SearchPath.project}; `false` by default. */
  readonly needsTrust?: boolean;
  /** The project that it belongs to: its real path. */
  readonly project?: string;
}

/** A folder that the operator names. */
export type ExtraPath = string | { readonly path: string; readonly scope?: SkillScope | undefined };

/** What the search paths depend on. */
export interface SearchPathOptions {
  readonly environment: Environment;
  /** Gives the real path of an absolute one, of which the last parts need not exist. */
  realPath(path: string): string;
  /** The app whose variables and platform folder count beside the general ones. */
  readonly app?: string | undefined;
  /** What comes first, `~` allowed; scope `user` unless it says another. */
  readonly extra?: readonly ExtraPath[];
  /** Whether there is more than `extra`; `true` by default. */
  readonly hasDefaults?: boolean;
  /** Whether the skills that ship are among the defaults; `true` by default. */
  readonly hasBundled?: boolean;
}

/** Folders of a project or a home folder that programs keep skills in. */
const PROJECT_FOLDERS: readonly string[] = [".agents/skills", ".claude/skills"];
const USER_FOLDERS: readonly string[] = [...PROJECT_FOLDERS, ".gemini/skills"];

/**
 * Collects the folders to look for skills in, each once, in their order: extra ones; those that variables name, of the
 * app before general ones; those of the project, of the user, of the server's home, of the platform; what ships.
 *
 * @throws {KernelError} `OPTION_INVALID` when an extra path is no possible one.
 * @throws {SkillValueError} `NAME_INVALID` when the app's name cannot be part of a path.
 */
export function collectSearchPaths(options: SearchPathOptions): readonly SearchPath[] {
  const { environment, extra = [], hasDefaults = true } = options;
  const named = extra.map((it): SearchPath => {
    const { path, scope = "user" } = typeof it === "string" ? { path: it } : it;
    return { path: environment.expand(path), scope, origin: "extra" };
  });
  return withoutRepeats(hasDefaults ? [...named, ...defaultPaths(options)] : named, options.realPath);
}

function defaultPaths({ environment, realPath, app, hasBundled = true }: SearchPathOptions): SearchPath[] {
  const { userHome, home, cwd } = environment;
  const project = realOrItself(cwd, realPath);
  const below = (folder: string, path: string) => joinPath(environment, folder, ...path.split("/"));
  const bundled = hasBundled ? bundledSkills() : undefined;
  return [
    ...skillPathVariables(app).flatMap((origin) =>
      foldersOfVariable(environment, origin).map((path): SearchPath => ({ path, scope: "user", origin }))
    ),
    ...folderOfSkillMcp(environment),
    ...PROJECT_FOLDERS.map((path): SearchPath => ({
      path: below(cwd, path),
      scope: "repo",
      origin: "project",
      needsTrust: true,
      project,
    })),
    ...USER_FOLDERS.map((path): SearchPath => ({ path: below(userHome, path), scope: "user", origin: "user" })),
    { path: below(home, "skills"), scope: "user", origin: "home" },
    ...[app, undefined].slice(app === undefined ? 1 : 0).map((it): SearchPath => ({
      path: platformFolder(environment, it),
      scope: "user",
      origin: "platform",
    })),
    // what is installed with the program goes before what comes later from elsewhere, which must not pass for it
    ...(bundled === undefined ? [] : [{ path: bundled, scope: "system", origin: "bundled" } as const]),
  ];
}

/** Gives the folder of skill-mcp, which is one, whatever characters it has. */
function folderOfSkillMcp({ variable, expand }: Environment): SearchPath[] {
  const path = variable("SKILL_MCP_DIR")?.trim();
  return path ? [{ path: expand(path), scope: "user", origin: "SKILL_MCP_DIR" }] : [];
}

/** Keeps the first of those that are one folder, but none that needs trust where another of them needs none. */
function withoutRepeats(paths: readonly SearchPath[], realPath: (path: string) => string): SearchPath[] {
  const reals = paths.map(({ path }) => realOrItself(path, realPath));
  const free = new Set(reals.filter((_, index) => paths[index]!.needsTrust !== true));
  const seen = new Set<string>();
  return paths.filter(({ needsTrust }, index) => {
    const real = reals[index]!;
    if (seen.has(real) || (needsTrust === true && free.has(real))) return false;
    seen.add(real);
    return true;
  });
}

function realOrItself(path: string, realPath: (path: string) => string): string {
  try {
    return realPath(path);
  } catch {
    // a folder above it is not ours to read, which is told when skills are looked for in it
    return path;
  }
}
