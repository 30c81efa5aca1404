/**
 * The git repositories of skills that somebody has added.
 *
 * @module
 */
import {
  type Call,
  type Disposer,
  type Environment,
  type Files,
  type Folder,
  type Log,
  messageOf,
  ToolError,
} from "../../kernel/mod.ts";
import { type GitAddress, parseGitAddress, type Sources } from "../sharing/contract.ts";
import type { LeftOut } from "./checkout.ts";
import { Fetcher, type RepositoryLimits } from "./fetcher.ts";
import { KnownRepositories } from "./known_repositories.ts";
import { type LockedRepository, LockFile, REPOSITORIES } from "./lock_file.ts";
import { removeOld, removeOrphans } from "./old_checkouts.ts";
import {
  type Added,
  checkoutOf,
  checkSame,
  chooseName,
  compareSkills,
  findClash,
  missing,
  type Peek,
  type Pin,
  type Repository,
  unchanged,
  type Updated,
  type Wanted,
} from "./repository.ts";
import { removeStages } from "./staging.ts";
import { Turns } from "./turns.ts";

export type { RepositoryLimits } from "./fetcher.ts";
export type { Added, Peek, Pin, Repository, Updated, Wanted } from "./repository.ts";

/** What {@linkcode Repositories} work with. */
export interface RepositoriesOptions {
  readonly files: Files;
  readonly sources: Sources;
  /** Expands `~`. */
  readonly expand: Environment["expand"];
  readonly log: Log;
  readonly limits: RepositoryLimits;
  /** Tells whether a call is by the server's own user, whose paths may be named, and whose keys git may use. */
  readonly isOwnUser: (call: Call) => boolean;
  /** Tells whether the checkout of an old commit, named by its first 12 digits, is still needed; else it goes with the update after the next. */
  readonly keep?: ((repository: string, commit: string) => boolean | Promise<boolean>) | undefined;
}

const COMMIT_REGEXP = /^[0-9a-f]{7,64}$/;

