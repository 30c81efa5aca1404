/**
 * Folders for threads that may wait, over the synchronous calls of `node:fs`.
 *
 * A folder is what it was when it was opened: its real path is taken then. See `worker_files_walk.ts` for what keeps
 * paths inside, and which race remains on which system. Only files are opened: a pipe, a socket or a device is `EPERM`,
 * and waits for nobody.
 *
 * Times are set to the microsecond at best; Deno sets and tells them to the millisecond.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { isAbsolute } from "node:path";
import process from "node:process";
import type { SyncEntry, SyncFile, SyncFolder, SyncOpenOptions, SyncStat, SyncTimes } from "../workers.ts";
import { attempt, FileFailure } from "./worker_files_failure.ts";
import { completeTimes, NativeFile, toSyncStat } from "./worker_files_file.ts";
import { type Entry, FolderTree, type Following, isStillThere } from "./worker_files_walk.ts";

// Windows has not all of these
const { O_APPEND, O_CREAT, O_EXCL, O_NOCTTY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_RDWR, O_WRONLY } =
  constants;

/** How a folder is opened. */
export interface OpenFolderOptions {
  readonly writable: boolean;
  /** Whether folders below it are found by their paths, as on systems other than Linux; for tests. */
  readonly isByPath?: boolean;
}

/**
 * Opens a folder of this machine.
 *
 * @throws {FileFailure} `EINVAL` for a path that is not absolute, else as open(2) says.
 */
export function openFolder(absolutePath: string, { writable, isByPath = false }: OpenFolderOptions): SyncFolder {
  const what = `open the folder "${absolutePath}"`;
  if (!isAbsolute(absolutePath)) throw new FileFailure("EINVAL", what);
  return attempt(what, () => {
    return new NativeFolder(new FolderTree(realpathSync.native(absolutePath), { isByPath }), writable);
  });
}

class NativeFolder implements SyncFolder {
  readonly #tree: FolderTree;
  readonly #isWritable: boolean;

  constructor(tree: FolderTree, isWritable: boolean) {
    this.#tree = tree;
    this.#isWritable = isWritable;
  }

  open(path: string, options: SyncOpenOptions): SyncFile {
    const isNew = options.create === true && options.exclusive === true;
    const following = options.follow === true && !isNew ? "always" : "slash";
    return this.#at("open", path, { following }, (entry, fail) => {
      const { write = false, truncate = false } = options;
      checkOpening(entry, options, fail);
      if (!this.#isWritable && (write || truncate || entry.found === undefined)) throw fail("EROFS");
      const descriptor = openSync(entry.path, flagsOf(options), 0o666);
      try {
        const opened = fstatSync(descriptor, { bigint: true });
        if (!opened.isFile() || !isStillThere(entry, opened)) throw fail("EPERM");
        // not by a flag: what was opened is known only now
        if (truncate) ftruncateSync(descriptor, 0);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      return new NativeFile(descriptor, {
        shown: path,
        canRead: options.read ?? !write,
        canWrite: write,
        isAppending: options.append === true,
        isInWritable: this.#isWritable,
      });
    });
  }

