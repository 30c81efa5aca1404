/**
 * Absolute paths as text, with the separators of the platform that they are of.
 *
 * @module
 */

const WINDOWS_REGEXP = /^[A-Za-z]:|^\\\\/;
const SEPARATOR_REGEXP = /[\\/]$/;

/** Gives the absolute path of something below a folder. */
export function joinReal(folder: string, path: string): string {
  if (path === ".") return folder;
  const separator = WINDOWS_REGEXP.test(folder) ? "\\" : "/";
  return folder.replace(SEPARATOR_REGEXP, "") + separator + path.replaceAll("/", separator);
}

/** Gives the path of something below a folder relative to it, `/` between parts; that of the folder itself is `.`. */
export function relativeTo(folder: string, path: string): string {
  return path.slice(folder.length).replaceAll("\\", "/").replace(/^\//, "") || ".";
}

/** Tells whether a path is a folder or is below it. */
export function isWithin(path: string, folder: string): boolean {
  if (!path.startsWith(folder)) return false;
  return path.length === folder.length || SEPARATOR_REGEXP.test(path.slice(0, folder.length + 1)) ||
    SEPARATOR_REGEXP.test(folder);
}
