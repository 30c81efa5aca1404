/**
 * A lock between processes: a folder that holds one file, named by a token that is never used twice.
 *
 * A folder with its token file inside is renamed to the lock's name, which fails while the lock's folder has a file
 * in it, and succeeds for one contender alone when it is empty or absent (POSIX `rename`). Whoever finds the holder
 * dead removes the token file by its own name; a new holder's file has another name, so that two contenders who judge
 * the same dead holder can never remove a lock that was taken meanwhile.
 *
 * @module
 */
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Disposer } from "../plugin.ts";
import { LockQueue } from "./lock_queue.ts";
import { temporaryName } from "./paths.ts";
import { type ProcessIdentity, processIdentity, seemsAlive } from "./process_identity.ts";
import { codeOf, isAbsent } from "./real_path.ts";

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;
const BEAT_MS = 3_000;
/** A holder of which no more can be known is given up when its file has not been touched for this long. */
const SILENCE_MS = 20_000;

const QUEUE = new LockQueue();

/** What a waiter has seen of holders on other machines. */
type Beats = Map<string, { readonly beat: number; readonly since: number }>;

/**
 * Takes a lock, and gives what releases it.
 *
 * @param path Real path of the lock; the folder above it exists.
 * @throws the reason of `signal` when it aborts first.
 */
export async function takeFileLock(path: string, signal?: AbortSignal): Promise<Disposer> {
  const endTurn = await QUEUE.acquire(path, signal);
  const token = crypto.randomUUID();
  const offer = join(dirname(path), temporaryName());
  try {
    await fs.mkdir(offer);
    await fs.writeFile(join(offer, token), JSON.stringify(processIdentity()));
    await waitForRename(offer, path, signal);
  } catch (error) {
    await fs.rm(offer, { recursive: true, force: true });
    endTurn();
    throw error;
  }
  return holdUntilReleased(path, token, endTurn);
}

async function waitForRename(offer: string, path: string, signal: AbortSignal | undefined): Promise<void> {
  const beats: Beats = new Map();
  for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS)) {
    signal?.throwIfAborted();
    if (await renameOnto(offer, path)) return;
    if (await clearDeadHolder(path, beats)) continue;
    // without chance in it, contenders that began together would meet again and again
    await sleep(waitMs * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal })
      .catch(() => signal?.throwIfAborted());
  }
}

async function renameOnto(offer: string, path: string): Promise<boolean> {
  try {
    // Windows does not rename onto an empty folder, so it goes first; a folder that is held is not empty and stays
    if (process.platform === "win32") await fs.rmdir(path).catch(() => {});
    await fs.rename(offer, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    if (process.platform === "win32" && (code === "EPERM" || code === "EACCES")) return false;
    throw error;
  }
}

/** Removes the file of a holder that is dead; tells whether the lock may be free now. */
async function clearDeadHolder(path: string, beats: Beats): Promise<boolean> {
  try {
    const [token] = await fs.readdir(path);
    if (token === undefined) return true;
    const file = join(path, token);
    const { mtimeMs: beat } = await fs.stat(file);
    const isAlive = seemsAlive(parseIdentity(await fs.readFile(file, "utf8")));
    if (isAlive === true) return false;
    if (isAlive === undefined && !isSilent(beats, token, beat)) return false;
    await fs.unlink(file);
    return true;
  } catch (error) {
    if (isAbsent(error)) return true;
    throw error;
  }
}

/** Compares beats with one another only, so that clocks of two machines need not agree. */
function isSilent(beats: Beats, token: string, beat: number): boolean {
  const seen = beats.get(token);
  if (seen?.beat === beat) return performance.now() - seen.since > SILENCE_MS;
  beats.set(token, { beat, since: performance.now() });
  return false;
}

function parseIdentity(text: string): Partial<ProcessIdentity> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function holdUntilReleased(path: string, token: string, endTurn: () => void): Disposer {
  const file = join(path, token);
  const beating = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now).catch(() => {});
  }, BEAT_MS);
  beating.unref();
  let released: Promise<void> | undefined;
  async function release(): Promise<void> {
    clearInterval(beating);
    try {
      await fs.rm(file, { force: true });
      // fails when the next holder is in already, which is as well
      await fs.rmdir(path).catch(() => {});
    } finally {
      endTurn();
    }
  }
  return () => released ??= release();
}
