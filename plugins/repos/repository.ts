/**
 * What is known of a repository, and how repositories are told apart.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import { type GitAddress, pathKey } from "../sharing/contract.ts";
import type { Checkout, LeftOut, RepositorySkill } from "./checkout.ts";
import { isRepositoryName, type Locked, type LockedRepository, type LockedSkill } from "./lock_file.ts";

/** A repository that was added. */
export interface Repository extends Omit<LockedRepository, "skills"> {
  readonly name: string;
  /** Whether its checkout is on this machine. */
  readonly isPresent: boolean;
  /** By path. */
  readonly skills: readonly RepositorySkill[];
}

/** What is asked for by `Repositories.add`. */
export interface Wanted {
  readonly url: string;
  /** Branch, tag or commit; the HEAD of the repository by default. */
  readonly branch?: string | undefined;
  /** The last part of the address by default, with those before it where that is the name of another. */
  readonly name?: string | undefined;
}

/** What a repository is pinned to: a commit, whole or its beginning, or nothing any more. */
export type Pin = { readonly commit: string } | { readonly off: true };

/** What an update would bring; disposing of it removes its files. */
export interface Peek extends Checkout, AsyncDisposable {
  readonly repository: Repository;
  readonly isSame: boolean;
}

/** What was added. */
export interface Added {
  readonly repository: Repository;
  /** Whether it was not there before; `false` where the same address was added again. */
  readonly isNew: boolean;
  readonly leftOut: readonly LeftOut[];
}

/** What an update brought. */
export interface Updated {
  /** As it is now. */
  readonly repository: Repository;
  /** The commit before. */
  readonly before: string;
  /** Names of skills. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Whether the commit is the one before. */
  readonly isSame: boolean;
  readonly leftOut: readonly LeftOut[];
  /** Why it could not be updated, where others were. */
  readonly problem?: string | undefined;
}

const FOLDER_DIGITS = 12;
/** Names a folder of a checkout. */
export const CHECKOUT_REGEXP: RegExp = /^[0-9a-f]{12}$/;

/** Gives the name of the folder of a checkout; a commit is told from others by so many of its digits. */
export function checkoutOf(commit: string): string {
  return commit.slice(0, FOLDER_DIGITS);
}

/**
 * Chooses the name of a repository, which becomes that of a folder: what was asked for, or what it has already, or as
 * much of the end of its address as tells it from others, such as `skills` and `owner-skills`.
 *
 * @throws {ToolError} when there is none that can be used.
 */
export function chooseName(
  wanted: string | undefined,
  { address: { url }, locked }: { readonly address: GitAddress; readonly locked: Locked },
): string {
  const [known] = [...locked].find(([, it]) => plain(it.url) === plain(url)) ?? [];
  const names = wanted === undefined ? namesOf(url) : [wanted].filter(isRepositoryName);
  const name = wanted === undefined && known !== undefined
    ? known
    : names.find((it) => findClash(locked, it) === undefined) ?? names[0];
  if (name !== undefined) return name;
  throw new ToolError(
    `Cannot add skill repository ${url}: ${
      wanted === undefined ? "no part of it" : JSON.stringify(wanted)
    } can be its name, expected 1 to 64 letters, digits, "-", "_" or ".", the first a letter or digit`,
  );
}

/** Lists the names that the end of an address gives, the shortest first. */
function namesOf(url: string): readonly string[] {
  const address = plain(url).replace(/^[a-z+]+:\/\//i, "");
  const parts = address.split(/[/\\:]/).map((part) => part.replace(/[^A-Za-z0-9._-]+/g, "-")).filter((it) => it !== "");
  const ends = parts.map((_, at) => parts.slice(at).join("-").replace(/^[^A-Za-z0-9]+/, "").replace(/\.+$/, ""));
  return ends.reverse().filter(isRepositoryName);
}

/** Finds the repository whose folder a name would be. */
export function findClash(locked: Locked, name: string): readonly [name: string, LockedRepository] | undefined {
  return [...locked].find(([other]) => pathKey(other) === pathKey(name));
}

/**
 * Checks that a repository is the one that is to be added.
 *
 * @throws {ToolError} naming both.
 */
export function checkSame(
  taken: string,
  locked: LockedRepository,
  { name, address }: { readonly name: string; readonly address: GitAddress },
): void {
  if (plain(locked.url) !== plain(address.url)) {
    throw new ToolError(
      `Cannot add skill repository ${address.url} as "${name}": "${taken}" is ${locked.url}; give it another name, ` +
        "or remove that one first",
    );
  }
  if (address.ref !== undefined && address.ref !== locked.branch) {
    throw new ToolError(
      `Cannot add skill repository ${address.url} at "${address.ref}" as "${name}": "${taken}" is the same at ` +
        `${locked.branch === undefined ? "its default branch" : `"${locked.branch}"`}; remove that one first`,
    );
  }
}

/** Gives what is equal for addresses that hosts take for one. */
function plain(url: string): string {
  return url.replace(/\/+$/, "").replace(/\/?\.git$/i, "");
}

/**
 * Fails, since there is no such repository.
 *
 * @throws {ToolError} naming those that there are.
 */
export function missing(name: string, known: readonly Repository[]): never {
  const names = known.map((it) => `"${it.name}"`).join(", ");
  const there = names === "" ? "none was added" : `there are ${names}`;
  throw new ToolError(`Cannot find skill repository ${JSON.stringify(name)}: ${there}; add one by add_skill_repo`);
}

/** Tells the skills of one commit from those of another, by their folders; names them. */
export function compareSkills(
  before: ReadonlyMap<string, LockedSkill>,
  after: ReadonlyMap<string, LockedSkill>,
): Pick<Updated, "added" | "removed" | "changed"> {
  const names = (skills: ReadonlyMap<string, LockedSkill>, isOne: (path: string, skill: LockedSkill) => boolean) => {
    return [...skills].filter(([path, skill]) => isOne(path, skill)).map(([, { name }]) => name).sort();
  };
  return {
    added: names(after, (path) => !before.has(path)),
    removed: names(before, (path) => !after.has(path)),
    changed: names(after, (path, { digest }) => before.has(path) && before.get(path)!.digest !== digest),
  };
}

/** Tells of a repository that stayed as it was. */
export function unchanged(repository: Repository): Updated {
  return { repository, before: repository.commit, added: [], removed: [], changed: [], isSame: true, leftOut: [] };
}
