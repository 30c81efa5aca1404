/**
 * Names of scripts, which are names of tools where a skill declares none.
 *
 * @module
 */

/** Gives the name of a file without its folders and its last extension. */
export function stemOf(path: string): string {
  return path.replace(/^.*[\\/]/, "").replace(/(?<=.)\.[^.]*$/, "");
}
