/**
 * Finds entries below a folder, component by component, and follows links itself, so that none leads out of it.
 *
 * On Linux each folder on the way is held open, and what comes next is reached through its descriptor
 * (`/proc/self/fd/N/name`): who swaps a folder for a link meanwhile misleads nobody. Where there are no such paths, a
 * folder is looked at and then used by its real path, and a swap between the two can mislead. What was opened is compared
 * with what is inside, before and after, which only who swaps again and again at the right moments gets by. Keeping such
 * a program out of the folder is the work of the sandbox.
 *
 * Source of the paths: proc_pid_fd(5).
 *
 * @module
 */
import { type BigIntStats, closeSync, constants, lstatSync, openSync, readlinkSync, realpathSync } from "node:fs";
import process from "node:process";
import { FileFailure, posixCodeOf } from "./worker_files_failure.ts";

const MOST_LINKS = 40;
/** Most characters of a path; Linux takes 4095 bytes. Source: path_resolution(7). */
const LONGEST_PATH = 4095;
/** What has a meaning to Windows inside a name: another separator, a drive or stream, a device. */
const WINDOWS_REGEXP = /[\\:]|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
// Windows has none of these
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_RDONLY } = constants;

/** A folder that was entered. */
interface Place {
  /** Path by which the system finds it. */
  readonly path: string;
  /** Holds it open, where its path is that of a descriptor. */
  readonly descriptor?: number;
}

/** Which link at the end of a path is followed: any, one with a slash behind it, none. */
export type Following = "always" | "slash" | "never";

/** Where a path leads. */
export interface Entry {
  /** Path by which the system finds it now; its last part is no link that should have been followed. */
  readonly path: string;
  /** The real path of its folder, where the system does not find it by a descriptor. */
  readonly realFolder: string | undefined;
  /** How many folders lie between the top and it. */
  readonly depth: number;
  /** What is there. */
  readonly found: BigIntStats | undefined;
  /** Whether the path has a slash at its end, and so means a folder. */
  readonly isFolderMeant: boolean;
}

/** The entries of one folder. */
export class FolderTree {
  readonly #root: Place;
  #isClosed = false;

  /**
   * @param realPath Real path of the folder.
   * @param options.isByPath Whether folders are found by their paths although there are descriptors; for tests.
   */
  constructor(realPath: string, { isByPath = false }: { readonly isByPath?: boolean } = {}) {
    this.#root = isByPath ? enter(realPath, { path: "" }) : enterRoot(realPath);
  }

  /**
   * Gives where a path leads to `use`, which must be done with it when it returns.
   *
   * @throws {FileFailure} `EPERM` when it leads out, and as path_resolution(7) says.
   */
  visit<T>(path: string, following: Following, use: (entry: Entry) => T): T {
    if (this.#isClosed) throw new FileFailure("EBADF", `reach "${path}"`);
    const walk = new Walk(this.#root, path, following);
    try {
      return use(walk.run());
    } finally {
      walk.close();
    }
  }

  close(): void {
    if (!this.#isClosed) leave(this.#root);
    this.#isClosed = true;
  }
}

/** One way through a tree. */
class Walk {
  readonly #path: string;
  readonly #following: Following;
  /** The folders from the top to where it is. */
  readonly #places: Place[];
  #parts: string[];
  #isFolderMeant: boolean;
  #links = 0;

  constructor(root: Place, path: string, following: Following) {
    if (path === "") throw this.#failure("ENOENT", path);
    if (path.length > LONGEST_PATH) throw this.#failure("ENAMETOOLONG", `${path.slice(0, 100)}…`);
    this.#path = path;
    this.#following = following;
    this.#places = [root];
    this.#isFolderMeant = path.endsWith("/");
    this.#parts = this.#split(path);
  }

  run(): Entry {
    for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
      if (part === ".") continue;
      if (part === "..") this.#goUp();
      else if (this.#parts.length > 0) this.#enter(part);
      else {
        const entry = this.#end(part);
        if (entry !== undefined) return entry;
      }
    }
    return this.#describe(".", undefined);
  }

  close(): void {
    while (this.#places.length > 1) leave(this.#places.pop()!);
  }

  get #place(): Place {
    return this.#places.at(-1)!;
  }

  #failure(code: string, path = this.#path): FileFailure {
    return new FileFailure(code, `reach "${path}"`);
  }

  #split(path: string): string[] {
    if (path.includes("\0")) throw this.#failure("EINVAL");
    if (path.startsWith("/")) throw this.#failure("EPERM");
    const parts = path.split("/").filter((part) => part !== "");
    if (process.platform === "win32" && parts.some((part) => WINDOWS_REGEXP.test(part))) throw this.#failure("EINVAL");
    return parts;
  }

  #goUp(): void {
    if (this.#places.length === 1) throw this.#failure("EPERM");
    leave(this.#places.pop()!);
  }

  #enter(name: string): void {
    const path = `${this.#place.path}/${name}`;
    try {
      this.#places.push(enter(path, this.#place));
    } catch (error) {
      const code = posixCodeOf(error);
      // it is no folder, and may be a link to one
      if (code !== "ENOTDIR" && code !== "ELOOP") throw new FileFailure(code, `reach "${this.#path}"`, error);
      if (!lstatSync(path, { bigint: true }).isSymbolicLink()) throw this.#failure("ENOTDIR");
      this.#follow(path);
    }
  }

  /** Gives the entry, unless it is a link to follow, which is what remains to be walked then. */
  #end(name: string): Entry | undefined {
    const entry = this.#describe(name, this.#isFolderMeant);
    const isFollowed = this.#following === "always" || (this.#following === "slash" && this.#isFolderMeant);
    if (!isFollowed || entry.found?.isSymbolicLink() !== true) return entry;
    this.#follow(entry.path);
    return undefined;
  }

