/**
 * Folders and archives of this machine.
 *
 * @module
 */
import { type Files, type FileStat, type Folder, isKernelError, ToolError } from "../../kernel/mod.ts";
import { openArchive } from "./archive.ts";
import { isBareRepository } from "./git.ts";
import type { Limits } from "./limits.ts";
import { isCode, isPassedOver, MANIFEST_FILE } from "./paths.ts";
import { type Fragment, merge, splitFragment } from "./source.ts";
import { atPath, type SourceTree, type TreeFile } from "./tree.ts";

/** What was found at a path. */
export type LocalPlace =
  | { readonly kind: "archive" | "folder"; readonly path: string; readonly folder: Folder; readonly subfolder?: string }
  | { readonly kind: "git"; readonly path: string; readonly ref?: string; readonly subfolder?: string };

/** What a path of this machine is looked up with. */
export interface LocalOptions {
  readonly files: Files;
  /** Expands `~`. */
  readonly expand: (path: string) => string;
}

/**
 * Looks what a path is: with `#ref:folder` at its end where the whole is no path itself.
 *
 * @throws {ToolError} when nothing is there.
 */
export async function findLocal(
  { text, ref, path }: { readonly text: string; readonly ref?: string; readonly path?: string },
  { files, expand }: LocalOptions,
): Promise<LocalPlace> {
  const whole = await statOf(text, { files, expand });
  const fragment: Fragment = whole === undefined ? splitFragment(text) : { address: text };
  const stat = whole ?? await statOf(fragment.address, { files, expand });
  const absolute = expand(fragment.address);
  if (stat === undefined) throw new ToolError(`there is no file or folder "${absolute}"`);
  const given = { ...(ref !== undefined && { ref }), ...(path !== undefined && { path }) };
  const { ref: branch, path: subfolder } = merge(fragment, given, (why) => new ToolError(why));
  const named = { path: absolute, ...(subfolder !== undefined && { subfolder }) };
  const folder = files.open(absolute);
  if (stat.kind === "file" && branch === undefined) return { kind: "archive", folder, ...named };
  if (stat.kind === "folder" && branch === undefined && !await isBareRepository(folder)) {
    return { kind: "folder", folder, ...named };
  }
  if (stat.kind === "folder") return { kind: "git", ...named, ...(branch !== undefined && { ref: branch }) };
  throw new ToolError('it is a file, and no git repository that could have a "ref"');
}

async function statOf(path: string, { files, expand }: LocalOptions): Promise<FileStat | undefined> {
  try {
    return await files.open(expand(path)).stat(".");
  } catch (error) {
    if (isKernelError(error)) return undefined;
    throw error;
  }
}

/**
 * Opens an archive.
 *
 * @throws {ToolError} when it is too large, or none.
 */
export async function openLocalArchive(
  { path, folder, subfolder }: Extract<LocalPlace, { kind: "archive" | "folder" }>,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<SourceTree> {
  const size = (await folder.stat("."))?.size ?? 0;
  const most = limits.max_total_bytes;
  if (size > most) throw new ToolError(`it has ${size} bytes, at most ${most} are taken (max_total_bytes)`);
  const bytes = await folder.readBytes(".") ?? new Uint8Array();
  return atPath(await openArchive(bytes, { origin: { from: path }, limits, signal }), subfolder);
}

/** How many entries are looked at before the folder is taken for a wrong one. */
const MOST_ENTRIES = 20_000;

/**
 * Opens a folder.
 *
 * @throws {ToolError} when it holds too much to be a folder of tools.
 */
export async function openFolder(
  { path, folder, subfolder }: Extract<LocalPlace, { kind: "archive" | "folder" }>,
  { signal }: { readonly signal: AbortSignal },
): Promise<SourceTree> {
  const found: TreeFile[] = [];
  let seen = 0;
  const walk = async (below: string, isTool: boolean): Promise<void> => {
    signal.throwIfAborted();
    const entries = await folder.list(below === "" ? "." : below);
    const isRoot = entries.some((it) => it.path === MANIFEST_FILE && it.kind === "file");
    for (const { path: name, kind } of entries) {
      if (++seen > MOST_ENTRIES) {
        throw new ToolError(`there are more than ${MOST_ENTRIES} files in it; name the folder of the tool`);
      }
      const entry = below === "" ? name : `${below}/${name}`;
      if (isTool ? !isCode(`x/${name}`) : isRoot ? !isCode(name) : kind === "folder" && isPassedOver(name)) continue;
      try {
        if (kind === "folder") await walk(entry, isTool || isRoot);
        else found.push(await describe(folder, entry));
      } catch (error) {
        if (!isKernelError(error)) throw error;
        // a name by which nothing can be read; it matters to the tool that it is in
        found.push({ path: entry, size: 0, isExecutable: undefined, oddity: "of a name that cannot be used" });
      }
    }
  };
  await walk("", false);
  const tree: SourceTree = {
    origin: { from: path },
    files: found,
    async read(files) {
      const read = new Map<string, Uint8Array>();
      for (const { path, size } of files) {
        signal.throwIfAborted();
        const bytes = await folder.readBytes(path);
        if (bytes?.length !== size) {
          throw new ToolError(`its file ${JSON.stringify(path)} changed meanwhile; try again`);
        }
        read.set(path, bytes);
      }
      return read;
    },
  };
  return atPath(tree, subfolder);
}

async function describe(folder: Folder, path: string): Promise<TreeFile> {
  const stat = await folder.stat(path);
  return {
    path,
    size: stat?.size ?? 0,
    isExecutable: stat?.mode === undefined ? undefined : (stat.mode & 0o111) !== 0,
    oddity: stat?.kind === "link" ? "a symbolic link" : undefined,
  };
}
