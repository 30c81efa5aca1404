/**
 * Finds where a path really leads, and refuses what leads out of its folder.
 *
 * The check and the operation after it are two steps: a process that swaps a folder for a link between them can still
 * mislead it. Keeping such a process out of the folder is the work of the sandbox.
 *
 * @module
 */
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { escaped } from "./paths.ts";

const MOST_LINKS = 40;

/** Tells whether an error says that something is not there. */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Gives the code of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

/** Gives the real path of what exists. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Gives the real path of an absolute path, of which the last parts need not exist. */
export function realPathOrPlanned(path: string): string {
  const parent = dirname(path);
  return realPath(path) ?? (parent === path ? path : join(realPathOrPlanned(parent), relative(parent, path)));
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Gives the real path of something below a folder, of which the last parts need not exist.
 *
 * @param root Real path of the folder.
 * @throws {KernelError} `PATH_ESCAPED` when a symbolic link on the way leads out, or links go in a circle.
 */
export function contain(root: string, parts: readonly string[], links = 0): string {
  const shown = parts.join("/");
  const last = parts.at(-1);
  if (last === undefined) return root;
  let real: string | undefined;
  try {
    real = realPath(join(root, ...parts));
  } catch (error) {
    if (codeOf(error) === "ELOOP") throw escaped(shown, "its links go in a circle");
    throw error;
  }
  if (real !== undefined) {
    if (!isInside(root, real)) throw escaped(shown, "a symbolic link in it leads out of the folder");
    return real;
  }
  const parent = contain(root, parts.slice(0, -1), links);
  const entry = join(parent, last);
  const link = readLink(entry);
  if (link === undefined) return entry;
  const target = resolve(parent, link);
  if (!isInside(root, target)) throw escaped(shown, "a symbolic link in it leads out of the folder");
  if (links >= MOST_LINKS) throw escaped(shown, "its links go in a circle");
  return contain(root, relative(root, target).split(sep), links + 1);
}

/** Gives the path of an entry itself: its parents are followed and checked, a link at its end is not followed. */
export function containEntry(root: string, parts: readonly string[]): string {
  const last = parts.at(-1);
  return last === undefined ? root : join(contain(root, parts.slice(0, -1)), last);
}
