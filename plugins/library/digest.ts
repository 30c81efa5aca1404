/**
 * The digest of a tool's files, by which a change of its code is seen.
 *
 * @module
 */
import type { Folder, FolderEntry } from "../../kernel/mod.ts";
import { MANIFEST_FILE, NOT_CODE } from "./layout.ts";

/** Lists the files that make up a tool: all but old versions, installed packages and caches. */
export async function listCode(folder: Folder): Promise<readonly FolderEntry[]> {
  const top = (await folder.list()).filter(({ path }) => !NOT_CODE.has(path));
  const nested = await Promise.all(top.map(async ({ path, kind }) => {
    if (kind !== "folder") return [];
    const below = await folder.list(path, { recursive: true });
    return below.map((entry) => ({ ...entry, path: `${path}/${entry.path}` }));
  }));
  return [...top, ...nested.flat()].filter(({ kind }) => kind !== "folder");
}

/**
 * Computes the digest of a tool: SHA-256 over path, length and bytes of each file, sorted by path; the manifest, which
 * holds the digest, is left out.
 */
export async function digestOf(folder: Folder): Promise<string> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const { path } of [...await listCode(folder)].sort((a, b) => a.path < b.path ? -1 : 1)) {
    if (path === MANIFEST_FILE) continue;
    const bytes = await folder.readBytes(path) ?? new Uint8Array();
    parts.push(encoder.encode(`${path}\0${bytes.length}\0`), bytes);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  const hash = await crypto.subtle.digest("SHA-256", whole);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
