/**
 * What is in a folder at one moment, to compare with what is there later.
 *
 * @module
 */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parentOf } from "./paths.ts";

/** What is at a path. */
interface Seen {
  /** Changes when it is replaced, and for a file when it is written. */
  readonly identity: string;
  /** Changes when something comes to a folder or goes; `undefined` of what is none. */
  readonly entriesMs?: number;
}

/** What is at paths relative to a folder, which is among them as the empty path. */
export type Snapshot = ReadonlyMap<string, Seen>;

/** Tells which paths relative to a folder are left out. */
type LeavesOut = (path: string) => boolean;

/** Gives an identity of what is at a path, which changes when it is replaced, and for a file when it is written. */
export function identify(path: string | undefined): string {
  return path === undefined ? "absent" : lookAt(path).identity;
}

function lookAt(path: string): Seen {
  try {
    const stat = lstatSync(path);
    const { dev, ino, birthtimeMs, mtimeMs, size } = stat;
    // the number of a folder that was removed may be that of the next one
    if (stat.isDirectory()) return { identity: `folder ${dev} ${ino} ${birthtimeMs}`, entriesMs: mtimeMs };
    return { identity: `file ${dev} ${ino} ${mtimeMs} ${size}` };
  } catch {
    return { identity: "absent" };
  }
}

/** Lists what is below a folder, as paths relative to `root`; what disappears meanwhile or `isLeftOut` is left out. */
export function* listBelow(root: string, path: string, isLeftOut: LeavesOut): Iterable<string> {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const below = joinPath(path, entry.name);
    if (isLeftOut(below)) continue;
    yield below;
    if (entry.isDirectory()) yield* listBelow(root, below, isLeftOut);
  }
}

/** Puts a path behind that of a folder, which may be empty. */
export function joinPath(path: string, below: string): string {
  return path === "" ? below : `${path}/${below}`;
}

/** Looks at a folder, and at all that is below it and not left out. */
export function takeSnapshot(root: string, isLeftOut: LeavesOut): Snapshot {
  // before what it lists, so that what comes meanwhile is found the next time
  const seen = new Map([["", lookAt(root)]]);
  for (const path of listBelow(root, "", isLeftOut)) seen.set(path, lookAt(join(root, path)));
  return seen;
}

/**
 * Lists the paths at which something else is now. Where a folder has the same entries, and some came or went meanwhile, it
 * is told with all its entries: whoever looked into it then has found what is no more.
 */
export function changedBetween(before: Snapshot, now: Snapshot): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const path of new Set([...before.keys(), ...now.keys()])) {
    if (path !== "" && before.get(path)?.identity !== now.get(path)?.identity) changed.add(path);
  }
  const told = new Set([...changed].map(parentOf));
  const restless = new Set<string>();
  for (const [path, { identity, entriesMs }] of now) {
    const seen = before.get(path);
    if (seen?.identity === identity && seen.entriesMs !== entriesMs && !told.has(path)) restless.add(path);
  }
  for (const path of now.keys()) if (restless.has(path) || restless.has(parentOf(path))) changed.add(path);
  return changed;
}
