/**
 * What every source gives: a list of files, and their bytes when they are asked for.
 *
 * @module
 */
import { type Folder, ToolError } from "../../kernel/mod.ts";
import { isPassedOver, MANIFEST_FILE } from "./paths.ts";

/** Whence tools are, as their manifests tell it under `source`. */
export interface Origin {
  /** Address or path, without what may be secret in it. */
  readonly from: string;
  /** Branch, tag, commit or revision that was asked for. */
  readonly ref?: string;
  /** Full id of the commit. */
  readonly commit?: string;
  /** Folder within the source. */
  readonly path?: string;
}

/** One file of a source. */
export interface TreeFile {
  /** Parts are joined by `/`. */
  readonly path: string;
  /** Bytes, as the source says. */
  readonly size: number;
  /** Whether it may be executed; `undefined` where the source does not know. */
  readonly isExecutable: boolean | undefined;
  /** What git calls its content; equal ids are equal bytes. */
  readonly id?: string | undefined;
  /** Says what it is when it is no ordinary file, such as `a symbolic link`; then it is left out. */
  readonly oddity?: string | undefined;
}

/** The files of a source. */
export interface SourceTree {
  readonly origin: Origin;
  readonly files: readonly TreeFile[];
  /**
   * Reads some of the files of its list, whose paths are all different; gives bytes by path.
   *
   * @throws {ToolError} when one is not what the list says.
   */
  read(files: readonly TreeFile[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Lets go of what the source holds. */
  close?(): Promise<void>;
}

/** The files of one commit. */
export interface GitTree extends SourceTree {
  readonly origin: Origin & { readonly commit: string };
  /**
   * Writes some of the files of its list to an empty folder of this machine: as they were committed, executable or not,
   * and no links.
   *
   * @param files Files, and where each of them goes in the folder: paths that the caller has checked, all different.
   * @throws {ToolError} when one cannot be written.
   */
  write(files: ReadonlyMap<string, TreeFile>, folder: Folder): Promise<void>;
  /** Lets go of the repository that was fetched. */
  /** Removes what git holds of it on this machine. */
  close(): Promise<void>;
}

// deeper there are only tools of other tools
const DEEPEST_TOOL = 6;

/** Finds the folders that hold a manifest, `""` for the root; none within another. */
export function findToolFolders(files: readonly TreeFile[]): readonly string[] {
  const folders = files
    .map(({ path }) => path.split("/"))
    .filter((parts) => parts.at(-1) === MANIFEST_FILE && parts.length <= DEEPEST_TOOL + 1)
    .map((parts) => parts.slice(0, -1))
    .filter((parts) => !parts.some(isPassedOver))
    .map((parts) => parts.join("/"));
  const sorted = [...new Set(folders)].sort();
  return sorted.filter((folder) => !sorted.some((other) => other !== folder && isBelow(folder, other)));
}

function isBelow(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}

/** Narrows a tree to a folder of it, which becomes its root. */
export function atFolder(tree: SourceTree, folder: string): SourceTree {
  if (folder === "") return tree;
  // a list, since a path may be there twice, which is found out later
  const originals = new Map<TreeFile, TreeFile>();
  for (const file of tree.files) {
    if (isBelow(file.path, folder)) originals.set({ ...file, path: file.path.slice(folder.length + 1) }, file);
  }
  return {
    ...tree,
    files: [...originals.keys()],
    async read(files) {
      const read = await tree.read(files.map((it) => originals.get(it)!));
      return new Map(files.map((it) => [it.path, read.get(originals.get(it)!.path)!]));
    },
  };
}

/**
 * Narrows a tree to the folder that was asked for.
 *
 * @throws {ToolError} naming the folders that there are, when that one is not.
 */
export function atPath(tree: SourceTree, path: string | undefined): SourceTree {
  if (path === undefined) return tree;
  const narrowed = atFolder(tree, path);
  if (narrowed.files.length > 0) return { ...narrowed, origin: { ...tree.origin, path } };
  const folders = [...new Set(tree.files.filter((it) => it.path.includes("/")).map((it) => it.path.split("/")[0]!))];
  throw new ToolError(`it has no folder "${path}"; at its root are ${folders.slice(0, 20).join(", ") || "no folders"}`);
}

/** Leaves out the one folder in which everything lies, as in archives of repositories. */
export function unwrap(tree: SourceTree): SourceTree {
  const [first] = tree.files;
  const folder = first?.path.split("/")[0];
  if (folder === undefined || !tree.files.every(({ path }) => isBelow(path, folder))) return tree;
  return atFolder(tree, folder);
}
