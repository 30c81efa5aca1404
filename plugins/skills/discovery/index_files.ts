/**
 * The indexes of all search paths, in the home folder: one file each, which all servers with this home share.
 *
 * Whoever writes last is right: an index is verified by whoever reads it, and each is written whole.
 *
 * @module
 */
import { type Folder, type Log, messageOf, sha256 } from "../../../kernel/mod.ts";
import { formatIndex, parseIndex } from "./index_format.ts";
import type { SkillTree } from "./skill_tree.ts";

const FOLDER = "cache/skills";
const SUFFIX = ".index";
const DAY_MS = 86_400_000;
/** An index that is older is written anew, so that those nobody uses can be told by their age. */
const REFRESH_MS = 7 * DAY_MS;
const UNUSED_MS = 60 * DAY_MS;

/** What {@linkcode IndexFiles} work with. */
export interface IndexFilesOptions {
  /** Home of the server. */
  readonly home: Folder;
  readonly log: Log | undefined;
}

/** Reads and writes indexes. Nothing of this fails: without an index skills are read again. */
export class IndexFiles {
  readonly #home: Folder;
  readonly #log: Log | undefined;

  constructor({ home, log }: IndexFilesOptions) {
    this.#home = home;
    this.#log = log;
  }

  /** Fills a tree with what its index says; tells whether the index need not be written for now. */
  async read(tree: SkillTree): Promise<boolean> {
    const path = await pathOf(tree);
    try {
      const bytes = await this.#home.readBytes(path);
      if (bytes === undefined) return false;
      const index = await parseIndex(tree.path, bytes);
      if ("problem" in index) {
        this.#log?.warn(`Ignored the index of the skills in "${tree.path}", "${path}": ${index.problem}`);
        return false;
      }
      tree.restore(index.records);
      const stat = await this.#home.stat(path);
      return stat !== undefined && Date.now() - stat.modified.getTime() < REFRESH_MS;
    } catch (thrown) {
      this.#log?.warn(`Cannot read the index of the skills in "${tree.path}": ${messageOf(thrown)}`);
      return false;
    }
  }

  /** Writes the index of a tree; of one without skills there is none. */
  async write(tree: SkillTree): Promise<void> {
    try {
      const path = await pathOf(tree);
      if (tree.size === 0) return void await this.#home.remove(path);
      await this.#home.writeAtomic(path, await formatIndex(tree.path, [...tree.records]), { mode: 0o600 });
    } catch (thrown) {
      this.#log?.warn(`Cannot write the index of the skills in "${tree.path}": ${messageOf(thrown)}`);
    }
  }

  /** Removes indexes that nobody has used for long. */
  async removeUnused(): Promise<void> {
    try {
      for (const { path } of await this.#home.list(FOLDER)) {
        const stat = await this.#home.stat(`${FOLDER}/${path}`);
        const isUnused = stat !== undefined && Date.now() - stat.modified.getTime() > UNUSED_MS;
        if (isUnused && path.endsWith(SUFFIX)) await this.#home.remove(`${FOLDER}/${path}`);
      }
    } catch (thrown) {
      this.#log?.warn(`Cannot remove indexes of skills that nobody uses: ${messageOf(thrown)}`);
    }
  }
}

async function pathOf({ path }: SkillTree): Promise<string> {
  return `${FOLDER}/${(await sha256(path)).slice(0, 32)}${SUFFIX}`;
}
