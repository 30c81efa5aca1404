/**
 * From the address of a repository to its skills on this machine, beside where they will be.
 *
 * @module
 */
import { type Call, type Folder, isToolError, ToolError } from "../../kernel/mod.ts";
import type { GitAddress, GitTree, Sources } from "../sharing/contract.ts";
import { plainText } from "../trust/contract.ts";
import { type Checkout, type CheckoutLimits, type LeftOut, writeCheckout } from "./checkout.ts";
import type { LockedRepository } from "./lock_file.ts";
import { openStage, type Stage } from "./staging.ts";
import { countSkills } from "./wording.ts";

/** How much a repository may bring. */
export interface RepositoryLimits extends CheckoutLimits {
  /** Most bytes that git loads. */
  readonly maxCloneBytes: number;
  /** Most milliseconds of each step of git. */
  readonly timeoutMs: number;
}

/** What a {@linkcode Fetcher} works with. */
export interface FetcherOptions {
  /** Of the repositories. */
  readonly folder: Folder;
  readonly sources: Sources;
  readonly limits: RepositoryLimits;
  /** Tells whether a call is by the server's own user, whose paths may be named, and whose keys git may use. */
  readonly isOwnUser: (call: Call) => boolean;
}

/** What is fetched, and for what. */
export interface FetchOptions {
  readonly call: Call;
  readonly address: GitAddress;
  /** What was taken before, or is to be taken again. */
  readonly known?: LockedRepository | undefined;
  /** Its checkout: where it is there, nothing is written for the same commit. */
  readonly present?: Folder | undefined;
  /** Whether what is fetched must be what is known. */
  readonly isAsLocked?: boolean;
}

/** A checkout that nobody uses yet; disposing of it removes it, unless it was moved. */
export interface Fetched extends Checkout, AsyncDisposable {
  /** Puts it in the place of what is at a path in the folder of the repositories. */
  moveTo(path: string): Promise<void>;
}

const STEPS = 3;

/** Fetches commits, and writes what is to be taken of them. */
export class Fetcher {
  readonly #options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /**
   * Fetches a commit.
   *
   * @throws {ToolError} when that fails, no skill can be taken, or one is not what was locked.
   */
  async fetch(name: string, options: FetchOptions): Promise<Fetched> {
    const stage = await openStage(this.#options.folder, name);
    try {
      return await this.#fetchTo(stage, { name, ...options });
    } catch (error) {
      await stage.close();
      options.call.signal.throwIfAborted();
      if (!isToolError(error) || error.message.startsWith("Cannot ")) throw error;
      throw new ToolError(`Cannot take skill repository "${name}" (${options.address.url}): ${error.message}`, {
        cause: error,
      });
    }
  }

  async #fetchTo(stage: Stage, options: FetchOptions & { readonly name: string }): Promise<Fetched> {
    const { call, address, known, present, isAsLocked = false } = options;
    await call.progress(0, STEPS, `Fetching ${address.url}`);
    const tree = await this.#open(stage, options);
    const { commit } = tree.origin;
    if (isAsLocked && commit !== known?.commit) {
      throw new ToolError(`it gave commit ${commit}, and ${known?.commit} is locked`);
    }
    if (commit === known?.commit && present !== undefined) {
      await stage.close();
      const skills = [...known.skills].map(([path, skill]) => ({ path, ...skill }));
      return { commit, skills, folder: present, leftOut: [], async moveTo() {}, async [Symbol.asyncDispose]() {} };
    }
    await call.progress(1, STEPS, `Writing the skills of commit ${commit.slice(0, 12)}`);
    const checkout = await this.#write(tree, stage, options);
    await tree.close();
    await call.progress(2, STEPS, countSkills(checkout.skills.length));
    const { folder } = this.#options;
    return {
      ...checkout,
      async moveTo(path) {
        // what is there was left by somebody who died, or is of another time
        await folder.remove(path);
        await folder.move(stage.treePath, path);
      },
      [Symbol.asyncDispose]: () => stage.close(),
    };
  }

  async #open(stage: Stage, { call, address }: FetchOptions): Promise<GitTree> {
    const { sources, isOwnUser, limits } = this.#options;
    return await sources.openGit(address, {
      isOwnUser: isOwnUser(call),
      signal: call.signal,
      limits,
      place: stage.work,
    });
  }

  async #write(
    tree: GitTree,
    stage: Stage,
    { name, call, known, isAsLocked = false }: FetchOptions & { readonly name: string },
  ): Promise<Checkout> {
    const checkout = await writeCheckout(tree, {
      folder: stage.tree,
      limits: this.#options.limits,
      repository: name,
      known: known?.skills,
      only: isAsLocked ? new Set(known?.skills.keys()) : undefined,
      signal: call.signal,
    });
    if (isAsLocked && known !== undefined) verify(checkout, known);
    return checkout;
  }
}

const MOST_NAMED = 5;

/**
 * Compares what was fetched with what was locked.
 *
 * @throws {ToolError} naming the skills that differ.
 */
function verify({ skills, leftOut }: Checkout, known: LockedRepository): void {
  const digests = new Map(skills.map(({ path, digest }) => [path, digest]));
  const reasons = new Map(leftOut.map(({ path, reason }: LeftOut) => [path, reason]));
  const wrong = [...known.skills].filter(([path, { digest }]) => digests.get(path) !== digest).map(([path, skill]) => {
    const why = digests.has(path) ? "its files differ" : reasons.get(path) ?? "it is not there";
    return plainText(`"${skill.name}" (${path === "" ? "the root" : path}): ${why}`);
  });
  if (wrong.length === 0) return;
  const more = wrong.length > MOST_NAMED ? `, and ${wrong.length - MOST_NAMED} more` : "";
  throw new ToolError(
    `${wrong.length} of its skills are not what was locked: ${
      wrong.slice(0, MOST_NAMED).join("; ")
    }${more}; if the lock ` +
      "is wrong, remove the repository and add it again",
  );
}
