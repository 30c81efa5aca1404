/**
 * Finds skills below search paths.
 *
 * @module
 */
import { type Files, type Log, messageOf } from "../../../kernel/mod.ts";
import type { Discovery } from "./found.ts";
import { IndexFiles } from "./index_files.ts";
import { merge, type SearchedPath } from "./merge.ts";
import type { SearchPath } from "./search_paths.ts";
import { type LookOptions, SkillTree } from "./skill_tree.ts";

/** What a {@linkcode Scanner} works with. */
export interface ScannerOptions {
  readonly files: Files;
  readonly log?: Log | undefined;
  /** Whether what is read is kept in the home folder for the next start; `false` by default. */
  readonly hasIndex?: boolean;
}

/** How to scan. */
export interface ScanOptions extends LookOptions {
  /**
   * What is looked at: by the path of a search path, what changed in it, relative to it. Everything by default; search
   * paths that are new are looked at in any case.
   */
  readonly touched?: ReadonlyMap<string, Iterable<string>> | undefined;
}

/**
 * Finds skills, and reads only those that changed since it last did. Its callers see to it that it scans once at a time.
 */
export class Scanner {
  readonly #files: Files;
  readonly #index: IndexFiles | undefined;
  /** By real path. */
  readonly #trees = new Map<string, SkillTree>();
  /** How many skills there seem to be in search paths that are not trusted, by path. */
  readonly #counts = new Map<string, number>();
  /** Those whose index is not what they hold. */
  readonly #unsaved = new Set<SkillTree>();

  constructor({ files, log, hasIndex = false }: ScannerOptions) {
    this.#files = files;
    this.#index = hasIndex ? new IndexFiles({ home: files, log }) : undefined;
  }

  /** How many folders with a SKILL.md are known. */
  get cached(): number {
    let cached = 0;
    for (const { size } of this.#trees.values()) cached += size;
    return cached;
  }

  /** Whether {@linkcode Scanner.save} would write anything. */
  get isUnsaved(): boolean {
    return this.#index !== undefined && this.#unsaved.size > 0;
  }

  /** Gives what the indexes say, without a look at any skill. */
  async restore(paths: readonly SearchPath[]): Promise<Discovery> {
    const searched: SearchedPath[] = [];
    for (const searchPath of paths) {
      if (searchPath.needsTrust === true) {
        searched.push({ searchPath, holds: 0 });
        continue;
      }
      const tree = this.#open(searchPath.path);
      if (typeof tree === "string") continue;
      if (await this.#index?.read(tree) !== true) this.#unsaved.add(tree);
      if (tree.size > 0) this.#trees.set(tree.path, tree);
      searched.push({ searchPath, holds: tree });
    }
    return merge(searched);
  }

  /**
   * Finds the skills of search paths. Those of a search path that needs trust are counted and not read.
   *
   * @throws the reason of the signal when it aborts.
   */
  async scan(paths: readonly SearchPath[], options: ScanOptions = {}): Promise<Discovery> {
    const searched: SearchedPath[] = [];
    const used = new Set<unknown>();
    for (const searchPath of paths) {
      const changed = options.touched === undefined ? ["."] : [...options.touched.get(searchPath.path) ?? []];
      const holds = searchPath.needsTrust === true
        ? await this.#count(searchPath, changed, options)
        : await this.#look(searchPath, changed, options);
      used.add(holds instanceof SkillTree ? holds.path : searchPath.path);
      searched.push({ searchPath, holds });
    }
    for (const known of [this.#trees, this.#counts]) {
      for (const key of known.keys()) if (!used.has(key)) known.delete(key);
    }
    return merge(searched);
  }

  /** Writes the indexes that are not what was found. */
  async save(): Promise<void> {
    const trees = [...this.#unsaved].filter((tree) => this.#trees.get(tree.path) === tree);
    this.#unsaved.clear();
    for (const tree of trees) await this.#index?.write(tree);
  }

  /** Removes indexes in the home folder that nobody has used for long. */
  async removeUnusedIndexes(): Promise<void> {
    await this.#index?.removeUnused();
  }

  /** Forgets everything. */
  clear(): void {
    this.#trees.clear();
    this.#counts.clear();
    this.#unsaved.clear();
  }

  /** Gives the tree of a search path, or why it cannot be looked at. */
  #open(path: string): SkillTree | string {
    try {
      const { path: real } = this.#files.open(path);
      return this.#trees.get(real) ?? new SkillTree(this.#files, real);
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  async #look({ path }: SearchPath, changed: readonly string[], options: LookOptions): Promise<SkillTree | string> {
    const tree = this.#open(path);
    if (typeof tree === "string") return tree;
    const isNew = this.#trees.get(tree.path) === undefined;
    this.#trees.set(tree.path, tree);
    const isAll = isNew || options.isForced === true || changed.includes(".");
    const hasChanged = isAll ? await tree.scan(options) : await tree.rescan(changed, options);
    if (hasChanged || isNew) this.#unsaved.add(tree);
    return tree;
  }

  async #count({ path }: SearchPath, changed: readonly string[], { signal }: LookOptions): Promise<number | string> {
    const known = this.#counts.get(path);
    if (known !== undefined && changed.length === 0) return known;
    const tree = this.#open(path);
    if (typeof tree === "string") return tree;
    const count = await tree.count(signal);
    this.#counts.set(path, count);
    return count;
  }
}
