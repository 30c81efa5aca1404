/**
 * The skills that ship with the program.
 *
 * @module
 */

const SKILLS = new URL("../../../skills/", import.meta.url);
const DRIVE_REGEXP = /^\/(?=[A-Za-z]:)/;

/** Gives the absolute path of the folder of skills that ship; `undefined` where the program is not on a disk. */
export function bundledSkills(): string | undefined {
  if (SKILLS.protocol !== "file:") return undefined;
  return decodeURIComponent(SKILLS.pathname).replace(DRIVE_REGEXP, "").replace(/\/$/, "");
}
