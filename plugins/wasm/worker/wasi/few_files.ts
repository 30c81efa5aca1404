/**
 * A folder of which only some files are seen.
 *
 * @module
 */
import type { SyncEntry, SyncFile, SyncFolder, SyncOpenOptions, SyncStat, SyncTimes } from "../../../../kernel/mod.ts";
import { WasiFailure } from "./errno.ts";

/** The files of a folder that were granted, each by itself. Nothing can be made or removed here. */
export class FewFiles implements SyncFolder {
  readonly #folder: SyncFolder;
  readonly #names: ReadonlyMap<string, boolean>;

  /** @param names The files that are seen, and whether each may be written. */
  constructor(folder: SyncFolder, names: ReadonlyMap<string, boolean>) {
    this.#folder = folder;
    this.#names = names;
  }

  open(path: string, options: SyncOpenOptions): SyncFile {
    const name = this.#nameOf(path);
    const isWriting = options.write === true || options.append === true || options.truncate === true;
    if (isWriting) this.#demandWritable(name);
    // a granted file is a file: a link that took its place would lead to one that was not granted
    return this.#folder.open(path, { ...options, create: false, follow: false });
  }

  stat(path: string): SyncStat {
    if (!isItself(path)) this.#nameOf(path);
    return this.#folder.stat(path, { follow: false });
  }

  list(path: string): readonly SyncEntry[] {
    if (!isItself(path)) throw new WasiFailure("NOTDIR");
    return this.#folder.list(".").filter((it) => this.#names.has(it.name));
  }

  setTimes(path: string, times: SyncTimes): void {
    const name = this.#nameOf(path);
    this.#demandWritable(name);
    this.#folder.setTimes(path, times, { follow: false });
  }

  makeFolder(): never {
    throw new WasiFailure("PERM");
  }

  removeFolder(): never {
    throw new WasiFailure("PERM");
  }

  removeFile(): never {
    throw new WasiFailure("PERM");
  }

  rename(): never {
    throw new WasiFailure("PERM");
  }

  link(): never {
    throw new WasiFailure("PERM");
  }

  symlink(): never {
    throw new WasiFailure("PERM");
  }

  readLink(): never {
    throw new WasiFailure("INVAL");
  }

  close(): void {
    this.#folder.close();
  }

  #nameOf(path: string): string {
    const parts = path.split("/").filter((it) => it !== "" && it !== ".");
    const name = parts.length === 1 ? parts[0] : undefined;
    if (name === undefined || !this.#names.has(name)) throw new WasiFailure("NOENT");
    return name;
  }

  #demandWritable(name: string): void {
    if (this.#names.get(name) !== true) throw new WasiFailure("ROFS");
  }
}

function isItself(path: string): boolean {
  return path.split("/").every((it) => it === "" || it === ".");
}