  stat(path: string, { follow }: { readonly follow: boolean }): SyncStat {
    return this.#at("look at", path, { following: follow ? "always" : "slash" }, (entry, fail) => {
      return toSyncStat(presentIn(entry, fail));
    });
  }

  list(path: string): readonly SyncEntry[] {
    // the folder itself, once it is entered
    return this.#at("list", path === "" ? "" : `${path}/.`, { shown: path }, (entry) => {
      const entries: SyncEntry[] = [];
      for (const name of readdirSync(entry.path)) {
        const stat = lstatSync(`${entry.path}/${name}`, { bigint: true, throwIfNoEntry: false });
        if (stat !== undefined) entries.push({ name, kind: toSyncStat(stat).kind, inode: stat.ino });
      }
      return entries;
    });
  }

  makeFolder(path: string): void {
    this.#at("make the folder", path, {}, ({ path, found }, fail) => {
      if (found !== undefined) throw fail("EEXIST");
      this.#checkWritable(fail);
      mkdirSync(path);
    });
  }

  removeFolder(path: string): void {
    this.#at("remove the folder", path, {}, (entry, fail) => {
      if (entry.found?.isDirectory() === false) throw fail("ENOTDIR");
      presentIn(entry, fail);
      this.#checkWritable(fail);
      rmdirSync(entry.path);
    });
  }

  removeFile(path: string): void {
    this.#at("remove", path, {}, (entry, fail) => {
      // Deno would remove an empty one
      if (presentIn(entry, fail).isDirectory()) throw fail("EISDIR");
      this.#checkWritable(fail);
      unlinkSync(entry.path);
    });
  }

  rename(from: string, to: string, target: SyncFolder = this): void {
    this.#atBoth("move", [from, to], target, (source, goal, fail) => {
      if (goal.isFolderMeant && source.found?.isDirectory() !== true) throw fail("ENOTDIR");
      renameSync(source.path, goal.path);
    });
  }

  link(from: string, to: string, target: SyncFolder = this): void {
    this.#atBoth("link", [from, to], target, (source, goal, fail) => {
      if (source.found?.isDirectory() === true) throw fail("EPERM");
      if (goal.found !== undefined) throw fail("EEXIST");
      if (goal.isFolderMeant) throw fail("ENOENT");
      // elsewhere the system may follow it, to wherever it leads
      if (source.found?.isSymbolicLink() === true && process.platform !== "linux") throw fail("ENOTSUP");
      linkSync(source.path, goal.path);
    });
  }

  symlink(text: string, path: string): void {
    this.#at("make the link", path, {}, (entry, fail) => {
      if (entry.found !== undefined) throw fail("EEXIST");
      if (entry.isFolderMeant || text === "") throw fail("ENOENT");
      if (text.includes("\0")) throw fail("EINVAL");
      this.#checkWritable(fail);
      if (climbsOut(text, entry.depth) || this.#leadsOut(path, text)) throw fail("EPERM");
      symlinkSync(text, entry.path);
    });
  }

  readLink(path: string): string {
    return this.#at("read the link", path, { following: "slash" }, (entry, fail) => {
      if (!presentIn(entry, fail).isSymbolicLink()) throw fail("EINVAL");
      return readlinkSync(entry.path);
    });
  }

  setTimes(path: string, times: SyncTimes, { follow }: { readonly follow: boolean }): void {
    this.#at("set the times of", path, { following: follow ? "always" : "slash" }, (entry, fail) => {
      const stat = presentIn(entry, fail);
      this.#checkWritable(fail);
      const { accessed, modified } = completeTimes(times, () => stat);
      // what was to be followed is followed already
      lutimesSync(entry.path, accessed, modified);
    });
  }

  close(): void {
    this.#tree.close();
  }

  #checkWritable(fail: Fail): void {
    if (!this.#isWritable) throw fail("EROFS");
  }

  #at<T>(verb: string, path: string, { following = "never", shown = path }: Aim, use: Use<T>): T {
    const what = `${verb} "${shown}"`;
    return attempt(what, () => {
      return this.#tree.visit(path, following, (entry) => use(entry, (code) => new FileFailure(code, what)));
    });
  }

  /** Reaches two entries to change both of their folders; the first must be there. */
  #atBoth(
    verb: string,
    [from, to]: readonly [string, string],
    target: SyncFolder,
    use: (source: Entry, goal: Entry, fail: Fail) => void,
  ): void {
    const what = `${verb} "${from}" to`;
    if (!(target instanceof NativeFolder)) throw new FileFailure("EXDEV", `${what} "${to}"`);
    this.#at(verb, from, {}, (source) => {
      target.#at(what, to, {}, (goal, fail) => {
        presentIn(source, fail);
        this.#checkWritable(fail);
        target.#checkWritable(fail);
        use(source, goal, fail);
      });
    });
  }

  /** Tells whether a link would lead out by the links that are there now. */
  #leadsOut(path: string, text: string): boolean {
    const folder = path.split("/").filter((part) => part !== "").slice(0, -1);
    try {
      this.#tree.visit([...folder, text].join("/"), "always", () => {});
      return false;
    } catch (error) {
      return error instanceof FileFailure && error.code === "EPERM";
    }
  }
}

/** How a path is reached, and shown. */
interface Aim {
  /** `never` by default. */
  readonly following?: Following;
  readonly shown?: string;
}

type Fail = (code: string) => FileFailure;
type Use<T> = (entry: Entry, fail: Fail) => T;

function presentIn({ found, isFolderMeant }: Entry, fail: Fail): NonNullable<Entry["found"]> {
  if (found === undefined) throw fail("ENOENT");
  if (isFolderMeant && !found.isDirectory()) throw fail("ENOTDIR");
  return found;
}

function checkOpening({ found, isFolderMeant }: Entry, { create, exclusive }: SyncOpenOptions, fail: Fail): void {
  if (found === undefined) {
    if (create !== true) throw fail("ENOENT");
    if (isFolderMeant) throw fail("EISDIR");
    return;
  }
  if (create === true && exclusive === true) throw fail("EEXIST");
  if (found.isDirectory()) throw fail("EISDIR");
  if (isFolderMeant) throw fail("ENOTDIR");
  if (found.isSymbolicLink()) throw fail("ELOOP");
  if (!found.isFile()) throw fail("EPERM");
}

function flagsOf({ read, write, append, create, exclusive, truncate }: SyncOpenOptions): number {
  const access = write !== true && truncate !== true ? O_RDONLY : read === true || write !== true ? O_RDWR : O_WRONLY;
  return access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
    (append === true && write === true ? O_APPEND : 0) |
    (create === true ? O_CREAT : 0) |
    (create === true && exclusive === true ? O_EXCL : 0);
}

/** Tells whether a path from a folder at some depth has more `..` than it may, whatever links are there. */
function climbsOut(text: string, depth: number): boolean {
  if (text.startsWith("/")) return true;
  for (const part of text.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}
