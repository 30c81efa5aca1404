/**
 * Files in memory, for edge runtimes and tests: the rules of the disk without a disk.
 *
 * @module
 */
import type { EntryWish, Files, FileStat, Folder, FolderEntry } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import type { Disposer } from "../plugin.ts";
import { gatherChanges } from "./gather.ts";
import { LockQueue } from "./lock_queue.ts";
import { comparePaths, lockFileName, parentOf, splitPath, splitPathBelow } from "./paths.ts";

const MOST_BYTES = 65_536;

/** Files by path, `/` between parts; the parent folders come by themselves. */
export type FileTree = Readonly<Record<string, string | Uint8Array>>;

type Item =
  | {
    readonly kind: "file";
    readonly bytes: Uint8Array;
    /** Known of what was written with permissions. */
    readonly mode: number | undefined;
    readonly modified: Date;
    readonly serial: number;
  }
  | { readonly kind: "folder"; readonly modified: Date; readonly serial: number };

// tells apart what was written within one tick of the clock
let lastSerial = 0;

/** What all folders of one {@linkcode memoryFiles} share; keys are absolute paths. */
class MemoryDisk {
  readonly items = new Map<string, Item>();
  readonly locks: LockQueue = new LockQueue();
  readonly watchers = new Set<(path: string) => void>();

  put(path: string, item: Item): void {
    this.makeFolder(parentOf(path));
    if (this.items.get(path)?.kind === "folder") throw new Error(`Cannot write "${path}": it is a folder`);
    this.items.set(path, item);
    this.changed(path);
  }

  makeFolder(path: string): void {
    if (path === "" || path === "/") return;
    const item = this.items.get(path);
    if (item?.kind === "folder") return;
    if (item !== undefined) throw new Error(`Cannot make folder "${path}": it is a file`);
    this.makeFolder(parentOf(path));
    this.items.set(path, { kind: "folder", modified: new Date(), serial: ++lastSerial });
    this.changed(path);
  }

  /** Lists the path itself, when it exists, and everything below it. */
  tree(path: string): readonly (readonly [string, Item])[] {
    return [...this.items].filter(([key]) => key === path || key.startsWith(`${path}/`));
  }

  changed(path: string): void {
    for (const watcher of [...this.watchers]) watcher(path);
  }
}

class MemoryFolder implements Files {
  readonly path: string;
  readonly #disk: MemoryDisk;
  /** The key of the folder; empty for the root of all. */
  readonly #key: string;

  constructor(disk: MemoryDisk, key: string) {
    this.#disk = disk;
    this.#key = key;
    this.path = key === "" ? "/" : key;
  }

  #absolute(parts: readonly string[]): string {
    return [this.#key, ...parts].join("/");
  }

