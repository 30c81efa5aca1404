/**
 * Paths as modules give them: relative to an open folder, `/` between parts.
 *
 * @module
 */
import { WasiFailure } from "./errno.ts";

/**
 * Gives the path, in the granted folder, of what a module names below an open one. What leaves the open folder by `..` is
 * refused here; whether links leave the granted one is looked at where they are followed.
 *
 * @param folder Path of the open folder, `.` for the granted one itself.
 * @throws {WasiFailure} `NOENT` when the path is empty, `PERM` when it leads outside.
 */
export function pathBelow(folder: string, path: string): string {
  if (path === "") throw new WasiFailure("NOENT");
  // a library may open a folder again and again by this name
  if (path === ".") return folder;
  if (path.startsWith("/")) throw new WasiFailure("PERM");
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) throw new WasiFailure("PERM");
  }
  return folder === "." ? path : `${folder}/${path}`;
}
