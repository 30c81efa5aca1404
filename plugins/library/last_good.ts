/**
 * What hot reload knows of a tool's code: whether it changed, and what it was when the tool was last good. From that a
 * tool goes on while what is on disk is broken.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import type { FileSet, LoadedTool, LoadOptions, Manifest } from "./contract.ts";
import { NOT_CODE } from "./layout.ts";
import type { ToolStorage } from "./storage.ts";

/** A tool with more code than this goes on with what is on disk; in bytes. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Folders that installers and caches fill, wherever they are. */
const INSTALLED: ReadonlySet<string> = new Set(["node_modules", "__pycache__", "site-packages"]);
// whether a file is run itself is not known, so each one may be
const MODE = 0o755;

/** The code of a tool, as it was read. */
export interface Code {
  /** Another text whenever a file was written, added or removed. */
  readonly fingerprint: string;
  /** `undefined` when it is too much to be kept. */
  readonly files: FileSet | undefined;
}

/** A tool as it was when it could be loaded. */
export interface LastGood extends LoadOptions {
  readonly manifest: Manifest;
  readonly files: FileSet | undefined;
}

/** Loads a tool from a folder. */
export type Load = (folder: Folder) => LoadedTool | Promise<LoadedTool>;

/** Tells whether a path in the folder of all tools is none of a tool's code: hidden, installed, or an old version. */
export function isLeftOut(path: string): boolean {
  if (path === "." || path === "") return false;
  const parts = path.split("/");
  if (parts[1] !== undefined && NOT_CODE.has(parts[1])) return true;
  return parts.some((part) => part.startsWith(".") || part.endsWith("~") || INSTALLED.has(part));
}

/** Reads the code of tools, and brings it back. */
export class LastGoods {
  readonly #storage: ToolStorage;

  constructor(storage: ToolStorage) {
    this.#storage = storage;
  }

  /** Reads the code of the tool in a folder. */
  async read(folder: string): Promise<Code> {
    const { folder: tools } = this.#storage;
    const paths = await this.#list(folder);
    const facts: string[] = [];
    let bytes = 0;
    for (const path of paths) {
      const stat = await tools.stat(path);
      facts.push(`${path}\0${stat?.fingerprint}`);
      bytes += stat?.size ?? 0;
    }
    const fingerprint = facts.join("\n");
    if (bytes > MOST_BYTES) return { fingerprint, files: undefined };
    const entries = await Promise.all(paths.map(async (path) => {
      // what leads outside, or went away meanwhile, is not kept
      const data = await tools.readBytes(path).catch(() => undefined);
      return [path.slice(folder.length + 1), data] as const;
    }));
    const files = entries.flatMap(([path, data]) => data === undefined ? [] : [[path, { data, mode: MODE }] as const]);
    return { fingerprint, files: Object.fromEntries(files) };
  }

  /** Gives the folders, of some tools, in which the code is not what it was when they were loaded. */
  async findStale(
    tools: readonly { readonly folder: string; readonly code: Code | undefined }[],
  ): Promise<ReadonlySet<string>> {
    const stale = new Set<string>();
    for (const { folder, code } of tools) {
      const now = await this.read(folder).catch(() => undefined);
      if (now?.fingerprint !== code?.fingerprint) stale.add(folder);
    }
    return stale;
  }

  /** Tells whether a folder still holds code. */
  async hasCode(folder: string): Promise<boolean> {
    return (await this.#list(folder)).length > 0;
  }

  async #list(folder: string): Promise<string[]> {
    const paths: string[] = [];
    for (const { path, kind } of await this.#storage.folder.list(folder)) {
      const below = `${folder}/${path}`;
      if (isLeftOut(below)) continue;
      if (kind === "folder") paths.push(...await this.#list(below));
      else paths.push(below);
    }
    return paths;
  }

  /**
   * Loads a tool as it was, from a copy that is removed when the tool is disposed of; `undefined` when there is no copy.
   *
   * @param folder Where the tool was, and its packages still are.
   */
  async load({ files }: LastGood, { folder, load }: { readonly folder: string; readonly load: Load }) {
    if (files === undefined) return undefined;
    const copy = await this.#storage.stage(folder, files);
    try {
      const tool = await load(withPackages(copy.folder, this.#storage.folder.at(folder)));
      return {
        run: (...call: Parameters<LoadedTool["run"]>) => tool.run(...call),
        async dispose(): Promise<void> {
          await tool.dispose?.();
          await copy.discard();
        },
      };
    } catch (error) {
      await copy.discard();
      throw error;
    }
  }
}

/** Gives the folder of a copy, in which packages are those of the folder that was copied: they are not copied. */
function withPackages(copy: Folder, original: Folder): Folder {
  const at = (path = ".") => NOT_CODE.has(path.split("/")[0]!) ? original : copy;
  return {
    path: copy.path,
    readText: (path) => at(path).readText(path),
    readBytes: (path) => at(path).readBytes(path),
    writeAtomic: (path, data, options) => at(path).writeAtomic(path, data, options),
    stat: (path) => at(path).stat(path),
    list: (path, options) => at(path).list(path, options),
    listMany: async (paths, options) =>
      (await Promise.all(paths.map((path) => at(path).listMany([path], options)))).flat(),
    readMany: async (paths, options) =>
      (await Promise.all(paths.map((path) => at(path).readMany([path], options)))).flat(),
    makeFolder: (path) => at(path).makeFolder(path),
    move: (from, to) => copy.move(from, to),
    copy: (from, to) => copy.copy(from, to),
    remove: (path) => at(path).remove(path),
    at: (path) => at(path).at(path),
    resolve: (path) => at(path).resolve(path),
    lock: (name, options) => copy.lock(name, options),
    watch: (path, listener, options) => at(path).watch(path, listener, options),
  };
}
