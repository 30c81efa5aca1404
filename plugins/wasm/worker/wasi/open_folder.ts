/**
 * An open folder: a granted one, or one below it.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { SyncEntry, SyncFolder, SyncStat, SyncTimes } from "../../../../kernel/mod.ts";
import { ALL_RIGHTS, Descriptor, type Readiness } from "./descriptor.ts";
import { errnoOf, WasiFailure } from "./errno.ts";
import { FileStatus, fileTypeOf } from "./file_status.ts";
import { OpenFile } from "./open_file.ts";
import { pathBelow } from "./paths.ts";
import { readTimes } from "./times.ts";

const FOLDER_RIGHTS = BigInt(
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS | wasi.RIGHTS_FD_SYNC | wasi.RIGHTS_FD_ADVISE | wasi.RIGHTS_PATH_CREATE_DIRECTORY |
    wasi.RIGHTS_PATH_CREATE_FILE | wasi.RIGHTS_PATH_LINK_SOURCE | wasi.RIGHTS_PATH_LINK_TARGET |
    wasi.RIGHTS_PATH_OPEN | wasi.RIGHTS_FD_READDIR | wasi.RIGHTS_PATH_READLINK | wasi.RIGHTS_PATH_RENAME_SOURCE |
    wasi.RIGHTS_PATH_RENAME_TARGET | wasi.RIGHTS_PATH_FILESTAT_GET | wasi.RIGHTS_PATH_FILESTAT_SET_SIZE |
    wasi.RIGHTS_PATH_FILESTAT_SET_TIMES | wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
    wasi.RIGHTS_PATH_SYMLINK | wasi.RIGHTS_PATH_REMOVE_DIRECTORY | wasi.RIGHTS_PATH_UNLINK_FILE |
    wasi.RIGHTS_POLL_FD_READWRITE,
);

/** What `path_open` is asked. */
export interface OpenRequest {
  readonly path: string;
  readonly follow: boolean;
  readonly openFlags: number;
  readonly flags: number;
  readonly rights: bigint;
}

/**
 * A folder that is open. It has its path, not a hold on it: what was opened is gone once that path is moved.
 */
export class OpenFolder extends Descriptor {
  readonly #folder: SyncFolder;
  readonly #path: string;
  readonly #preopenName: string | undefined;
  #entries: readonly SyncEntry[] = [];

  /**
   * @param path Where it is, below `folder`; `.` for the folder itself.
   * @param preopenName Under which path the module finds it, when it is there from the start.
   */
  constructor(folder: SyncFolder, path: string, preopenName?: string) {
    super({ fileType: wasi.FILETYPE_DIRECTORY, rights: FOLDER_RIGHTS, inheriting: ALL_RIGHTS });
    this.#folder = folder;
    this.#path = path;
    this.#preopenName = preopenName;
  }

  /** Opens what is at a path below. */
  open(request: OpenRequest): Descriptor {
    const { openFlags } = request;
    const path = this.#below(request.path);
    if (has(openFlags, wasi.OFLAGS_TRUNC)) this.demand(wasi.RIGHTS_PATH_FILESTAT_SET_SIZE);
    const stat = this.#statOrNothing(path, request.follow);
    if (stat?.kind === "folder") return this.#openFolder(path, request);
    if (!has(openFlags, wasi.OFLAGS_DIRECTORY)) return this.#openFile(path, request);
    if (stat !== undefined) throw new WasiFailure("NOTDIR");
    throw new WasiFailure(has(openFlags, wasi.OFLAGS_CREAT) ? "INVAL" : "NOENT");
  }

  stat(path: string, follow: boolean): SyncStat {
    return this.#folder.stat(this.#below(path), { follow });
  }

  setTimes(path: string, follow: boolean, times: SyncTimes): void {
    this.#folder.setTimes(this.#below(path), times, { follow });
  }

  makeFolder(path: string): void {
    this.#folder.makeFolder(this.#below(path));
  }

  removeFolder(path: string): void {
    this.#folder.removeFolder(this.#below(path));
  }

  removeFile(path: string): void {
    this.#folder.removeFile(this.#below(path));
  }

  readLink(path: string): string {
    return this.#folder.readLink(this.#below(path));
  }

  symlink(text: string, path: string): void {
    this.#folder.symlink(text, this.#below(path));
  }

  /** Makes another name for a file. */
  link(path: string, to: string, target: OpenFolder): void {
    this.#folder.link(this.#below(path), target.#below(to), target.#folder);
  }

