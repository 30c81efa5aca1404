/**
 * Walks down a search path, level by level, and gives the skills by batches as it meets them.
 *
 * @module
 */
import { type EntryWish, type Folder, type FolderEntry, isKernelError, messageOf } from "../../../kernel/mod.ts";
import { joinReal, relativeTo } from "./real_paths.ts";
import { isEntered, MOST_DEPTH, MOST_FOLDERS, MOST_FOLDERS_PER_CHILD, pathIn, SKILL_FILES } from "./rules.ts";

/** Folders that are looked into at one time; it bounds what is held of their files. */
const BATCH = 64;

/** A folder that holds a SKILL.md. */
export interface WalkedSkill {
  /** Below the search path; `.` is itself. */
  readonly path: string;
  /** What is in it, with what was wished of it. */
  readonly entries: readonly FolderEntry[];
}

/** A link that is met where skills may be. */
export interface WalkedLink {
  /** Below the search path. */
  readonly path: string;
  /** The real path that it leads to, where that is a folder outside of the search path. */
  readonly outside: string | undefined;
}

/** What a walk came by beside skills. */
export interface Walk {
  /** Every folder that was looked into. */
  readonly folders: readonly string[];
  readonly links: readonly WalkedLink[];
  /** Folders that could not be listed, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Where it was given up, if there was too much. */
  readonly end: string | undefined;
  /** Whether the folder that it began with is not there. */
  readonly isAbsent: boolean;
}

/** How to walk. */
export interface WalkOptions {
  /** The folder to begin with; all of the search path by default. */
  readonly at?: string;
  /** Opens the folder that a link leads to. */
  open(absolutePath: string): Folder;
  /** Takes the skills of some folders; the walk goes on when it is done with them. */
  onSkills(skills: readonly WalkedSkill[]): void | Promise<void>;
  /** Says what is wanted of an entry, by its path below the search path; nothing by default. */
  readonly wish?: (path: string) => EntryWish | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Finds the skills of a search path; each folder once, whatever links lead to it. */
export async function walkSkills(root: Folder, options: WalkOptions): Promise<Walk> {
  return await new Walker(root, options).walk();
}

class Walker {
  readonly #root: Folder;
  readonly #options: WalkOptions;
  readonly #folders = new Set<string>();
  readonly #links: WalkedLink[] = [];
  readonly #unreadable = new Map<string, string>();
  #isAbsent = false;

  constructor(root: Folder, options: WalkOptions) {
    this.#root = root;
    this.#options = options;
  }

  async walk(): Promise<Walk> {
    const { at = "." } = this.#options;
    let end: string | undefined;
    let left = MOST_FOLDERS;
    let level = [at];
    for (let depth = depthOf(at); level.length > 0 && depth <= MOST_DEPTH; depth++) {
      if (depth === 1) left += level.length * MOST_FOLDERS_PER_CHILD;
      if (depth > 1 && level.length > left) {
        end = level[left];
        level = level.slice(0, left);
      }
      if (depth > 1) left -= level.length;
      level = await this.#look(level);
    }
    return {
      folders: [...this.#folders],
      links: this.#links,
      unreadable: this.#unreadable,
      end,
      isAbsent: this.#isAbsent,
    };
  }

  /** Looks into folders, but those that a link led to before; gives those of the next level. */
  async #look(level: readonly string[]): Promise<string[]> {
    const folders = level.filter((it) => !this.#folders.has(it));
    const below: string[] = [];
    const links: string[] = [];
    for (let i = 0; i < folders.length; i += BATCH) {
      this.#options.signal?.throwIfAborted();
      await this.#lookInto(folders.slice(i, i + BATCH), { below, links });
    }
    for (const link of links) {
      const target = await this.#follow(link);
      if (target !== undefined) below.push(target);
    }
    return links.length === 0 ? below : [...new Set(below)];
  }

  async #lookInto(
    folders: readonly string[],
    { below, links }: { readonly below: string[]; readonly links: string[] },
  ): Promise<void> {
    const { wish, onSkills } = this.#options;
    const lists = await this.#root.listMany(folders, wish === undefined ? {} : { wish });
    const skills: WalkedSkill[] = [];
    for (const [index, folder] of folders.entries()) {
      const entries = lists[index];
      this.#folders.add(folder);
      if (entries === undefined) {
        await this.#explain(folder);
        continue;
      }
      const isSkill = entries.some(({ path, kind }) => kind !== "folder" && SKILL_FILES.includes(path));
      if (isSkill) skills.push({ path: folder, entries });
      for (const { path, kind } of entries) {
        if (kind === "file" || !isEntered(path, { isInSkill: isSkill })) continue;
        if (kind === "folder") below.push(pathIn(folder, path));
        else if (!isSkill) links.push(pathIn(folder, path));
      }
    }
    if (skills.length > 0) await onSkills(skills);
  }

  /** Notes a link; gives the folder of the search path that it leads to. */
  async #follow(link: string): Promise<string | undefined> {
    try {
      const path = relativeTo(this.#root.path, await this.#root.resolve(link));
      const isFolder = path !== "." && (await this.#root.stat(path))?.kind === "folder";
      this.#links.push({ path: link, outside: undefined });
      return isFolder ? path : undefined;
    } catch (thrown) {
      if (isKernelError(thrown)) this.#links.push({ path: link, outside: await this.#outside(link) });
      return undefined;
    }
  }

  /** Gives the folder that a link leads to, if it is one. */
  async #outside(link: string): Promise<string | undefined> {
    try {
      const target = this.#options.open(joinReal(this.#root.path, link));
      return (await target.stat("."))?.kind === "folder" ? target.path : undefined;
    } catch {
      return undefined;
    }
  }

  /** Notes why a folder cannot be listed; one that is gone meanwhile needs no reason. */
  async #explain(folder: string): Promise<void> {
    try {
      const kind = (await this.#root.stat(folder))?.kind;
      if (folder === ".") this.#isAbsent = kind === undefined;
      if (folder === "." || kind === "folder") await this.#root.list(folder);
    } catch (thrown) {
      this.#unreadable.set(folder, messageOf(thrown));
    }
  }
}

function depthOf(path: string): number {
  return path === "." ? 0 : path.split("/").length;
}
