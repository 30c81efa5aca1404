/**
 * Keeps toolchains of npm between test files and runtimes, so that some hundred megabytes are installed once: homes
 * share the files by hard links. The folder is `COLLET_TEST_TOOLCHAINS`, `.build/toolchains` by default.
 *
 * @module
 */
import { copyFile, link, mkdir, readdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inRepository } from "./root.ts";

const KEPT = process.env["COLLET_TEST_TOOLCHAINS"] ?? inRepository(".build/toolchains");
const LANGUAGES = ["node", "deno"];

/** Puts what was kept into a home that has no such installation. */
export async function borrowToolchains(home: string): Promise<void> {
  await linkInstallations(KEPT, join(home, "environments"));
}

/** Keeps what was installed in a home for others. */
export async function keepToolchains(home: string): Promise<void> {
  await linkInstallations(join(home, "environments"), KEPT);
}

async function linkInstallations(from: string, to: string): Promise<void> {
  for (const language of LANGUAGES) {
    for (const name of await namesIn(join(from, language))) {
      if (name !== "resolved") await linkOnce(join(from, language, name), join(to, language, name));
    }
    // written when the installation is in place, so that what is decided on is there
    for (const name of await namesIn(join(from, language, "resolved"))) {
      await linkOnce(join(from, language, "resolved", name), join(to, language, "resolved", name));
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

/** Links all files below a folder, and puts the folder in place by one rename; another may have been faster. */
async function linkOnce(from: string, to: string): Promise<void> {
  if (await stat(to).then(() => true, () => false)) return;
  await mkdir(join(to, ".."), { recursive: true });
  const staging = join(to, "..", "..", `.${crypto.randomUUID()}`);
  await linkTree(from, staging);
  await rename(staging, to).catch(() => rm(staging, { recursive: true, force: true }));
}

async function linkTree(from: string, to: string): Promise<void> {
  if (!(await stat(from)).isDirectory()) return await link(from, to).catch(() => copyFile(from, to));
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await linkTree(source, target);
  }
}
