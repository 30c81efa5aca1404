/**
 * What a process holds together with all that it started, as Linux says in `/proc`.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseStat, type ProcessStat } from "./process_usage.ts";

/** A process tree at one moment. */
export interface ProcessTree {
  readonly root: ProcessStat;
  /** All that it started and that has not been waited for. */
  readonly descendants: readonly ProcessStat[];
}

/** When a tree counts as settled, in milliseconds. */
export interface SettleOptions {
  /** How long it has to be quiet; 80 by default. */
  readonly quietMs?: number;
  /** How long it is waited for; 10,000 by default. Then whatever comes next is measured as things are. */
  readonly limitMs?: number;
}

const SAMPLE_MS = 10;

/**
 * Reads a process tree.
 *
 * @throws {Error} when its root has ended.
 */
export function readTree(pid: number): ProcessTree {
  const children = new Map<number, ProcessStat[]>();
  let root: ProcessStat | undefined;
  for (const name of readdirSync("/proc")) {
    const stat = /^\d/.test(name) ? readStat(Number(name)) : undefined;
    if (stat === undefined) continue;
    if (stat.pid === pid) root = stat;
    const siblings = children.get(stat.parent);
    if (siblings === undefined) children.set(stat.parent, [stat]);
    else siblings.push(stat);
  }
  if (root === undefined) throw new Error(`Cannot read the processes of ${pid}: it has ended`);
  const descendants: ProcessStat[] = [...children.get(pid) ?? []];
  // what is pushed while it is walked is walked as well
  for (const { pid } of descendants) descendants.push(...children.get(pid) ?? []);
  return { root, descendants };
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    // it ended meanwhile
    return undefined;
  }
}

/**
 * Waits until nothing in a tree starts, ends or computes: whatever was being prepared there is ready.
 *
 * @returns the tree as it is then.
 */
export async function settle(
  pid: number,
  { quietMs = 80, limitMs = 10_000 }: SettleOptions = {},
): Promise<ProcessTree> {
  const startedAt = performance.now();
  let quietSince = startedAt;
  let before = "";
  let wasRootBusy = false;
  for (;;) {
    const tree = readTree(pid);
    const now = performance.now();
    const state = tree.descendants.map((it) => `${it.pid}:${it.cpuSeconds}`).join();
    const isRootBusy = isBusy(tree.root);
    // the root may look after what it started every now and then, which is not work that goes on
    if (isRootBusy && wasRootBusy || tree.descendants.some(isBusy) || state !== before) quietSince = now;
    before = state;
    wasRootBusy = isRootBusy;
    if (now - quietSince >= quietMs || now - startedAt >= limitMs) return tree;
    await sleep(SAMPLE_MS);
  }
}

/** Tells whether a process computes, wants to, or waits for a device. */
function isBusy({ state }: ProcessStat): boolean {
  return state === "R" || state === "D";
}

/** Tells whether a process goes on; one that has ended and is not waited for does not. */
export function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== "Z";
}

/** What a process holds beside memory. */
export interface Holdings {
  readonly processes: number;
  readonly descriptors: number;
  readonly mounts: number;
  /** Folders of control groups that the server made. */
  readonly groups: number;
  /** Entries of folders of its own. */
  readonly entries: number;
}

/** What holdings are called, in the order that they are told. */
export const HOLDINGS = ["processes", "descriptors", "mounts", "groups", "entries"] as const satisfies readonly (
  keyof Holdings
)[];

/**
 * Counts what a process holds.
 *
 * @param folders Absolute paths of the folders whose entries are counted; those that are not there have none.
 */
export function readHoldings(pid: number, folders: readonly string[]): Holdings {
  return {
    processes: readTree(pid).descendants.length,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mounts: readFileSync(`/proc/${pid}/mountinfo`, "utf8").trimEnd().split("\n").length,
    groups: countGroups(pid),
    entries: folders.reduce((sum, folder) => sum + countEntries(folder), 0),
  };
}

/** Counts what is in a folder, on all levels; nothing where it is not there. */
export function countEntries(folder: string): number {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).length : 0;
}

/** Counts the control groups that bear the number of a process, wherever groups are mounted. */
export function countGroups(pid: number): number {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").matchAll(/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2? /gm);
  return [...mounts].reduce((sum, [, path = ""]) => sum + countGroupsBelow(path, `collet-${pid}-`), 0);
}

function countGroupsBelow(folder: string, prefix: string): number {
  let count = 0;
  for (const entry of readFolders(folder)) {
    count += (entry.startsWith(prefix) ? 1 : 0) + countGroupsBelow(`${folder}/${entry}`, prefix);
  }
  return count;
}

function readFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((it) => it.isDirectory()).map(({ name }) => name);
  } catch {
    // a group that ended meanwhile
    return [];
  }
}
