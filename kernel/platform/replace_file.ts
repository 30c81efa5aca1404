/**
 * Replaces a file whole or not at all.
 *
 * @module
 */
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryName } from "./paths.ts";
import { codeOf } from "./real_path.ts";

const IS_WINDOWS = process.platform === "win32";
const MOST_RENAMES = 10;

/** Renames; on Windows again for a while when a virus scanner or indexer holds the file. */
export async function renameFile(from: string, to: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await fs.rename(from, to);
    } catch (error) {
      const canPass = ["EACCES", "EBUSY", "EPERM"].includes(codeOf(error) ?? "");
      if (!IS_WINDOWS || !canPass || attempt === MOST_RENAMES) throw error;
      await sleep(10 * attempt);
    }
  }
}

/**
 * Writes a temporary file beside the target, flushes it, and renames it over the target.
 *
 * @param mode Permission bits; those of the file that is replaced by default.
 */
export async function replaceFile(target: string, data: string | Uint8Array, mode?: number): Promise<void> {
  const folder = dirname(target);
  const temporary = join(folder, temporaryName());
  try {
    await writeFlushed(temporary, data, mode ?? await modeOf(target));
    await renameFile(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(folder);
}

async function writeFlushed(path: string, data: string | Uint8Array, mode: number | undefined): Promise<void> {
  const handle = await fs.open(path, "wx", mode ?? 0o666);
  try {
    await handle.writeFile(data);
    // the process's mask took bits away when the file was opened
    if (mode !== undefined) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await fs.stat(path)).mode & 0o777;
  } catch {
    return undefined;
  }
}

/** Makes the rename itself last through a power failure, where a folder can be flushed. */
async function flushFolder(path: string): Promise<void> {
  if (IS_WINDOWS) return;
  const handle = await fs.open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
