/**
 * Folders that are gone when the benchmark ends, however it ends.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inRepository } from "../lib/repository.ts";

/** Holds the folders. Each run has one of its own, so that two at a time do not take each other's files away. */
export const SCRATCH_FOLDER: string = inRepository(".build", "bench", String(process.pid));

process.on("exit", () => rmSync(SCRATCH_FOLDER, { recursive: true, force: true, maxRetries: 3 }));

/** Makes an empty folder. */
export async function makeScratchFolder(name: string): Promise<string> {
  await mkdir(SCRATCH_FOLDER, { recursive: true });
  return await mkdtemp(join(SCRATCH_FOLDER, `${name}-`));
}
