/**
 * Which folders may hold skills, and which files of a skill say something about it.
 *
 * @module
 */
import type { EntryWish } from "../../../kernel/mod.ts";
import { ENV_FILE } from "../env/env_names.ts";

/** Names of the file that makes a folder a skill; the first is the standard's. */
export const SKILL_FILES: readonly string[] = Object.freeze(["SKILL.md", "skill.md"]);

/** Levels of folders below a search path in which skills are found. */
export const MOST_DEPTH = 6;
/** Folders of a search path that are looked into beyond its direct children: so many, and so many for each child. */
export const MOST_FOLDERS = 2_000;
export const MOST_FOLDERS_PER_CHILD = 4;

// of what is hidden, the folders that programs keep skills in
const HIDDEN: ReadonlySet<string> = new Set([".agents", ".claude", ".gemini"]);
const FOREIGN: ReadonlySet<string> = new Set(["node_modules", "__pycache__"]);
/** Folders of a skill for its own files, by the standard: what looks like a skill there is an example or a template. */
const OWN: ReadonlySet<string> = new Set(["scripts", "references", "assets", "metadata"]);
/** Those of which it is read what is in them. */
export const READ_FOLDERS: readonly string[] = Object.freeze(["scripts", "metadata"]);
const SIDECAR_REGEXP = /\.(?:ya?ml|json)$/i;
const EXTENSION_REGEXP = /\.[^.]+$/;
const EDITOR_REGEXP = /~$|\.sw[a-p]$|^#|^4913$/;

/** Tells whether a folder is looked into for skills. */
export function isEntered(name: string, { isInSkill }: { readonly isInSkill: boolean }): boolean {
  if (name.startsWith(".")) return HIDDEN.has(name);
  return !FOREIGN.has(name) && !(isInSkill && OWN.has(name));
}

/** Says what is wanted of an entry of a skill: all that is nearly always read, and of what is known whether it changed. */
export function wishFor(path: string, { isKnown }: { readonly isKnown: boolean }): EntryWish | undefined {
  const name = lastPart(path);
  if (SKILL_FILES.includes(name)) return isKnown ? "stat" : "bytes";
  if (READ_FOLDERS.includes(name)) return isKnown ? "stat" : "entries";
  return SIDECAR_REGEXP.test(name) || name === ENV_FILE ? "stat" : undefined;
}

/** Tells whether changes of a path, and of all that is below it, say nothing about skills; for watchers. */
export function isIgnorable(path: string): boolean {
  const name = lastPart(path);
  if (name === "." || name === "") return false;
  if (name === "assets" || name === "references") return path.includes("/");
  return (name.startsWith(".") && !HIDDEN.has(name)) || FOREIGN.has(name) || EDITOR_REGEXP.test(name);
}

/** Tells whether a change of a path may say something about a skill: files of its own, and folders. */
export function isRelevant(path: string): boolean {
  const name = lastPart(path);
  if (SKILL_FILES.includes(name) || SIDECAR_REGEXP.test(name) || !EXTENSION_REGEXP.test(name)) return true;
  return path.split("/").slice(0, -1).some((part) => READ_FOLDERS.includes(part));
}

/** Gives the last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Gives the folder of a path; `.` is that of a direct child. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at);
}

/** Names something in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === "." ? name : `${folder}/${name}`;
}

/** Tells whether a path is a folder or is below it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return folder === "." || path === folder || path.startsWith(`${folder}/`);
}
