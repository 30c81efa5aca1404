/**
 * The names that the library gives to what it keeps on disk.
 *
 * @module
 */

/** Describes a tool, in its folder. */
export const MANIFEST_FILE = "manifest.json";
/** Holds one folder for each version of a tool that was replaced. */
export const VERSIONS_FOLDER = "versions";
/** Notes the numbers that are not given again, beside the versions. */
export const NUMBERS_FILE = "numbers.json";
/** Holds deleted tools and pruned versions, in the tools folder. */
export const TRASH_FOLDER = ".trash";
/** Holds tools that are being saved, in the tools folder. */
export const STAGING_FOLDER = ".staging";

/** Holds what Python compiled, at any level. */
export const CACHE_FOLDER = "__pycache__";

/** What lies in a tool's folder and is not the tool: old versions, installed packages, caches. */
export const NOT_CODE: ReadonlySet<string> = new Set([VERSIONS_FOLDER, "env", CACHE_FOLDER]);

const TOOL_NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;

/** Tells whether a name is one that a tool may have; only such a name becomes a path. */
export function isToolName(name: unknown): name is string {
  return typeof name === "string" && TOOL_NAME_REGEXP.test(name);
}

const STAMP_REGEXP = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z$/;

/** Names what comes into the trash: the name of the tool, for its versions alone with what no name has, and the time. */
export function trashName(name: string, when: Date): string {
  return `${name}-${when.toISOString().replace(/[-:.]/g, "")}`;
}

/** Reads under which name something came into the trash, of what {@linkcode trashName} made. */
export function trashedName(name: string): string {
  return name.replace(STAMP_REGEXP, "");
}

/** Reads when something came into the trash; `undefined` when it was not put there by {@linkcode trashName}. */
export function trashedAt(name: string): Date | undefined {
  const [, year, month, day, hours, minutes, seconds, ms] = STAMP_REGEXP.exec(name) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
