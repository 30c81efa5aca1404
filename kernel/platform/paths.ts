/**
 * The rules by which a path may name something below a folder; every provider of `Files` applies the same ones.
 *
 * @module
 */
import { KernelError } from "../errors.ts";

const DRIVE_REGEXP = /^[A-Za-z]:/;
const DOTS_AND_SPACES_REGEXP = /^[. ]+$/;
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: device names, alone or with any extension
const DEVICE_REGEXP = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
// deno-lint-ignore no-control-regex -- Windows refuses them in names
const WINDOWS_CHARACTER_REGEXP = /[:<>"|?*\u0001-\u001f]/;
const LOCK_NAME_REGEXP = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const INTERNAL_REGEXP = /(?:^|\/)\.collet-(?:temp|lock)-/;

/** Which rules apply beside those that hold everywhere. */
export interface PathRules {
  /** Whether device names, `:` and trailing dots or spaces are refused as well, as Windows gives them a meaning. */
  readonly windows?: boolean;
}

/** Makes the error that refuses a path. */
export function escaped(path: string, why: string): KernelError {
  return new KernelError("PATH_ESCAPED", `Cannot use path ${JSON.stringify(path)}: ${why}`, {
    fix: 'Give a relative path below the folder, with "/" between its parts',
  });
}

/**
 * Splits a path into its parts; `.` and empty parts are left out, so that `""` and `"."` name the folder itself.
 *
 * @throws {KernelError} `PATH_ESCAPED` for `..`, absolute paths, NUL, backslashes, drive letters and names made of
 * dots and spaces; on Windows also for device names and what Win32 would read in another way.
 */
export function splitPath(path: string, rules: PathRules = {}): readonly string[] {
  if (typeof path !== "string") throw escaped(String(path), "it is not a text");
  if (path.includes("\0")) throw escaped(path, "it holds a NUL character");
  if (path.includes("\\")) throw escaped(path, "it holds a backslash");
  if (path.startsWith("/")) throw escaped(path, "it is absolute");
  if (DRIVE_REGEXP.test(path)) throw escaped(path, "it begins with a drive letter");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === "..") throw escaped(path, 'it goes up with ".."');
    if (DOTS_AND_SPACES_REGEXP.test(part)) throw escaped(path, "a part of it is made of dots and spaces only");
    if (rules.windows === true) checkWindowsPart(path, part);
  }
  return parts;
}

function checkWindowsPart(path: string, part: string): void {
  if (DEVICE_REGEXP.test(part)) throw escaped(path, `"${part}" is the name of a device`);
  if (WINDOWS_CHARACTER_REGEXP.test(part)) throw escaped(path, `"${part}" holds a character that Windows reserves`);
  if (part.endsWith(".") || part.endsWith(" ")) throw escaped(path, `"${part}" ends with a dot or a space`);
}

/** Gives the parts of a path that must name something below the folder, not the folder itself. */
export function splitPathBelow(path: string, rules: PathRules = {}): readonly string[] {
  const parts = splitPath(path, rules);
  if (parts.length === 0) throw escaped(path, "it names the folder itself, where something below it is wanted");
  return parts;
}

/**
 * Gives the file name of a lock.
 *
 * @throws {KernelError} `NAME_INVALID` unless the name is 1 to 100 letters, digits, `_`, `-` or `.`, and begins with
 * none of the last two.
 */
export function lockFileName(name: string): string {
  if (!LOCK_NAME_REGEXP.test(name)) {
    throw new KernelError(
      "NAME_INVALID",
      `Cannot take lock ${JSON.stringify(name)}: a name matches ${LOCK_NAME_REGEXP}`,
    );
  }
  return `.collet-lock-${name}`;
}

/** Makes a name for a temporary file or folder beside its target. */
export function temporaryName(): string {
  return `.collet-temp-${crypto.randomUUID()}`;
}

/** Tells whether a path is a lock or a temporary file of ours, which listings and watchers leave out. */
export function isInternal(path: string): boolean {
  return INTERNAL_REGEXP.test(path);
}

/** Gives the path of the folder that a path is in; empty for what is in none. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** Orders paths by their UTF-16 code units, the same on every machine. */
export function comparePaths(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
