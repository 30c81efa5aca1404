/**
 * Looks at many folders and reads many files in one go. Each step is a system call that returns at once, which costs a
 * fraction of what handing it to a thread and back does; between slices of them others get their turn.
 *
 * @module
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import type { EntryWish, FileStat, FolderEntry } from "../contracts.ts";
import { comparePaths, isInternal } from "./paths.ts";

const IS_WINDOWS = process.platform === "win32";
/** Most bytes of a file that is read, unless its reader says otherwise. */
export const MOST_BYTES = 65_536;
/** Most milliseconds that a slice takes, beside what its last step does. */
const SLICE_MS = 8;

// without O_NONBLOCK, opening a FIFO would hold a thread until someone writes to it
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Gives the kind of an entry; devices, pipes and sockets have none, and are treated as absent. */
export function kindOf(entry: Dirent | BigIntStats): FileStat["kind"] | undefined {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : undefined;
}

/** Tells what is known of a file or folder; `undefined` where it is to be treated as absent. */
export function describe(stat: BigIntStats): FileStat | undefined {
  const kind = kindOf(stat);
  if (kind === undefined) return undefined;
  const fingerprint = `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
  const size = kind === "folder" ? 0 : Number(stat.size);
  const mode = IS_WINDOWS ? {} : { mode: Number(stat.mode) & 0o777 };
  return { kind, size, modified: stat.mtime, ...mode, fingerprint };
}

/** Does a step for each path, in slices; what a step throws makes its result `undefined`. */
async function inSlices<T>(paths: readonly string[], step: (path: string) => T): Promise<(T | undefined)[]> {
  const results: (T | undefined)[] = [];
  let end = performance.now() + SLICE_MS;
  for (const path of paths) {
    try {
      results.push(step(path));
    } catch {
      results.push(undefined);
    }
    if (performance.now() < end) continue;
    await setImmediate();
    end = performance.now() + SLICE_MS;
  }
  // one slice at least each time, however few paths its caller asks for at once
  await setImmediate();
  return results;
}

/** What {@linkcode listMany} needs to know. */
export interface ListManyOptions {
  /** Gives the real path of a path, checked. */
  locate(path: string): string;
  /** Says what is wanted of an entry beside its kind. */
  wish(path: string): EntryWish | undefined;
}

/** Lists folders; what is absent, no folder or cannot be listed is `undefined`. */
export async function listMany(
  paths: readonly string[],
  { locate, wish }: ListManyOptions,
): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
  return await inSlices(paths, (path) => {
    const folder = locate(path);
    const prefix = path === "." || path === "" ? "" : `${path}/`;
    return listFolder(folder).map((entry) => {
      const wished = wish(prefix + entry.path);
      return wished === undefined ? entry : lookAt(join(folder, entry.path), entry, wished);
    });
  });
}

function listFolder(folder: string): FolderEntry[] {
  const entries: FolderEntry[] = [];
  // V8 optimizes this within its first long loop, and would fall back at the end of an iterator each time after
  const found = readdirSync(folder, { withFileTypes: true });
  for (let i = 0; i < found.length; i++) {
    const entry = found[i]!;
    const kind = kindOf(entry);
    if (kind !== undefined && !isInternal(entry.name)) entries.push({ path: entry.name, kind });
  }
  return entries.sort(comparePaths);
}

/** Tells more of an entry, as far as that can be told. */
function lookAt(path: string, entry: FolderEntry, wish: EntryWish): FolderEntry {
  try {
    if (wish === "bytes" && entry.kind === "file") return { ...entry, ...readFile(path, MOST_BYTES) };
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    const stat = found && describe(found);
    if (stat === undefined) return entry;
    return wish === "entries" && stat.kind === "folder"
      ? { ...entry, stat, entries: listFolder(path) }
      : { ...entry, stat };
  } catch {
    return entry;
  }
}

/** Reads files; what is absent, larger than `mostBytes` or cannot be read is `undefined`. */
export async function readMany(
  paths: readonly string[],
  { locate, mostBytes = MOST_BYTES }: {
    readonly locate: (path: string) => string;
    readonly mostBytes?: number | undefined;
  },
): Promise<readonly (Uint8Array | undefined)[]> {
  return await inSlices(paths, (path) => readFile(locate(path), mostBytes).bytes);
}

/** Looks at a file, and reads it when it is not too large. */
function readFile(path: string, mostBytes: number): Pick<FolderEntry, "stat" | "bytes"> {
  const descriptor = openSync(path, READ_FLAGS);
  try {
    const stat = describe(fstatSync(descriptor, { bigint: true }));
    if (stat === undefined) return {};
    if (stat.kind !== "file" || stat.size > mostBytes) return { stat };
    const bytes = new Uint8Array(stat.size);
    let size = 0;
    for (let read = 1; read > 0 && size < bytes.length; size += read) {
      read = readSync(descriptor, bytes, size, bytes.length - size, null);
    }
    return { stat, bytes: bytes.subarray(0, size) };
  } finally {
    closeSync(descriptor);
  }
}
