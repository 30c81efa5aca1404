/**
 * Which paths of a skill the file tools reach. A path is judged as it is written, and by where it really leads.
 *
 * @module
 */
import { type Folder, isKernelError, messageOf } from "../../../../kernel/mod.ts";
import { relativeTo } from "../../discovery/real_paths.ts";
import { folderOf, lastPart, pathIn } from "../../discovery/rules.ts";
import { isEnvFile } from "../../env/env_names.ts";
import { visible } from "../../format/quoting.ts";
import { isInstalled } from "../file_walk.ts";
import { fileError } from "./request.ts";

/** A file that the tools reach, be it there or not. */
export interface ReachedFile {
  /** As it was asked for, without what means nothing. */
  readonly path: string;
  /** Where it really is, below the skill. */
  readonly real: string;
}

const DRIVE_REGEXP = /^[A-Za-z]:/;
const DOTS_AND_SPACES_REGEXP = /^[. ]+$/;
// deno-lint-ignore no-control-regex -- such a name deceives whoever reads it
const CONTROL_REGEXP = /[\x00-\x1f\x7f]/;
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: device names, alone or with any extension
const DEVICE_REGEXP = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
/** How locks and temporary files of the kernel begin. */
const INTERNAL = ".collet-";

/**
 * Brings a path in the one way of writing it.
 *
 * @throws {ToolError} for what is no relative path below the skill, on any platform.
 */
export function normalizePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const problem = problemOf(path, parts);
  if (problem === undefined) return parts.join("/");
  throw fileError(
    "PATH_INVALID",
    `Invalid path: ${visible(path)}. ${problem}; give a path relative to the skill directory`,
  );
}

function problemOf(path: string, parts: readonly string[]): string | undefined {
  if (parts.includes("..")) return 'Path traversal detected: it goes up with ".."';
  if (path.startsWith("/") || DRIVE_REGEXP.test(path)) return "Path traversal detected: it is absolute";
  if (path.includes("\\")) return 'It holds a backslash, and "/" stands between the parts of a path';
  if (CONTROL_REGEXP.test(path)) return "It holds a control character";
  if (parts.length === 0) return "It names no file";
  if (parts.some((part) => DOTS_AND_SPACES_REGEXP.test(part))) return "A part of it is made of dots and spaces only";
  const device = parts.find((part) => DEVICE_REGEXP.test(part));
  return device === undefined ? undefined : `"${device}" is the name of a device of Windows`;
}

/**
 * Finds where a path leads, links followed.
 *
 * @param verb What is going to be done, such as `read`.
 * @throws {ToolError} when it leads out of the skill, or to what is out of reach.
 */
export async function reachFile(folder: Folder, asked: string, verb: string): Promise<ReachedFile> {
  const path = normalizePath(asked);
  checkReach(path, verb);
  const real = await realPathOf(folder, path);
  if (real !== path) checkReach(real, verb);
  return { path, real };
}

/** Finds an entry as {@linkcode reachFile} does, but for a link at the end of the path, which stands for itself. */
export async function reachEntry(folder: Folder, asked: string, verb: string): Promise<ReachedFile> {
  const path = normalizePath(asked);
  checkReach(path, verb);
  const real = pathIn(await realPathOf(folder, folderOf(path)), lastPart(path));
  checkReach(real, verb);
  // a name may have a second form, such as the short names of Windows
  if ((await folder.stat(real))?.kind === "file") checkReach(await realPathOf(folder, real), verb);
  return { path, real };
}

async function realPathOf(folder: Folder, path: string): Promise<string> {
  try {
    return relativeTo(folder.path, await folder.resolve(path));
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    const message = `Invalid path: ${visible(path)}. Must be within skill directory: ${messageOf(thrown)}`;
    throw fileError("PATH_ESCAPED", message);
  }
}

function checkReach(path: string, verb: string): void {
  const refused = `Cannot ${verb} '${visible(path)}'`;
  if (isEnvFile(path)) {
    throw fileError("FILE_SECRET", `${refused}: it holds secrets, which are set with skill_env_crud and never shown`);
  }
  const parts = path.split("/");
  if (parts.some((part) => isInstalled(part.toLowerCase()))) {
    throw fileError("FILE_FOREIGN", `${refused}: it belongs to a package manager, a compiler or version control`);
  }
  if (parts.some((part) => part.toLowerCase().startsWith(INTERNAL))) {
    throw fileError("FILE_FOREIGN", `${refused}: names that begin with "${INTERNAL}" are those of the server`);
  }
}

/** Tells whether a path is that of a SKILL.md, in any form of its letters. */
export function isSkillFile(path: string): boolean {
  return lastPart(path).normalize("NFKC").toUpperCase().toLowerCase().replace(/[. ]+$/, "") === "skill.md";
}