  #describe(name: string, isFolderMeant = true): Entry {
    const { path: folder, descriptor } = this.#place;
    const path = `${folder}/${name}`;
    return {
      path,
      realFolder: descriptor === undefined ? folder : undefined,
      depth: this.#places.length - 1,
      found: lstatSync(path, { bigint: true, throwIfNoEntry: false }),
      isFolderMeant,
    };
  }

  #read(link: string): string {
    try {
      return readlinkSync(link);
    } catch (error) {
      // it was a link a moment ago
      throw posixCodeOf(error) === "EINVAL" ? this.#failure("ENOENT") : error;
    }
  }

  #follow(path: string): void {
    if (++this.#links > MOST_LINKS) throw this.#failure("ELOOP");
    const text = this.#read(path);
    if (this.#parts.length === 0 && text.endsWith("/")) this.#isFolderMeant = true;
    this.#parts = [...this.#split(text), ...this.#parts];
  }
}

/** Enters a folder of another one; a link is refused with `ENOTDIR` or `ELOOP`. */
function enter(path: string, from: Place): Place {
  if (from.descriptor !== undefined) return hold(path);
  if (!lstatSync(path).isDirectory()) throw new FileFailure("ENOTDIR", "enter a folder");
  return { path };
}

function enterRoot(realPath: string): Place {
  if (process.platform !== "linux") return enter(realPath, { path: "" });
  const place = hold(realPath);
  try {
    if (realpathSync.native(place.path) === realPath) return place;
  } catch {
    leave(place);
    // without /proc
    return enter(realPath, { path: "" });
  }
  leave(place);
  throw new FileFailure("EPERM", "open a folder that moves");
}

function hold(path: string): Place {
  const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return { path: `/proc/self/fd/${descriptor}`, descriptor };
}

function leave({ descriptor }: Place): void {
  if (descriptor !== undefined) closeSync(descriptor);
}

/**
 * Tells whether what was opened lies where it was looked for. By a descriptor it does; by a path, what leads there may
 * have been swapped since.
 */
export function isStillThere({ path, realFolder, found }: Entry, opened: BigIntStats): boolean {
  if (realFolder === undefined) return true;
  const isUnmoved = (): boolean => realpathSync.native(realFolder) === realFolder;
  const isOpened = (it: BigIntStats | undefined): boolean => it?.ino === opened.ino && it.dev === opened.dev;
  const look = (): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return isUnmoved() && isOpened(look()) && isUnmoved() && (found === undefined || isOpened(found));
}
