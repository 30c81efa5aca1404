/**
 * What is known of the repositories without asking the disk: what the lock says, and which checkouts there are.
 *
 * @module
 */
import { type Disposer, type Folder, type Log, messageOf } from "../../kernel/mod.ts";
import type { LockFile } from "./lock_file.ts";
import { checkoutOf, type Repository } from "./repository.ts";

/** What {@linkcode KnownRepositories} look at. */
export interface KnownOptions {
  readonly lock: LockFile;
  /** Of the repositories. */
  readonly folder: Folder;
  readonly log: Log;
}

/** The repositories as they were at the last look. */
export class KnownRepositories {
  readonly #options: KnownOptions;
  readonly #listeners = new Set<() => void>();
  #known: ReadonlyMap<string, Repository> = new Map();
  /** Folders of checkouts that are there, by repository. */
  #present: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #problem: string | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: KnownOptions) {
    this.#options = options;
  }

  /** Says why the lock cannot be read, if it cannot; what was known before is known still. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Lists all, by name. */
  list(): readonly Repository[] {
    return [...this.#known.values()];
  }

  /** Finds one by its name. */
  get(name: string): Repository | undefined {
    return this.#known.get(name);
  }

  /** Opens a checkout, that of the commit that is taken by default; `undefined` when it is not there. */
  folder(name: string, commit: string | undefined = this.#known.get(name)?.commit): Folder | undefined {
    if (commit === undefined || this.#present.get(name)?.has(checkoutOf(commit)) !== true) return undefined;
    return this.#options.folder.at(`${name}/${checkoutOf(commit)}`);
  }

  /** Calls back after each look that found something else. */
  onChange(listener: () => void): Disposer {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Looks what there is, and tells of what is new. */
  look(): Promise<void> {
    return this.#looking = this.#looking.then(async () => {
      try {
        await this.#lookNow();
        this.#problem = undefined;
      } catch (thrown) {
        const problem = messageOf(thrown);
        if (problem !== this.#problem) this.#options.log.warn(problem);
        this.#problem = problem;
      }
    });
  }

  /** Tells nobody any more; resolves when nothing is looked at. */
  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    const { lock, folder, log } = this.#options;
    const locked = [...await lock.read()].sort(([a], [b]) => a < b ? -1 : 1);
    const folders = await folder.listMany(locked.map(([name]) => name));
    const present = new Map(locked.map(([name], i) => [name, new Set(folders[i]?.map(({ path }) => path))]));
    const known = new Map(locked.map(([name, { skills, ...rest }]): [string, Repository] => {
      const isPresent = present.get(name)!.has(checkoutOf(rest.commit));
      const list = [...skills].map(([path, skill]) => ({ path, ...skill })).sort((a, b) => a.path < b.path ? -1 : 1);
      return [name, { name, ...rest, isPresent, skills: list }];
    }));
    const isSame = JSON.stringify([...known]) === JSON.stringify([...this.#known]);
    this.#known = known;
    this.#present = present;
    if (isSame) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (thrown) {
        log.error(`Cannot tell of a change of the skill repositories: ${messageOf(thrown)}`);
      }
    }
  }
}