  rename(path: string, to: string, target: OpenFolder): void {
    this.#folder.rename(this.#below(path), target.#below(to), target.#folder);
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    const stat = this.#folder.stat(this.#path, { follow: true });
    return { ret: wasi.ERRNO_SUCCESS, filestat: new FileStatus(stat) };
  }

  override fd_filestat_set_times(accessed: bigint, modified: bigint, flags: number): number {
    this.#folder.setTimes(this.#path, readTimes(accessed, modified, flags), { follow: true });
    return wasi.ERRNO_SUCCESS;
  }

  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat } {
    if (this.#preopenName === undefined) return super.fd_prestat_get();
    return { ret: wasi.ERRNO_SUCCESS, prestat: wasi.Prestat.dir(this.#preopenName) };
  }

  /** Gives the entry after a cookie; what is listed is what was there when the reading began. */
  override fd_readdir_single(cookie: bigint): { ret: number; dirent: wasi.Dirent | null } {
    if (cookie === 0n || this.#entries.length === 0) this.#entries = this.#list();
    const entry = cookie < BigInt(this.#entries.length) ? this.#entries[Number(cookie)] : undefined;
    if (entry === undefined) return { ret: wasi.ERRNO_SUCCESS, dirent: null };
    const dirent = new wasi.Dirent(cookie + 1n, entry.inode, entry.name, fileTypeOf(entry.kind));
    return { ret: wasi.ERRNO_SUCCESS, dirent };
  }

  override fd_read(): never {
    throw new WasiFailure("ISDIR");
  }

  override fd_pread(): never {
    throw new WasiFailure("ISDIR");
  }

  override fd_write(): never {
    throw new WasiFailure("BADF");
  }

  override fd_pwrite(): never {
    throw new WasiFailure("BADF");
  }

  override fd_seek(): never {
    throw new WasiFailure("BADF");
  }

  override fd_tell(): never {
    throw new WasiFailure("BADF");
  }

  override fd_allocate(): never {
    throw new WasiFailure("BADF");
  }

  override fd_filestat_set_size(): never {
    throw new WasiFailure("BADF");
  }

  override advise(): never {
    throw new WasiFailure("BADF");
  }

  override readiness(): Readiness {
    return { bytes: 0n, isEnd: false };
  }

  #below(path: string): string {
    return pathBelow(this.#path, path);
  }

  #statOrNothing(path: string, follow: boolean): SyncStat | undefined {
    try {
      return this.#folder.stat(path, { follow });
    } catch (error) {
      if (errnoOf(error) === wasi.ERRNO_NOENT) return undefined;
      throw error;
    }
  }

  #openFolder(path: string, { openFlags, rights }: OpenRequest): OpenFolder {
    if (has(openFlags, wasi.OFLAGS_CREAT) && has(openFlags, wasi.OFLAGS_EXCL)) throw new WasiFailure("EXIST");
    const isFileWanted = has(openFlags, wasi.OFLAGS_CREAT | wasi.OFLAGS_TRUNC);
    if (isFileWanted || isAsked(rights, wasi.RIGHTS_FD_WRITE)) throw new WasiFailure("ISDIR");
    return new OpenFolder(this.#folder, path);
  }

  #openFile(path: string, { openFlags, flags, rights, follow }: OpenRequest): OpenFile {
    // of the rights, as in other hosts, only these two say how a file is opened: libraries ask for the rest in any case
    const write = isAsked(rights, wasi.RIGHTS_FD_WRITE);
    const read = isAsked(rights, wasi.RIGHTS_FD_READ) || !write;
    const made = {
      create: has(openFlags, wasi.OFLAGS_CREAT),
      exclusive: has(openFlags, wasi.OFLAGS_EXCL),
      truncate: has(openFlags, wasi.OFLAGS_TRUNC),
    };
    let isFirst = true;
    const open = (isAppending: boolean) => {
      const how = { read, write, append: isAppending && write, follow };
      const file = this.#folder.open(path, isFirst ? { ...how, ...made } : how);
      isFirst = false;
      return file;
    };
    return new OpenFile(open, { flags, rights });
  }

  #list(): readonly SyncEntry[] {
    const { inode } = this.#folder.stat(this.#path, { follow: true });
    const parts = [".", ".."].map((name): SyncEntry => ({ name, kind: "folder", inode }));
    return [...parts, ...this.#folder.list(this.#path)];
  }
}

function has(flags: number, any: number): boolean {
  return (flags & any) !== 0;
}

function isAsked(rights: bigint, right: number): boolean {
  return (rights & BigInt(right)) !== 0n;
}
