/**
 * Tells one process from another that later has the same number.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { codeOf } from "./real_path.ts";

/** Identifies a process among all machines that share a folder. */
export interface ProcessIdentity {
  /** Names the machine, its boot and its process namespace: where equal, process numbers mean the same. */
  readonly host: string;
  readonly pid: number;
  /** When it started, in the kernel's own ticks; absent where that cannot be read. */
  readonly started?: number;
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

let thisHost: string | undefined;
function hostIdentity(): string {
  return thisHost ??= [
    hostname(),
    unlessRefused(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    unlessRefused(() => readlinkSync("/proc/self/ns/pid")),
  ].join("/");
}

/** What `/proc/<pid>/stat` tells of a process. */
export interface ProcessStat {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from boot to the start of the process. */
  readonly started: number;
  /** Whether it has ended, and only waits for its parent to hear of it. */
  readonly isZombie: boolean;
  /** Whether it was stopped by a signal, and does nothing until another comes. */
  readonly isStopped: boolean;
}

// longer than what the kernel writes there; one for all, since this is read for each process of the machine
const STAT_BYTES = Buffer.alloc(4096);

function readStatText(pid: number): string {
  const descriptor = openSync(`/proc/${pid}/stat`, "r");
  try {
    return STAT_BYTES.toString("latin1", 0, readSync(descriptor, STAT_BYTES));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads what Linux tells of a process; `undefined` when there is no such process, or no such knowledge.
 * Source: proc_pid_stat(5).
 */
export function readStat(pid: number): ProcessStat | undefined {
  const text = unlessRefused(() => readStatText(pid));
  if (text === undefined) return undefined;
  // the second field, the name in parentheses, may itself hold spaces and parentheses; the third follows the last one
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    isZombie: fields[0] === "Z" || fields[0] === "X",
    isStopped: fields[0] === "T" || fields[0] === "t",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    started: Number(fields[19]),
  };
}

/** Gives the identity of this process. */
export function processIdentity(): ProcessIdentity {
  const started = readStat(process.pid)?.started;
  return { host: hostIdentity(), pid: process.pid, ...(started === undefined ? {} : { started }) };
}

/** Tells whether a process is alive; `undefined` when that cannot be known from here. */
export function seemsAlive(identity: Partial<ProcessIdentity>): boolean | undefined {
  const { host, pid, started } = identity;
  if (host !== hostIdentity() || typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const found = readStat(pid);
  if (started === undefined || found === undefined) return undefined;
  return started === found.started && !found.isZombie;
}
