/**
 * Files on disk, over `node:fs`.
 *
 * @module
 */
import { constants, lstatSync } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, isAbsolute, join, sep } from "node:path";
import process from "node:process";
import type { EntryWish, Files, FileStat, Folder, FolderEntry } from "../contracts.ts";
import { isKernelError, KernelError, messageOf } from "../errors.ts";
import type { Disposer } from "../plugin.ts";
import { takeFileLock } from "./file_lock.ts";
import { describe, kindOf, listMany, READ_FLAGS, readMany } from "./many.ts";
import { comparePaths, isInternal, lockFileName, splitPath, splitPathBelow, temporaryName } from "./paths.ts";
import { codeOf, contain, containEntry, isAbsent, realPathOrPlanned } from "./real_path.ts";
import { renameFile, replaceFile } from "./replace_file.ts";
import { watchPath } from "./watch.ts";

const RULES = Object.freeze({ windows: process.platform === "win32" });

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  EACCES: "permission denied",
  EEXIST: "the target exists",
  EISDIR: "it is a folder",
  ENOENT: "no such file or folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is a file",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
});

interface ListOptions {
  readonly prefix: string;
  readonly recursive: boolean;
  readonly internal: boolean;
}

async function attempt<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isKernelError(error)) throw error;
    throw new Error(`Cannot ${action}: ${REASONS[codeOf(error) ?? ""] ?? messageOf(error)}`, { cause: error });
  }
}

async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function readFile(path: string): Promise<Uint8Array | undefined> {
  const handle = await unlessAbsent(fs.open(path, READ_FLAGS));
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new Error("it is a folder");
    if (!stat.isFile()) throw new Error("it is no ordinary file");
    // a plain view: the methods of Buffer differ from those of the class it extends
    const { buffer, byteOffset, byteLength } = await handle.readFile();
    return new Uint8Array(buffer, byteOffset, byteLength);
  } finally {
    await handle.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await fs.mkdir(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    throw new Error(REASONS["ENOTDIR"], { cause: error });
  }
}

async function listInto(entries: FolderEntry[], folder: string, options: ListOptions): Promise<void> {
  for (const entry of await unlessAbsent(fs.readdir(folder, { withFileTypes: true })) ?? []) {
    const kind = kindOf(entry);
    if (kind === undefined || (isInternal(entry.name) && !options.internal)) continue;
    entries.push({ path: options.prefix + entry.name, kind });
    if (options.recursive && kind === "folder") {
      await listInto(entries, join(folder, entry.name), { ...options, prefix: `${options.prefix}${entry.name}/` });
    }
  }
}

class DiskFolder implements Files {
  readonly path: string;
  readonly #findRoot: () => string;

  constructor(findRoot: () => string) {
    this.#findRoot = findRoot;
    this.path = findRoot();
  }

  /** Gives the real path of what a path leads to. */
  #follow(path: string): string {
    return contain(this.#findRoot(), splitPath(path, RULES));
  }