  #file(path: string): Uint8Array | undefined {
    const item = this.#disk.items.get(this.#absolute(splitPath(path)));
    if (item?.kind === "folder") throw new Error(`Cannot read "${path}": it is a folder`);
    return item?.bytes;
  }

  async readText(path: string): Promise<string | undefined> {
    const bytes = await Promise.resolve(path).then((path) => this.#file(path));
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  async readBytes(path: string): Promise<Uint8Array | undefined> {
    return await Promise.resolve(path).then((path) => this.#file(path)?.slice());
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async writeAtomic(
    path: string,
    data: string | Uint8Array,
    options: { readonly mode?: number } = {},
  ): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    const key = this.#absolute(splitPathBelow(path));
    const before = this.#disk.items.get(key);
    this.#disk.put(key, {
      kind: "file",
      bytes,
      mode: options.mode ?? (before?.kind === "file" ? before.mode : undefined),
      modified: new Date(),
      serial: ++lastSerial,
    });
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async stat(path: string): Promise<FileStat | undefined> {
    const item = this.#disk.items.get(this.#absolute(splitPath(path)));
    if (item === undefined) return undefined;
    const { kind, modified } = item;
    const size = item.kind === "file" ? item.bytes.length : 0;
    const mode = item.kind === "file" && item.mode !== undefined ? { mode: item.mode } : {};
    return { kind, size, modified, ...mode, fingerprint: String(item.serial) };
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async list(path = ".", options: { readonly recursive?: boolean } = {}): Promise<readonly FolderEntry[]> {
    const root = this.#absolute(splitPath(path));
    if (this.#disk.items.get(root)?.kind === "file") throw new Error(`Cannot list "${path}": it is a file`);
    const entries = this.#disk.tree(root)
      .filter(([key]) => key !== root)
      .map(([key, item]) => ({ path: key.slice(root.length + 1), kind: item.kind }));
    return entries.filter((entry) => options.recursive === true || !entry.path.includes("/")).sort(comparePaths);
  }

  async listMany(
    paths: readonly string[],
    { wish = () => undefined }: { readonly wish?: (path: string) => EntryWish | undefined } = {},
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
    return await Promise.all(paths.map(async (path) => {
      try {
        if ((await this.stat(path))?.kind !== "folder") return undefined;
        return await Promise.all((await this.list(path)).map(async (entry) => {
          const below = splitPath(`${path}/${entry.path}`).join("/");
          const wished = wish(below);
          return wished === undefined ? entry : await this.#lookAt(below, entry, wished);
        }));
      } catch {
        return undefined;
      }
    }));
  }

  async #lookAt(path: string, entry: FolderEntry, wish: EntryWish): Promise<FolderEntry> {
    const stat = (await this.stat(path))!;
    if (wish === "entries" && stat.kind === "folder") return { ...entry, stat, entries: await this.list(path) };
    if (wish !== "bytes" || stat.kind !== "file" || stat.size > MOST_BYTES) return { ...entry, stat };
    return { ...entry, stat, bytes: (await this.readBytes(path))! };
  }

  async readMany(
    paths: readonly string[],
    { mostBytes = MOST_BYTES }: { readonly mostBytes?: number } = {},
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return await Promise.all(paths.map(async (path) => {
      const bytes = await this.readBytes(path).catch(() => undefined);
      return bytes === undefined || bytes.length > mostBytes ? undefined : bytes;
    }));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async makeFolder(path: string): Promise<void> {
    this.#disk.makeFolder(this.#absolute(splitPath(path)));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async move(from: string, to: string): Promise<void> {
    this.#copyTree(`move "${from}" to "${to}"`, from, to);
    this.#removeTree(this.#absolute(splitPathBelow(from)));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async copy(from: string, to: string): Promise<void> {
    this.#copyTree(`copy "${from}" to "${to}"`, from, to);
  }

  #copyTree(action: string, from: string, to: string): void {
    const source = this.#absolute(splitPathBelow(from));
    const target = this.#absolute(splitPathBelow(to));
    const items = this.#disk.tree(source);
    if (items.length === 0) throw new Error(`Cannot ${action}: no such file or folder`);
    if (this.#disk.items.has(target)) throw new Error(`Cannot ${action}: the target exists`);
    if (target.startsWith(`${source}/`)) throw new Error(`Cannot ${action}: the folder would hold itself`);
    this.#disk.makeFolder(parentOf(target));
    for (const [key, item] of items) {
      this.#disk.items.set(target + key.slice(source.length), item);
      this.#disk.changed(target + key.slice(source.length));
    }
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async remove(path: string): Promise<boolean> {
    return this.#removeTree(this.#absolute(splitPathBelow(path)));
  }

  #removeTree(path: string): boolean {
    const items = this.#disk.tree(path);
    for (const [key] of items) {
      this.#disk.items.delete(key);
      this.#disk.changed(key);
    }
    return items.length > 0;
  }

  at(path: string): Folder {
    return new MemoryFolder(this.#disk, this.#absolute(splitPath(path)));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async resolve(path: string): Promise<string> {
    return this.#absolute(splitPath(path));
  }

  async lock(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Disposer> {
    return await this.#disk.locks.acquire(this.#absolute([lockFileName(name)]), options.signal);
  }

  watch(
    path: string,
    listener: (paths: readonly string[]) => void,
    options: { readonly debounceMs?: number; readonly ignores?: (path: string) => boolean } = {},
  ): Disposer {
    const watched = this.#absolute(splitPath(path));
    const gatherer = gatherChanges(listener, options);
    const onChange = (changed: string): void => {
      if (changed !== watched && !changed.startsWith(`${watched}/`)) return;
      gatherer.add(changed === this.#key ? "." : changed.slice(this.#key.length + 1));
    };
    this.#disk.watchers.add(onChange);
    return () => {
      this.#disk.watchers.delete(onChange);
      gatherer.close();
    };
  }

  open(absolutePath: string): Folder {
    if (!absolutePath.startsWith("/")) {
      throw new KernelError("OPTION_INVALID", `Cannot open folder "${absolutePath}": an absolute path is wanted`);
    }
    const parts = splitPath(absolutePath.slice(1));
    return new MemoryFolder(this.#disk, ["", ...parts].join("/"));
  }
}

/**
 * Makes files that live in memory and end with it, by the same path rules as those on disk.
 *
 * @param tree Files to begin with.
 *
 * @example Start with a file
 * ```ts
 * import { memoryFiles } from "collet/testing";
 *
 * const files = memoryFiles({ "tools/hello/manifest.json": "{}" });
 * if (await files.readText("tools/hello/manifest.json") !== "{}") throw new Error("unexpected");
 * if ((await files.list("tools")).length !== 1) throw new Error("unexpected");
 * ```
 */
export function memoryFiles(tree: FileTree = {}): Files {
  const disk = new MemoryDisk();
  const files = new MemoryFolder(disk, "/memory");
  for (const [path, data] of Object.entries(tree)) {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    disk.put(["/memory", ...splitPathBelow(path)].join("/"), {
      kind: "file",
      bytes,
      mode: undefined,
      modified: new Date(),
      serial: ++lastSerial,
    });
  }
  return files;
}
