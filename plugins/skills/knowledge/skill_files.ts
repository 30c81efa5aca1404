/**
 * The files of a skill that clients may read: which they are, their digests, and what they contain. Nothing hidden is
 * among them, so that no `.env` is, and nothing that a package manager or a version control system keeps there.
 *
 * @module
 */
import { type Files, type Folder, isKernelError, sha256 } from "../../../kernel/mod.ts";
import { openSkill } from "../discovery/open_skill.ts";
import { isEnvFile } from "../env/env_names.ts";
import { isSecretRefused } from "../env/guarded_folder.ts";
import { SKILL_FILE } from "./uris.ts";

/** Most files of a skill that are published one by one. Source: the skills extension (SEP-2640). */
const MAX_FILES = 512;
/** Most bytes of all of them together, 16 MiB. */
export const MAX_BYTES: number = 16 * 1024 * 1024;
/** What some call the file that makes a folder a skill; clients are told the right name. */
const OTHER_SKILL_FILE = "skill.md";
/** How deep a skill's folders are looked at. */
const MAX_DEPTH = 12;
/** Most characters of a description in a list. */
const MAX_DESCRIPTION = 1_024;
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "__pycache__"]);
/** Skills whose digests are kept. */
const MAX_KEPT = 2_000;

/** A file or folder of a skill. */
export interface SkillEntry {
  /** Below the skill, `/` between parts. */
  readonly path: string;
  readonly kind: "file" | "folder";
}

/** A file of a skill, as a client can verify it. */
export interface PublishedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
}

interface Kept {
  readonly state: string;
  readonly files: readonly PublishedFile[];
}

/** Tells whether a path below a skill may be read by clients. */
export function isPublic(path: string): boolean {
  const isShown = (part: string) => part !== "" && !part.startsWith(".") && !LEFT_OUT.has(part);
  return path !== "" && path.split("/").every(isShown) && !isEnvFile(path);
}

/** Reads the files of skills. */
export class SkillFiles {
  readonly #files: Files;
  readonly #kept = new Map<string, Kept>();

  constructor(files: Files) {
    this.#files = files;
  }

  /**
   * Lists what lies directly below a folder of a skill, sorted; `undefined` when there is no such folder. Links are left
   * out.
   */
  async children(skill: string, path: string): Promise<readonly SkillEntry[] | undefined> {
    if (path !== "" && !isPublic(path)) return undefined;
    const folder = await this.#open(skill);
    if (folder === undefined) return undefined;
    if (path !== "" && (await statOf(folder, path))?.kind !== "folder") return undefined;
    const entries = (await folder.list(path === "" ? undefined : path)).filter((it) => it.kind !== "link");
    const hasOther = path === "" && !entries.some((it) => it.path === SKILL_FILE);
    return entries
      .map(({ path: name, kind }) => ({
        path: path !== "" ? `${path}/${name}` : hasOther && name === OTHER_SKILL_FILE ? SKILL_FILE : name,
        kind: kind as SkillEntry["kind"],
      }))
      .filter((it) => isPublic(it.path));
  }

  /** Lists the files of a skill, sorted, up to so many. */
  async list(skill: string, most: number = MAX_FILES): Promise<readonly string[]> {
    const found: string[] = [];
    const walk = async (path: string, depth: number): Promise<void> => {
      for (const child of await this.children(skill, path) ?? []) {
        if (found.length >= most) return;
        if (child.kind === "file") found.push(child.path);
        else if (depth < MAX_DEPTH) await walk(child.path, depth + 1);
      }
    };
    await walk("", 1);
    return found.sort((a, b) => (a < b ? -1 : 1));
  }

  /**
   * Gives the files of a skill with their digests, SKILL.md first; `undefined` when they are more, or larger, than is
   * published one by one. Digests are computed anew only when a file changed.
   */
  async published(skill: string): Promise<readonly PublishedFile[] | undefined> {
    const paths = await this.list(skill, MAX_FILES + 1);
    if (paths.length > MAX_FILES) return undefined;
    const folder = await this.#open(skill);
    if (folder === undefined) return [];
    const stats = await Promise.all(paths.map(async (path) => statOf(folder, await nameOf(folder, path))));
    const size = stats.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
    if (size > MAX_BYTES) return undefined;
    const state = JSON.stringify(paths.map((path, i) => [path, stats[i]?.fingerprint]));
    const kept = this.#kept.get(skill);
    if (kept?.state === state) return kept.files;
    const files = (await Promise.all(paths.map((path) => digestOf(folder, path)))).filter((it) => it !== undefined);
    files.sort((a, b) => Number(b.path === SKILL_FILE) - Number(a.path === SKILL_FILE));
    this.#keep(skill, { state, files });
    return files;
  }

  #open(skill: string): Promise<Folder | undefined> {
    return unlessEscaped(() => openSkill(this.#files, skill));
  }

  #keep(skill: string, kept: Kept): void {
    this.#kept.delete(skill);
    this.#kept.set(skill, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  /**
   * Reads a file of a skill; `undefined` when there is none that clients may read.
   *
   * @throws {Error} when it is larger than 16 MiB.
   */
  async read(skill: string, path: string): Promise<Uint8Array | undefined> {
    if (!isPublic(path)) return undefined;
    const folder = await this.#open(skill);
    if (folder === undefined) return undefined;
    const name = await nameOf(folder, path);
    const stat = await statOf(folder, name);
    if (stat?.kind !== "file") return undefined;
    if (stat.size > MAX_BYTES) {
      throw new Error(`Cannot read "${path}": it has ${stat.size} bytes, and at most ${MAX_BYTES} are sent at once`);
    }
    return await readBytes(folder, name);
  }
}

/** Gives what a file is called in the skill. */
async function nameOf(folder: Folder, path: string): Promise<string> {
  return path === SKILL_FILE && await statOf(folder, path) === undefined ? OTHER_SKILL_FILE : path;
}

async function digestOf(folder: Folder, path: string): Promise<PublishedFile | undefined> {
  const bytes = await readBytes(folder, await nameOf(folder, path));
  // it vanished since it was listed
  if (bytes === undefined) return undefined;
  return { path, size: bytes.length, digest: `sha256:${await sha256(bytes)}` };
}

function readBytes(folder: Folder, path: string): Promise<Uint8Array | undefined> {
  return unlessEscaped(() => folder.readBytes(path));
}

function statOf(folder: Folder, path: string): ReturnType<Folder["stat"]> {
  return unlessEscaped(() => folder.stat(path));
}

/** A link that leads out of the skill, or to secrets, is as good as absent, and so is a skill whose folder has become one. */
async function unlessEscaped<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (isKernelError(thrown) && thrown.code === "PATH_ESCAPED" || isSecretRefused(thrown)) return undefined;
    throw thrown;
  }
}

/** Reads bytes as UTF-8, each as it stands; `undefined` when they are none. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Cuts a description to what the Agent Skills specification allows, for lists that hold many. */
export function shown(description: string): string {
  return description.length <= MAX_DESCRIPTION ? description : `${description.slice(0, MAX_DESCRIPTION - 1)}…`;
}