  /** Gives what does so for many paths, and looks once where this folder is. */
  #locator(): (path: string) => string {
    const root = this.#findRoot();
    return (path) => contain(root, splitPath(path, RULES));
  }

  /** Gives the real path of an entry below this folder; a link at its end stands for itself. */
  #entry(path: string): string {
    return containEntry(this.#findRoot(), splitPathBelow(path, RULES));
  }

  async readText(path: string): Promise<string | undefined> {
    const bytes = await this.readBytes(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  async readBytes(path: string): Promise<Uint8Array | undefined> {
    return await attempt(`read "${path}"`, async () => await readFile(this.#follow(path)));
  }

  async writeAtomic(
    path: string,
    data: string | Uint8Array,
    options: { readonly mode?: number } = {},
  ): Promise<void> {
    await attempt(`write "${path}"`, async () => {
      splitPathBelow(path, RULES);
      const target = this.#follow(path);
      await makeFolder(dirname(target));
      await replaceFile(target, data, options.mode);
    });
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return await attempt(`look at "${path}"`, async () => {
      const entry = containEntry(this.#findRoot(), splitPath(path, RULES));
      const found = await unlessAbsent(fs.lstat(entry, { bigint: true }));
      return found && describe(found);
    });
  }

  async list(
    path = ".",
    { recursive = false, internal = false }: { readonly recursive?: boolean; readonly internal?: boolean } = {},
  ): Promise<readonly FolderEntry[]> {
    return await attempt(`list "${path}"`, async () => {
      const folder = this.#follow(path);
      const found = await unlessAbsent(fs.lstat(folder));
      if (found !== undefined && !found.isDirectory()) throw new Error("it is a file");
      const entries: FolderEntry[] = [];
      await listInto(entries, folder, { prefix: "", recursive, internal });
      return entries.sort(comparePaths);
    });
  }

  async listMany(
    paths: readonly string[],
    { wish = () => undefined }: { readonly wish?: (path: string) => EntryWish | undefined } = {},
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
    return await listMany(paths, { locate: this.#locator(), wish });
  }

  async readMany(
    paths: readonly string[],
    { mostBytes }: { readonly mostBytes?: number } = {},
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return await readMany(paths, { locate: this.#locator(), mostBytes });
  }

  async makeFolder(path: string): Promise<void> {
    await attempt(`make folder "${path}"`, async () => {
      await makeFolder(this.#follow(path));
    });
  }

  async move(from: string, to: string): Promise<void> {
    await attempt(`move "${from}" to "${to}"`, async () => {
      const source = this.#entry(from);
      const target = await this.#freeTarget(to);
      if (target.startsWith(source + sep)) throw new Error("the folder would hold itself");
      await fs.lstat(source);
      await makeFolder(dirname(target));
      await renameFile(source, target);
    });
  }

  async copy(from: string, to: string): Promise<void> {
    await attempt(`copy "${from}" to "${to}"`, async () => {
      splitPathBelow(from, RULES);
      const source = this.#follow(from);
      const target = await this.#freeTarget(to);
      if (target.startsWith(source + sep)) throw new Error("the folder would hold itself");
      await fs.lstat(source);
      await makeFolder(dirname(target));
      const temporary = join(dirname(target), temporaryName());
      try {
        await this.#copyTree(source, temporary);
        await renameFile(temporary, target);
      } catch (error) {
        await fs.rm(temporary, { recursive: true, force: true });
        throw error;
      }
    });
  }

  async #freeTarget(path: string): Promise<string> {
    const target = this.#entry(path);
    if (await unlessAbsent(fs.lstat(target)) !== undefined) throw new Error("the target exists");
    return target;
  }

  async #copyTree(source: string, target: string): Promise<void> {
    const found = await fs.lstat(source);
    if (found.isSymbolicLink()) {
      const root = this.#findRoot();
      contain(root, source.slice(root.length).split(sep).filter((part) => part !== ""));
      await fs.symlink(await fs.readlink(source), target);
    } else if (found.isDirectory()) {
      await fs.mkdir(target, { mode: found.mode });
      for (const name of await fs.readdir(source)) {
        if (!isInternal(name)) await this.#copyTree(join(source, name), join(target, name));
      }
    } else if (found.isFile()) {
      await fs.copyFile(source, target, constants.COPYFILE_EXCL);
    }
  }

  async remove(path: string): Promise<boolean> {
    return await attempt(`remove "${path}"`, async () => {
      const target = this.#entry(path);
      if (await unlessAbsent(fs.lstat(target)) === undefined) return false;
      await fs.rm(target, { recursive: true, force: true, maxRetries: 3 });
      return true;
    });
  }

  at(path: string): Folder {
    const parts = splitPath(path, RULES);
    return new DiskFolder(() => contain(this.#findRoot(), parts));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async resolve(path: string): Promise<string> {
    return this.#follow(path);
  }

  async lock(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Disposer> {
    const fileName = lockFileName(name);
    const root = this.#findRoot();
    await attempt(`take lock "${name}"`, async () => await fs.mkdir(root, { recursive: true }));
    return await takeFileLock(join(root, fileName), options.signal);
  }

  watch(
    path: string,
    listener: (paths: readonly string[]) => void,
    options: { readonly debounceMs?: number; readonly ignores?: (path: string) => boolean } = {},
  ): Disposer {
    const prefix = splitPath(path, RULES).join("/");
    return watchPath(() => this.#follow(path), listener, { ...options, prefix });
  }

  open(absolutePath: string): Folder {
    return openFolder(absolutePath);
  }
}

function openFolder(path: string): DiskFolder {
  if (!isAbsolute(path) || path.includes("\0")) {
    throw new KernelError("OPTION_INVALID", `Cannot open folder ${JSON.stringify(path)}: an absolute path is wanted`);
  }
  return new DiskFolder(() => realPathOrPlanned(path));
}

/**
 * Makes the files of a server.
 *
 * @param home Absolute path of its home folder, which need not exist yet.
 * @throws {KernelError} `OPTION_INVALID` when the path is not absolute.
 */
export function createFiles(home: string): Files {
  return openFolder(home);
}

/**
 * Makes the home folder, for its owner alone, unless it is there.
 *
 * @throws {KernelError} `HOME_UNUSABLE` when it cannot be made, is a file, or cannot be written to.
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    await fs.mkdir(home, { recursive: true, mode: 0o700 });
    await fs.access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!lstatSync(realPathOrPlanned(home)).isDirectory()) throw new Error("it is a file");
  } catch (error) {
    const reason = REASONS[codeOf(error) ?? ""] ?? messageOf(error);
    throw new KernelError("HOME_UNUSABLE", `Cannot use home folder "${home}": ${reason}`, {
      cause: error,
      fix: "Set COLLET_HOME to a folder that this user can write to",
    });
  }
}
