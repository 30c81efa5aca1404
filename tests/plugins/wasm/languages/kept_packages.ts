/**
 * Keeps what compilers have fetched and compiled of packages between test files and runtimes. The folder is
 * `COLLET_TEST_WASM_PACKAGES`, `.build/wasm_packages` by default. What was built of tools is not kept, so that each run
 * compiles them.
 *
 * @module
 */
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { inRepository } from "../../../support/root.ts";

const KEPT = process.env["COLLET_TEST_WASM_PACKAGES"] ?? inRepository(".build/wasm_packages");
/** Where it is in the home of a server. */
const PLACE = "cache/wasm";
/** Folders whose entries are kept each by itself. */
const FOLDERS = ["rust", "resolved", "go"];
/** Folders that are kept whole. */
const WHOLE = ["cargo"];
/** What is kept elsewhere already. */
const LEFT_OUT = ["go/build"];

/** Puts what was kept into a home. */
export async function borrowPackages(home: string): Promise<void> {
  await copyEach(KEPT, join(home, PLACE));
}

/** Keeps what was fetched in a home for others. */
export async function keepPackages(home: string): Promise<void> {
  await copyEach(join(home, PLACE), KEPT);
}

async function copyEach(from: string, to: string): Promise<void> {
  for (const folder of FOLDERS) {
    for (const name of await readdir(join(from, folder)).catch(() => [])) {
      const path = `${folder}/${name}`;
      if (!LEFT_OUT.includes(path)) await copyOnce(join(from, path), join(to, path));
    }
  }
  for (const folder of WHOLE) await copyOnce(join(from, folder), join(to, folder));
}

/** Copies a folder, and puts it in place by one rename; another may have been faster. */
async function copyOnce(from: string, to: string): Promise<void> {
  const [isThere, isDone] = await Promise.all([from, to].map((path) => stat(path).then(() => true, () => false)));
  if (!isThere || isDone) return;
  await mkdir(dirname(to), { recursive: true });
  const staging = join(dirname(to), `.${crypto.randomUUID()}`);
  // cargo compiles again what looks newer than what was made of it
  await cp(from, staging, { recursive: true, preserveTimestamps: true });
  await rename(staging, to).catch(() => rm(staging, { recursive: true, force: true }));
}
