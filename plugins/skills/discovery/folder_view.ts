/**
 * A folder as somebody sees it who is not to see all of it, or of whom is noted what they look at.
 *
 * @module
 */
import type { Disposer, EntryWish, FileStat, Folder, FolderEntry } from "../../../kernel/mod.ts";

/** Hands everything on to a folder, but what a subclass does otherwise. */
export abstract class FolderView implements Folder {
  abstract readonly path: string;
  /** What everything is handed on to. */
  protected abstract readonly folder: Folder;

  /** Gives a folder in it, seen in the same way. */
  abstract at(path: string): Folder;

  readText(path: string): Promise<string | undefined> {
    return this.folder.readText(path);
  }

  readBytes(path: string): Promise<Uint8Array | undefined> {
    return this.folder.readBytes(path);
  }

  readMany(
    paths: readonly string[],
    options?: { readonly mostBytes?: number },
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.folder.readMany(paths, options);
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.folder.stat(path);
  }

  list(
    path?: string,
    options?: { readonly recursive?: boolean; readonly internal?: boolean },
  ): Promise<readonly FolderEntry[]> {
    return this.folder.list(path, options);
  }

  listMany(
    paths: readonly string[],
    options?: { readonly wish?: (path: string) => EntryWish | undefined },
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
    return this.folder.listMany(paths, options);
  }

  resolve(path: string): Promise<string> {
    return this.folder.resolve(path);
  }

  writeAtomic(path: string, data: string | Uint8Array, options?: { readonly mode?: number }): Promise<void> {
    return this.folder.writeAtomic(path, data, options);
  }

  makeFolder(path: string): Promise<void> {
    return this.folder.makeFolder(path);
  }

  move(from: string, to: string): Promise<void> {
    return this.folder.move(from, to);
  }

  copy(from: string, to: string): Promise<void> {
    return this.folder.copy(from, to);
  }

  remove(path: string): Promise<boolean> {
    return this.folder.remove(path);
  }

  lock(name: string, options?: { readonly signal?: AbortSignal }): Promise<Disposer> {
    return this.folder.lock(name, options);
  }

  watch(
    path: string,
    listener: (paths: readonly string[]) => void,
    options?: { readonly debounceMs?: number; readonly ignores?: (path: string) => boolean },
  ): Disposer {
    return this.folder.watch(path, listener, options);
  }
}
