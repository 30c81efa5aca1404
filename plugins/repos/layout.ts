/**
 * Which folders of a repository are skills.
 *
 * @module
 */
import { isObject } from "../../kernel/mod.ts";
import { isEntered, MOST_DEPTH, SKILL_FILES } from "../skills/contract.ts";

// https://code.claude.com/docs/en/plugins-reference and …/plugin-marketplaces
const MANIFEST_REGEXP = /(?:^|\/)\.claude-plugin\/(?:plugin|marketplace)\.json$/;
/** Where plugins keep skills, whatever else their manifests name. */
const PLUGIN_SKILLS = "skills";

/** Tells whether a file may point to skills. */
export function isManifest(path: string): boolean {
  return MANIFEST_REGEXP.test(path) && path.split("/").length <= MOST_DEPTH + 2;
}

/**
 * Reads which folders a manifest points to. What it says wrongly, or of what is elsewhere, points to nothing.
 *
 * @param path Of the manifest in the repository.
 */
export function readPointers(path: string, text: string): readonly string[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isObject(content)) return [];
  const root = path.split("/").slice(0, -2).join("/");
  if (path.endsWith("/plugin.json")) return pointersOf(root, content["skills"]);
  const { metadata, plugins } = content;
  const given = isObject(metadata) ? metadata["pluginRoot"] : undefined;
  const base = typeof given === "string" ? join(root, given) : root;
  return (Array.isArray(plugins) ? plugins : []).filter(isObject).flatMap(({ source, skills }) => {
    if (typeof source !== "string") return [];
    // a source that is written out begins at the root of the marketplace
    const folder = source.startsWith("./") ? join(root, source) : base === undefined ? undefined : join(base, source);
    return folder === undefined ? [] : pointersOf(folder, skills);
  });
}

function pointersOf(plugin: string, skills: unknown): readonly string[] {
  const named = typeof skills === "string" ? [skills] : Array.isArray(skills) ? skills : [];
  const all = [PLUGIN_SKILLS, ...named.filter((it) => typeof it === "string")];
  return all.map((it) => join(plugin, it)).filter((it) => it !== undefined);
}

/** Joins folders; `undefined` where that leads out of the repository. */
function join(folder: string, path: string): string | undefined {
  if (path.startsWith("/") || path.includes("\\")) return undefined;
  const parts = folder.split("/").filter((part) => part !== "");
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * Finds the folders that are skills: with a SKILL.md at the root, or below it to the depth in which skills are looked for
 * everywhere, or so below a folder that a manifest points to, be it hidden.
 *
 * @param paths Of all files.
 * @param pointers What {@linkcode readPointers} gave.
 * @returns Sorted; `""` for the root.
 */
export function findSkillFolders(paths: Iterable<string>, pointers: readonly string[] = []): readonly string[] {
  const marked = new Set<string>();
  for (const path of paths) {
    const end = path.lastIndexOf("/");
    if (SKILL_FILES.includes(path.slice(end + 1))) marked.add(path.slice(0, Math.max(end, 0)));
  }
  const starts = new Set(["", ...pointers]);
  return [...marked].filter((folder) => isReached(folder, { starts, marked })).sort();
}

/** Tells whether a walk from one of the starts gets to a folder. */
function isReached(
  folder: string,
  { starts, marked }: { readonly starts: ReadonlySet<string>; readonly marked: ReadonlySet<string> },
): boolean {
  // upwards, so that what is not on the way to a skill costs nothing
  for (let at = folder, depth = 0; depth <= MOST_DEPTH; depth++) {
    if (starts.has(at)) return true;
    if (at === "") return false;
    const end = at.lastIndexOf("/");
    const above = at.slice(0, Math.max(end, 0));
    if (!isEntered(at.slice(end + 1), { isInSkill: marked.has(above) })) return false;
    at = above;
  }
  return false;
}

/**
 * Names the folders below which all skills of a repository are found when they are looked for: its root, and what is
 * beyond a walk from there.
 */
export function searchedFolders(skills: readonly { readonly path: string }[]): readonly string[] {
  const marked = new Set(skills.map(({ path }) => path));
  const beyond = skills.filter(({ path }) => !isReached(path, { starts: new Set([""]), marked }));
  return [...new Set(["", ...beyond.map(({ path }) => path.slice(0, Math.max(path.lastIndexOf("/"), 0)))])].sort();
}
