/**
 * Checkouts that are not needed any more.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import { type LockFile, REPOSITORY_NAME_REGEXP } from "./lock_file.ts";
import { CHECKOUT_REGEXP, checkoutOf } from "./repository.ts";
import { tryLock } from "./staging.ts";

/** Gives the name of the lock that whoever changes a repository holds. */
export function lockOf(name: string): string {
  return `repository-${name.toLowerCase()}`;
}

/** Removes the checkouts of a repository but those of some commits, and those that are kept. */
export async function removeOld(
  repositories: Folder,
  name: string,
  { commits, keep }: {
    readonly commits: readonly string[];
    readonly keep?: ((repository: string, commit: string) => boolean | Promise<boolean>) | undefined;
  },
): Promise<void> {
  const kept = new Set(commits.map(checkoutOf));
  for (const { path } of await repositories.list(name)) {
    if (!CHECKOUT_REGEXP.test(path) || kept.has(path) || await keep?.(name, path)) continue;
    await repositories.remove(`${name}/${path}`);
  }
}

/**
 * Removes the checkouts of repositories that the lock does not have: somebody died before it was written, or after.
 *
 * @throws {ToolError} when the lock is not well formed; then nothing is removed.
 */
export async function removeOrphans(repositories: Folder, lock: LockFile): Promise<void> {
  const locked = await lock.read();
  for (const { path: name, kind } of await repositories.list()) {
    if (kind !== "folder" || !REPOSITORY_NAME_REGEXP.test(name) || locked.has(name)) continue;
    const entries = await repositories.list(name);
    // what holds anything else is none of ours
    if (!entries.every(({ path }) => CHECKOUT_REGEXP.test(path))) continue;
    const release = await tryLock(repositories, lockOf(name));
    if (release === undefined) continue;
    try {
      if (!(await lock.read()).has(name)) await repositories.remove(name);
    } finally {
      await release();
    }
  }
}
