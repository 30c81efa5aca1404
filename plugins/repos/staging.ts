/**
 * Folders in which checkouts are prepared, beside those of the repositories, so that they get there by one rename.
 *
 * @module
 */
import type { Disposer, Folder } from "../../kernel/mod.ts";

/** Holds what is being prepared, in the folder of the repositories. */
export const STAGING = ".staging";
/** How long is waited for a lock that nobody may hold. */
const TRY_MS = 100;
/** How often, and after how long each time, is tried to remove what a git whose server died still writes to. */
const TRIES = 10;
const PAUSE_MS = 100;

/** A folder of its own for one checkout. */
export interface Stage {
  /** Holds what git needs. */
  readonly work: Folder;
  /** Empty; becomes the checkout. */
  readonly tree: Folder;
  /** Where that is in the folder of the repositories. */
  readonly treePath: string;
  /** Removes what is left of it. */
  close(): Promise<void>;
}

/**
 * Makes a folder for one checkout.
 *
 * @param repositories The folder of the repositories.
 */
export async function openStage(repositories: Folder, name: string): Promise<Stage> {
  const id = `${name}.${crypto.randomUUID().slice(0, 8)}`;
  const path = `${STAGING}/${id}`;
  // as long as it is held, the folder belongs to a server that lives
  const release = await repositories.lock(lockOf(id));
  const close = async () => {
    try {
      await repositories.remove(path);
    } finally {
      await release();
    }
  };
  try {
    const [workPath, treePath] = [`${path}/work`, `${path}/tree`];
    for (const it of [workPath, treePath]) await repositories.makeFolder(it);
    return { work: repositories.at(workPath), tree: repositories.at(treePath), treePath, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Removes what servers that died were preparing.
 *
 * @throws when one of them cannot be removed.
 */
export async function removeStages(repositories: Folder): Promise<void> {
  for (const { path: id } of await repositories.list(STAGING)) {
    const release = await tryLock(repositories, lockOf(id));
    if (release === undefined) continue;
    try {
      await removeBusy(repositories, `${STAGING}/${id}`);
    } finally {
      await release();
    }
  }
}

async function removeBusy(repositories: Folder, path: string): Promise<void> {
  for (let left = TRIES;; left--) {
    try {
      return void await repositories.remove(path);
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Takes a lock unless somebody holds it. */
export async function tryLock(folder: Folder, name: string): Promise<Disposer | undefined> {
  const signal = AbortSignal.timeout(TRY_MS);
  try {
    return await folder.lock(name, { signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function lockOf(id: string): string {
  return `stage-${id}`;
}
