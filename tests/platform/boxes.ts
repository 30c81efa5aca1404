/**
 * Folders of workers to try, with something outside that is not to be reached.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { SyncFile, SyncFolder, SyncOpenOptions } from "../../kernel/mod.ts";
import { openFolder } from "../../kernel/platform/worker_files.ts";
import { temporaryFolder } from "./temporary.ts";

/** Why tests of POSIX are skipped, or `false`. */
export const IS_WINDOWS: string | false = process.platform === "win32"
  ? "links, pipes and codes are those of POSIX"
  : false;
export const READ: SyncOpenOptions = { read: true };
export const CREATE: SyncOpenOptions = { write: true, create: true };

/** A folder `inside` that is opened, and its neighbour `outside` with a secret. */
export interface Box extends AsyncDisposable {
  readonly folder: SyncFolder;
  readonly inside: string;
  readonly outside: string;
}

/** Registers a test on a folder whose parts are held by descriptors, and on one found by paths. */
export function testBoth(fact: string, run: (box: Box) => void | Promise<void>, { writable = true } = {}): void {
  for (const isByPath of [false, true]) {
    test(`openFolder() ${isByPath ? "by paths" : "by descriptors"}: ${fact}`, { skip: IS_WINDOWS }, async () => {
      await using box = await makeBox({ writable, isByPath });
      await run(box);
    });
  }
}

/** Makes a box with files, folders and links of every kind. */
export async function makeBox(options: { readonly writable: boolean; readonly isByPath: boolean }): Promise<Box> {
  const base = await temporaryFolder();
  const [inside, outside] = [join(base.path, "inside"), join(base.path, "outside")];
  for (const path of [inside, outside, join(inside, "folder"), join(inside, "full")]) mkdirSync(path);
  writeFileSync(join(outside, "secret"), "secret");
  writeFileSync(join(inside, "file"), "content");
  writeFileSync(join(inside, "full", "file"), "deep");
  symlinkSync("file", join(inside, "link"));
  symlinkSync("full", join(inside, "door"));
  symlinkSync("absent", join(inside, "dangling"));
  symlinkSync("loop", join(inside, "loop"));
  const folder = openFolder(inside, options);
  return {
    folder,
    inside,
    outside,
    [Symbol.asyncDispose]() {
      folder.close();
      return base[Symbol.asyncDispose]();
    },
  };
}

/** Reads a file, and closes it. */
export function readAll(file: SyncFile): string {
  const bytes = new Uint8Array(1000);
  const text = new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0n)));
  file.close();
  return text;
}

/** Gives the code of what an operation throws, `OK` when it throws nothing. */
export function codeOf(run: () => unknown): string {
  try {
    run();
    return "OK";
  } catch (error) {
    assert.ok(error instanceof Error);
    return String((error as { code?: string }).code);
  }
}

/** Compares the codes of operations, all of them at once. */
export function assertCodes(cases: readonly (readonly [what: string, code: string, run: () => unknown])[]): void {
  assert.deepEqual(cases.map(([what, , run]) => [what, codeOf(run)]), cases.map(([what, code]) => [what, code]));
}
