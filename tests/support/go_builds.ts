/**
 * Keeps what Go has compiled of its standard library between test files and runtimes. The folder is
 * `COLLET_TEST_GO_BUILDS`, `.build/go` by default.
 *
 * @module
 */
import { cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inRepository } from "./root.ts";

const KEPT = process.env["COLLET_TEST_GO_BUILDS"] ?? inRepository(".build/go");
/** Where it is in the home of a server. */
const PLACE = "cache/wasm/go/build";

/** Puts what was kept into a home. */
export async function borrowGoBuilds(home: string): Promise<void> {
  if (await isThere(KEPT)) await cp(KEPT, join(home, PLACE), { recursive: true });
}

/** Keeps what was compiled in a home for others, unless something is kept already. */
export async function keepGoBuilds(home: string): Promise<void> {
  if (await isThere(KEPT) || !await isThere(join(home, PLACE))) return;
  const staging = `${KEPT}-${crypto.randomUUID()}`;
  await mkdir(join(KEPT, ".."), { recursive: true });
  await cp(join(home, PLACE), staging, { recursive: true });
  // another may have been faster
  await rename(staging, KEPT).catch(() => rm(staging, { recursive: true, force: true }));
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
