/**
 * The addresses of skills and their files: `skill://<name>/<path>`.
 *
 * @module
 */

/** Scheme of all addresses of skills. */
export const SCHEME = "skill";
/** The file that every skill has. */
export const SKILL_FILE = "SKILL.md";
/** The older form by which a skill lists its files. */
export const MANIFEST = "_manifest";
const URI_REGEXP = /^skill:\/\/([^/?#]+)(?:\/([^?#]*))?$/;

/** Writes the address of a file of a skill, or of the skill's folder when `path` is empty. */
export function skillUri(name: string, path = ""): string {
  const parts = path === "" ? [name] : [name, ...path.split("/")];
  return `${SCHEME}://${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

/** Reads an address; `undefined` when it is none of a skill. */
export function readSkillUri(uri: string): { readonly name: string; readonly path: string } | undefined {
  const match = URI_REGEXP.exec(uri);
  if (match === null) return undefined;
  try {
    const path = (match[2] ?? "").replace(/\/$/, "");
    return { name: decodeURIComponent(match[1] ?? ""), path: path.split("/").map(decodeURIComponent).join("/") };
  } catch {
    return undefined;
  }
}
