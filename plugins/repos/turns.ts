/**
 * Who changes a repository, and when: one call of one server at a time.
 *
 * @module
 */
import { type Call, type Folder, isToolError } from "../../kernel/mod.ts";
import type { KnownRepositories } from "./known_repositories.ts";
import { type LockedRepository, type LockFile, REPOSITORY_NAME_REGEXP } from "./lock_file.ts";
import { lockOf } from "./old_checkouts.ts";
import { missing, unchanged, type Updated } from "./repository.ts";

/** What {@linkcode Turns} work with. */
export interface TurnsOptions {
  /** Of the repositories. */
  readonly folder: Folder;
  readonly lock: LockFile;
  readonly known: KnownRepositories;
}

/** Gives calls their turns. */
export class Turns {
  readonly #options: TurnsOptions;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Does something with one or all of the locked repositories, each while nobody else does. */
  async each(
    name: string | undefined,
    call: Call,
    act: (name: string, locked: LockedRepository) => Promise<Updated>,
  ): Promise<readonly Updated[]> {
    const { lock, known } = this.#options;
    const done: Updated[] = [];
    for (const one of name === undefined ? (await lock.read()).keys() : [name]) {
      call.signal.throwIfAborted();
      const updated = await this.alone(one, call, async () => {
        const locked = (await lock.read()).get(one);
        if (locked === undefined) return name === undefined ? undefined : missing(one, known.list());
        return await act(one, locked).catch((thrown) => {
          const isSkipped = name === undefined && isToolError(thrown) && !call.signal.aborted;
          if (isSkipped) return { ...unchanged(known.get(one) ?? missing(one, known.list())), problem: thrown.message };
          throw thrown;
        });
      });
      if (updated !== undefined) done.push(updated);
    }
    return done;
  }

  /** Works on a repository while no other call, of whatever server, does. */
  async alone<T>(name: string, { signal }: Call, work: () => Promise<T>): Promise<T> {
    const { folder, known } = this.#options;
    if (!REPOSITORY_NAME_REGEXP.test(name)) return missing(name, known.list());
    const release = await folder.lock(lockOf(name), { signal });
    try {
      await known.look();
      return await work();
    } finally {
      await release();
    }
  }
}
