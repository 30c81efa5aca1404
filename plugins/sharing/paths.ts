/**
 * Which paths within a tool are taken: those that mean the same on every system, and stay in its folder.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import type { Limits } from "./limits.ts";

/** Describes a tool, in its folder. */
export const MANIFEST_FILE = "manifest.json";

// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const DEVICE_REGEXP = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
// deno-lint-ignore no-control-regex -- they are refused in names
const CHARACTER_REGEXP = /[\u0000-\u001f\u007f<>:"|?*\\\ufffd]/;
/** What the server gives to its locks and temporary files. */
const INTERNAL_REGEXP = /^\.collet-(?:temp|lock)-/;
const LONGEST_PART = 120;
const GIT_REGEXP = /^(?:\.git|git~\d+)$/i;
// those that HFS+ leaves out when it compares names, as git has them (utf8.c, next_hfs_char)
const UNSEEN_REGEXP = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** What is never part of a tool, at any level. */
const NEVER_CODE: ReadonlySet<string> = new Set([".git", "node_modules", "__pycache__"]);
/** What lies in a tool's own folder and is not the tool: old versions, installed packages. */
const NOT_CODE: ReadonlySet<string> = new Set(["versions", "env"]);

/** Tells whether a path within a tool's folder belongs to its code; what does not is neither imported nor exported. */
export function isCode(path: string): boolean {
  const parts = path.split("/");
  return !NOT_CODE.has(parts[0]!) && !parts.some((part) => NEVER_CODE.has(part));
}

/** Tells whether no tool is looked for below a folder of this name. */
export function isPassedOver(name: string): boolean {
  return name.startsWith(".") || NEVER_CODE.has(name) || NOT_CODE.has(name);
}

/**
 * Brings a path of an archive into the form `a/b`.
 *
 * @throws {ToolError} when it leads out of the archive.
 */
export function containedPath(path: string): string {
  const refuse = (why: string) => new ToolError(`${JSON.stringify(path)} in it ${why}`);
  if (path.includes("\0")) throw refuse("holds a NUL character");
  if (path.includes("\\")) throw refuse("holds a backslash");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) throw refuse("is an absolute path");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse('leads out of it by ".."');
  return parts.join("/");
}

/**
 * Checks the paths of a tool, one by one and against each other.
 *
 * @throws {ToolError} naming the path that some system would refuse or take for another.
 */
export function checkPaths(paths: readonly string[], limits: PathLimits): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const problem = pathProblem(path, limits);
    if (problem !== undefined) throw new ToolError(`its file ${JSON.stringify(path)} cannot be taken: ${problem}`);
    const key = pathKey(path);
    const other = seen.get(key);
    if (other === path) throw new ToolError(`its file ${JSON.stringify(path)} is there twice`);
    if (other !== undefined) {
      throw new ToolError(
        `its files ${JSON.stringify(other)} and ${JSON.stringify(path)} are one file where letter case does not count`,
      );
    }
    seen.set(key, path);
  }
  for (const path of paths) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const other = seen.get(pathKey(path.slice(0, end)));
      if (other !== undefined) {
        throw new ToolError(`its file ${JSON.stringify(other)} is in the place of a folder of ${JSON.stringify(path)}`);
      }
    }
  }
}

/** Gives what is equal for paths that are one where file systems do not care for letter case or Unicode forms. */
export function pathKey(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/** How long paths may be. */
export type PathLimits = Pick<Limits, "max_path_characters" | "max_path_depth">;

/** Says why some system would refuse a path, or take it for another; `undefined` when none would. */
export function pathProblem(
  path: string,
  { max_path_characters: longest, max_path_depth: deepest }: PathLimits,
): string | undefined {
  if (path.length > longest) return `its path has ${path.length} characters, at most ${longest} are taken`;
  const parts = path.split("/");
  if (parts.length > deepest) return `its path has ${parts.length} parts, at most ${deepest} are taken`;
  for (const part of parts) {
    if (part === "" || part === "." || part === "..") return "a part of its path is empty or made of dots";
    if (CHARACTER_REGEXP.test(part)) return "its name holds a character that is not UTF-8, or that Windows reserves";
    if (part.endsWith(".") || part.endsWith(" ")) return "a part of its path ends with a dot or a space";
    if (DEVICE_REGEXP.test(part)) return `"${part}" is the name of a device on Windows`;
    if (isGitFolder(part)) return `${JSON.stringify(part)} is a name that some system takes for ".git"`;
    if (INTERNAL_REGEXP.test(part)) return `"${part}" is a name that this server gives to its own files`;
    if (part.length > LONGEST_PART) {
      return `a part of its path has ${part.length} characters, at most ${LONGEST_PART} are taken`;
    }
  }
  return undefined;
}

/** Tells whether a name means `.git` on some system: in any letter case, by its short form, or with what is not seen. */
function isGitFolder(part: string): boolean {
  return GIT_REGEXP.test(part.replace(UNSEEN_REGEXP, ""));
}
