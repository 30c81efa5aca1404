/**
 * The digest of a tool's files, by which a change of its code is seen.
 *
 * @module
 */
import { type Folder, type FolderEntry, sha256 } from "../../kernel/mod.ts";
import type { FileSet } from "./contract.ts";
import { CACHE_FOLDER, MANIFEST_FILE, NOT_CODE } from "./layout.ts";

/**
 * Lists the files that make up a tool: all but old versions, installed packages, caches, and links that lead to no file
 * within its folder, such as those of a virtual environment.
 */
export async function listCode(folder: Folder): Promise<readonly FolderEntry[]> {
  const top = (await folder.list()).filter(({ path }) => isCode(path));
  const nested = await Promise.all(top.map(async ({ path, kind }) => {
    if (kind !== "folder") return [];
    const below = await folder.list(path, { recursive: true });
    return below.map((entry) => ({ ...entry, path: `${path}/${entry.path}` }));
  }));
  const files: FolderEntry[] = [];
  for (const entry of [...top, ...nested.flat()]) {
    if (entry.kind === "folder" || !isCode(entry.path)) continue;
    if (entry.kind === "file" || await isReadable(folder, entry.path)) files.push(entry);
  }
  return files;
}

async function isReadable(folder: Folder, path: string): Promise<boolean> {
  return await folder.readBytes(path).then((bytes) => bytes !== undefined, () => false);
}

/**
 * Copies an entry of the folder of all tools; what of it is a link that leads out, or to nothing, stays behind.
 *
 * @throws {Error} when a file cannot be copied.
 */
export async function copyCode(
  tools: Folder,
  { from, to, kind }: { readonly from: string; readonly to: string; readonly kind: FolderEntry["kind"] },
): Promise<void> {
  if (kind === "file") return await tools.copy(from, to);
  const isCopied = await tools.copy(from, to).then(() => true, () => false);
  if (isCopied || kind === "link") return;
  await tools.makeFolder(to);
  for (const { path, kind } of await tools.list(from)) {
    await copyCode(tools, { from: `${from}/${path}`, to: `${to}/${path}`, kind });
  }
}

function isCode(path: string): boolean {
  const parts = path.split("/");
  // Python writes its caches wherever a module is, when the tool runs, which is no change of it
  return !NOT_CODE.has(parts[0]!) && !parts.includes(CACHE_FOLDER);
}

/**
 * Computes the digest of a tool: SHA-256 over path, length and bytes of each file, sorted by path; the manifest, which
 * holds the digest, is left out.
 */
export async function digestOf(folder: Folder): Promise<string> {
  const files: [string, Uint8Array][] = [];
  for (const { path } of await listCode(folder)) {
    if (path !== MANIFEST_FILE) files.push([path, await folder.readBytes(path) ?? new Uint8Array()]);
  }
  return await digestFiles(files);
}

/** Computes the same digest of files that are in no folder yet. */
export async function digestOfSet(files: FileSet): Promise<string> {
  const entries = Object.entries(files).filter(([path]) => path !== MANIFEST_FILE && isCode(path));
  return await digestFiles(entries.map(([path, content]) => {
    const data = typeof content === "string" || content instanceof Uint8Array ? content : content.data;
    return [path, typeof data === "string" ? new TextEncoder().encode(data) : data];
  }));
}

async function digestFiles(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<string> {
  const encoder = new TextEncoder();
  const sorted = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  const parts = sorted.flatMap(([path, bytes]) => [encoder.encode(`${path}\0${bytes.length}\0`), bytes]);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return await sha256(whole);
}
