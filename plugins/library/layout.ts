/**
 * The names that the library gives to what it keeps on disk.
 *
 * @module
 */

/** Describes a tool, in its folder. */
export const MANIFEST_FILE = "manifest.json";
/** Holds one folder for each version of a tool that was replaced. */
export const VERSIONS_FOLDER = "versions";
/** Holds deleted tools, in the tools folder. */
export const TRASH_FOLDER = ".trash";
/** Holds tools that are being saved, in the tools folder. */
export const STAGING_FOLDER = ".staging";

/** What lies in a tool's folder and is not the tool: old versions, installed packages, caches. */
export const NOT_CODE: ReadonlySet<string> = new Set([VERSIONS_FOLDER, "env", "__pycache__"]);

const TOOL_NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;

/** Tells whether a name is one that a tool may have; only such a name becomes a path. */
export function isToolName(name: unknown): name is string {
  return typeof name === "string" && TOOL_NAME_REGEXP.test(name);
}

const STAMP_REGEXP = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z$/;

/** Names a tool in the trash: its name and the time. */
export function trashName(name: string, when: Date): string {
  return `${name}-${when.toISOString().replace(/[-:.]/g, "")}`;
}

/** Reads when something came into the trash; `undefined` when it was not put there by {@linkcode trashName}. */
export function trashedAt(name: string): Date | undefined {
  const [, year, month, day, hours, minutes, seconds, ms] = STAMP_REGEXP.exec(name) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
