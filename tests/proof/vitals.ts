/**
 * What the kernel of the machine knows of a process: descriptors, memory, children. Linux alone tells it by files.
 *
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** Why nothing can be measured here; `false` where it can. */
export const CANNOT_MEASURE: string | false = process.platform === "linux" ? false : "only Linux has /proc";

/** What a process holds, seen from outside. */
export interface Vitals {
  /** Open descriptors by kind: `socket`, `pipe`, files by name. */
  readonly descriptors: readonly string[];
  /** Resident memory in bytes. */
  readonly rss: number;
  /** Ids of the processes below it, at any depth. */
  readonly children: readonly number[];
}

/** Looks at a process. */
export function readVitals(pid: number): Vitals {
  return { descriptors: descriptorsOf(pid), rss: rssOf(pid), children: childrenOf(pid) };
}

/** Gives the resident memory of a process in bytes. */
export function rssOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** Tells whether a process is there, and more than what a parent has not taken note of. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Lists the processes below a process. */
export function childrenOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // the name of the program stands in parentheses, and may hold any character
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (id: number): boolean => {
    const parent = parents.get(id);
    return parent !== undefined && parent > 1 && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`).replace(/:\[\d+\]$/, "")];
    } catch {
      return [];
    }
  }).sort();
}
