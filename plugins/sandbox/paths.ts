/**
 * What is asked of absolute paths of this machine.
 *
 * @module
 */
import type { Files } from "../../kernel/mod.ts";

/** Gives the real path of what a path leads to; `undefined` when that cannot be told. */
export function realPath(files: Files, path: string): string | undefined {
  try {
    return files.open(path).path;
  } catch {
    return undefined;
  }
}

/** Tells whether there is anything at a path without a slash at its end, as far as the server may look. */
export async function isThere(files: Files, path: string): Promise<boolean> {
  const cut = path.lastIndexOf("/");
  const stat = await files.open(path.slice(0, cut) || "/").stat(path.slice(cut + 1)).catch(() => undefined);
  return stat !== undefined;
}

/** Tells whether a path is a folder or below it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
