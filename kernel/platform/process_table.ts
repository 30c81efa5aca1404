/**
 * Reads which processes run: from `/proc` on Linux, from `ps` elsewhere.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { setImmediate } from "node:timers";
import { readStat } from "./process_identity.ts";

/** One running process; those that have ended and wait for their parent are left out. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Absent where `ps` does not tell. */
  readonly session?: number;
  /** Whether it was stopped by a signal. */
  readonly isStopped: boolean;
  /** Grows with the time of the start: clock ticks since boot on Linux, milliseconds elsewhere. */
  readonly started: number;
  /** Absent where it is read for one process at a time, by {@linkcode residentBytesOf}. */
  readonly residentBytes?: number;
}

const NUMBER_REGEXP = /^\d+$/;
const PS_LINE_REGEXP = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/;
const RESIDENT_REGEXP = /^VmRSS:\s+(\d+) kB/m;

/** Lists the running processes; `undefined` where nothing tells. */
export function readProcesses(): readonly ProcessEntry[] | undefined {
  if (process.platform === "win32") return undefined;
  return process.platform === "linux" ? readProcFolder() ?? askPs() : askPs();
}

let reading: Promise<readonly ProcessEntry[] | undefined> | undefined;

/** Lists the running processes a moment later, once for all who ask until then. */
export function readProcessesTogether(): Promise<readonly ProcessEntry[] | undefined> {
  return reading ??= new Promise((resolve) => {
    setImmediate(() => {
      reading = undefined;
      resolve(readProcesses());
    });
  });
}

function readProcFolder(): ProcessEntry[] | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => NUMBER_REGEXP.test(name));
  } catch {
    return undefined;
  }
  const entries: ProcessEntry[] = [];
  for (const name of names) {
    const stat = readStat(Number(name));
    if (stat !== undefined && !stat.isZombie) entries.push({ pid: Number(name), ...stat });
  }
  return entries.length === 0 ? undefined : entries;
}

/** Lists the running processes as `ps` of POSIX systems tells them. */
export function askPs(): readonly ProcessEntry[] | undefined {
  const args = ["-A", "-o", "pid=,ppid=,pgid=,rss=,stat=,lstart="];
  const { status, stdout } = spawnSync("ps", args, {
    encoding: "utf8",
    timeout: 5_000,
    maxBuffer: 16 * 1024 * 1024,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  });
  return status === 0 ? parsePs(stdout) : undefined;
}

/** Reads the output of `ps -A -o pid=,ppid=,pgid=,rss=,stat=,lstart=`, in the C locale and UTC. */
export function parsePs(text: string): readonly ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const line of text.split("\n")) {
    const match = PS_LINE_REGEXP.exec(line);
    if (match === null || match[5]?.startsWith("Z") === true) continue;
    const [pid = 0, parent = 0, group = 0, kilobytes = 0] = match.slice(1, 5).map(Number);
    const isStopped = match[5]?.startsWith("T") === true;
    const started = Date.parse(`${match[6]} UTC`);
    entries.push({ pid, parent, group, isStopped, started, residentBytes: kilobytes * 1024 });
  }
  return entries;
}

/** Reads the resident bytes of a process; 0 when it is gone. */
export function residentBytesOf(entry: ProcessEntry): number {
  if (entry.residentBytes !== undefined) return entry.residentBytes;
  try {
    const match = RESIDENT_REGEXP.exec(readFileSync(`/proc/${entry.pid}/status`, "utf8"));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Tells whether a process was started with a text in its environment; Linux only. */
export function hasInEnvironment(pid: number, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(text);
  } catch {
    return false;
  }
}