/** The repositories of a home folder, shared by all servers with that home. */
export class Repositories {
  readonly #options: RepositoriesOptions;
  readonly #folder: Folder;
  readonly #lock: LockFile;
  readonly #fetcher: Fetcher;
  readonly #known: KnownRepositories;
  readonly #turns: Turns;
  #stopWatching: Disposer | undefined;

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    this.#folder = options.files.at(REPOSITORIES);
    this.#lock = new LockFile(this.#folder);
    this.#fetcher = new Fetcher({ ...options, folder: this.#folder });
    this.#known = new KnownRepositories({ lock: this.#lock, folder: this.#folder, log: options.log });
    this.#turns = new Turns({ folder: this.#folder, lock: this.#lock, known: this.#known });
  }

  /** Says why the lock cannot be read, if it cannot. */
  get problem(): string | undefined {
    return this.#known.problem;
  }

  /** Reads the lock, removes what servers that died left behind, and begins to watch. */
  async open(): Promise<void> {
    await this.#known.look();
    this.#stopWatching = this.#lock.watch(() => void this.#known.look());
    for (const remove of [removeStages, removeOrphans]) {
      await remove(this.#folder, this.#lock).catch((thrown) => {
        this.#options.log.warn(`Cannot remove what is left of skill repositories: ${messageOf(thrown)}`);
      });
    }
  }

  /** Ends watching. */
  async close(): Promise<void> {
    await this.#stopWatching?.();
    await this.#known.close();
  }

  /** Lists all, by name. */
  list(): readonly Repository[] {
    return this.#known.list();
  }

  /** Finds one by its name. */
  get(name: string): Repository | undefined {
    return this.#known.get(name);
  }

  /** Opens the checkout of a repository, or that of an old commit which is still there. */
  folder(name: string, commit?: string): Folder | undefined {
    return this.#known.folder(name, commit);
  }

  /** Calls back after each change, also by another process. */
  onChange(listener: () => void): Disposer {
    return this.#known.onChange(listener);
  }

  /**
   * Adds a repository. One that is there already is left as it is; where its checkout is not on this machine, it is
   * fetched as it was locked.
   *
   * @throws {ToolError} when the name is taken by another address, or it cannot be fetched, or no skill can be taken.
   */
  async add(wanted: Wanted, call: Call): Promise<Added> {
    const address = parseGitAddress({ url: wanted.url, ref: wanted.branch }, this.#options);
    const nameNow = async () => chooseName(wanted.name, { address, locked: await this.#lock.read() });
    for (;;) {
      const name = await nameNow();
      const added = await this.#turns.alone(name, call, async () => {
        // somebody else may have taken the name since it was chosen
        return await nameNow() === name ? await this.#addAs(name, address, call) : undefined;
      });
      if (added !== undefined) return added;
    }
  }

  async #addAs(name: string, address: GitAddress, call: Call): Promise<Added> {
    const [taken, locked] = findClash(await this.#lock.read(), name) ?? [];
    if (taken !== undefined && locked !== undefined) {
      checkSame(taken, locked, { name, address });
      const leftOut = this.folder(taken) === undefined ? await this.#install(taken, locked, call) : [];
      return { repository: this.#getNow(taken), isNew: false, leftOut };
    }
    const { leftOut } = await this.#take(name, { call, address, isPinned: false });
    return { repository: this.#getNow(name), isNew: true, leftOut };
  }

  /**
   * Takes what is new: of one repository, or of all that are not pinned.
   *
   * @throws {ToolError} when the one that is named cannot be updated; of all, {@linkcode Updated.problem} says so.
   */
  async update(name: string | undefined, call: Call): Promise<readonly Updated[]> {
    return await this.#turns.each(name, call, async (one, locked) => {
      if (!locked.isPinned) return await this.#take(one, { call, locked });
      if (name === undefined) return unchanged(this.#getNow(one));
      throw new ToolError(
        `Cannot update skill repository "${one}": it is pinned to commit ${locked.commit}; unpin it first`,
      );
    });
  }

  /**
   * Removes a repository, with its checkouts.
   *
   * @returns What it was.
   */
  async remove(name: string, call: Call): Promise<Repository> {
    return await this.#turns.alone(name, call, async () => {
      const repository = this.#getNow(name);
      // the record goes first: what it does not have is removed at the next start
      await this.#lock.change((locked) => void locked.delete(name));
      await this.#folder.remove(name);
      await this.#known.look();
      return repository;
    });
  }

  /** Keeps a repository at a commit, which is fetched if it is another, or has it follow its branch again. */
  async pin(name: string, to: Pin, call: Call): Promise<Updated> {
    const commit = "commit" in to ? to.commit.trim().toLowerCase() : undefined;
    if (commit !== undefined && !COMMIT_REGEXP.test(commit)) {
      throw new ToolError(
        `Cannot pin skill repository "${name}": ${
          JSON.stringify(commit)
        } is no commit, expected 7 to 64 hexadecimal digits`,
      );
    }
    const [updated] = await this.#turns.each(name, call, async (_, locked) => {
      if (commit !== undefined && !locked.commit.startsWith(commit)) {
        return await this.#take(name, { call, locked, ref: commit, isPinned: true });
      }
      await this.#lock.change((all) => void all.set(name, { ...locked, isPinned: commit !== undefined }));
      await this.#known.look();
      return unchanged(this.#getNow(name));
    });
    return updated!;
  }

  /**
   * Fetches what the lock has and this machine has not: the same commits, whose skills must be what they were.
   *
   * @throws {ToolError} when the one that is named cannot be installed; of all, {@linkcode Updated.problem} says so.
   */
  async install(call: Call, name?: string): Promise<readonly Updated[]> {
    return await this.#turns.each(name, call, async (name, locked) => {
      const leftOut = this.folder(name) === undefined ? await this.#install(name, locked, call) : [];
      return { ...unchanged(this.#getNow(name)), leftOut };
    });
  }

  /** Fetches what an update would bring, and leaves all as it is. */
  async peek(name: string, call: Call): Promise<Peek> {
    const locked = (await this.#lock.read()).get(name) ?? missing(name, this.list());
    const present = this.folder(name);
    const fetched = await this.#fetcher.fetch(name, { call, address: this.#addressOf(locked), known: locked, present });
    return { ...fetched, repository: this.#getNow(name), isSame: fetched.commit === locked.commit };
  }

  /** Fetches a commit, and puts it in the place of what there was, at one moment for whoever reads the lock. */
  async #take(
    name: string,
    { call, locked, address = this.#addressOf(locked!), ref = address.ref, isPinned = locked?.isPinned ?? false }: {
      readonly call: Call;
      /** As it was; `undefined` for one that is new. */
      readonly locked?: LockedRepository;
      readonly address?: GitAddress;
      readonly ref?: string | undefined;
      readonly isPinned?: boolean;
    },
  ): Promise<Updated> {
    const { url, ref: branch } = address;
    const present = this.folder(name);
    await using fetched = await this.#fetcher.fetch(name, {
      call,
      address: { ...address, ref },
      known: locked,
      present,
    });
    const { commit, leftOut, skills } = fetched;
    if (isPinned && ref !== undefined && !commit.startsWith(ref)) {
      throw new ToolError(
        `Cannot pin skill repository "${name}": it has a branch or tag "${ref}", which is commit ${commit}; give all ` +
          "digits of the commit",
      );
    }
    const now = new Date().toISOString();
    await fetched.moveTo(`${name}/${checkoutOf(commit)}`);
    const isSame = commit === locked?.commit;
    const record: LockedRepository = {
      url,
      branch,
      commit,
      isPinned,
      addedAt: locked?.addedAt ?? now,
      updatedAt: isSame ? locked.updatedAt : now,
      skills: new Map(skills.map(({ path, name, digest }) => [path, { name, digest }])),
    };
    await this.#lock.change((all) => void all.set(name, record));
    const { keep, log } = this.#options;
    if (locked !== undefined) {
      await removeOld(this.#folder, name, { commits: [commit, locked.commit], keep }).catch((thrown) => {
        log.warn(`Cannot remove old checkouts of skill repository "${name}": ${messageOf(thrown)}`);
      });
    }
    await this.#known.look();
    const changes = compareSkills(locked?.skills ?? new Map(), record.skills);
    return { repository: this.#getNow(name), before: locked?.commit ?? commit, ...changes, isSame, leftOut };
  }

  async #install(name: string, locked: LockedRepository, call: Call): Promise<readonly LeftOut[]> {
    const address = { ...this.#addressOf(locked), ref: locked.commit };
    await using fetched = await this.#fetcher.fetch(name, { call, address, known: locked, isAsLocked: true });
    await fetched.moveTo(`${name}/${checkoutOf(locked.commit)}`);
    // it is written as it was, so that other servers look as well
    await this.#lock.change(() => {});
    await this.#known.look();
    return fetched.leftOut;
  }

  /** Reads an address that was locked, maybe by another machine. */
  #addressOf({ url, branch }: LockedRepository): GitAddress {
    return parseGitAddress({ url, ref: branch }, this.#options);
  }

  #getNow(name: string): Repository {
    return this.#known.get(name) ?? missing(name, this.list());
  }
}
