/**
 * Folders that variables and platforms name, by the rules of dcc-mcp-core.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import { SkillValueError } from "../catalog/errors.ts";

const APP_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ABSOLUTE_REGEXP = /^(?:[A-Za-z]:)?[\\/]/;

/** Joins parts of a path as the platform does. */
export function joinPath({ os }: Pick<Environment, "os">, folder: string, ...parts: readonly string[]): string {
  const separator = os === "windows" ? "\\" : "/";
  return [folder.replace(/[\\/]$/, ""), ...parts].join(separator);
}

/** Names the variables that list folders of skills, those of an app first. */
export function skillPathVariables(app?: string): readonly string[] {
  const general = ["DCC_MCP_SKILL_PATHS", "COLLET_SKILL_PATHS"];
  return app === undefined ? general : [...appVariables(app), ...general];
}

/** Names the variables that list folders of skills of an app. */
export function appVariables(app: string): readonly string[] {
  const name = app.toUpperCase().replaceAll("-", "_");
  return [`DCC_MCP_${name}_SKILL_PATHS`, `COLLET_${name}_SKILL_PATHS`];
}

/** Lists the folders that a variable names, absolute; between them stands `;` on Windows, else `:`. */
export function foldersOfVariable({ variable, expand, os }: Environment, name: string): readonly string[] {
  const entries = (variable(name) ?? "").split(os === "windows" ? ";" : ":");
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== "").map(expand);
}

/**
 * Gives the platform's folder of skills, or that of an app in it.
 *
 * @throws {SkillValueError} `NAME_INVALID` when the app's name cannot be part of a path.
 */
export function platformFolder(environment: Environment, app?: string): string {
  const parts = ["dcc-mcp", "skills", ...(app === undefined ? [] : [appFolder(app)])];
  return joinPath(environment, dataFolder(environment), ...parts);
}

function appFolder(app: string): string {
  if (APP_REGEXP.test(app)) return app.toLowerCase();
  throw new SkillValueError(
    "NAME_INVALID",
    `Cannot find the folder of app ${JSON.stringify(app)}: a name has 1 to 64 letters, digits, "-", "_" or ".", ` +
      "and begins with a letter or digit",
  );
}

function dataFolder(environment: Environment): string {
  const { os, userHome, variable } = environment;
  if (os === "darwin") return joinPath(environment, userHome, "Library", "Application Support");
  if (os === "windows") return variable("APPDATA") || joinPath(environment, userHome, "AppData", "Roaming");
  // https://specifications.freedesktop.org/basedir-spec/latest/: a path that is not absolute is to be ignored
  const named = variable("XDG_DATA_HOME");
  return named && ABSOLUTE_REGEXP.test(named) ? named : joinPath(environment, userHome, ".local", "share");
}
