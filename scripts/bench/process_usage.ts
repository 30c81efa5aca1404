/**
 * What a process uses, as Linux says in `/proc`.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";

// the unit of times in /proc, the same on every Linux of today; source: proc_pid_stat(5), sysconf(_SC_CLK_TCK)
const TICKS_PER_SECOND = 100;

/** Whether this system tells what processes use. */
export const HAS_USAGE: boolean = existsSync("/proc/self/stat");

/** What `/proc/<pid>/stat` says of a process. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Of its main thread: `R` runs or wants to, `S` sleeps, `D` waits for a device, `Z` has ended. */
  readonly state: string;
  /** Processor time that it has used so far, of all its threads. */
  readonly cpuSeconds: number;
}

/** Reads a line of `/proc/<pid>/stat`. Source: proc_pid_stat(5). */
export function parseStat(line: string): ProcessStat {
  // the name of the program may hold anything, and ends at the last parenthesis
  const [state = "", ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return {
    pid: Number.parseInt(line),
    parent: Number(fields[0]),
    state,
    cpuSeconds: (Number(fields[10]) + Number(fields[11])) / TICKS_PER_SECOND,
  };
}

/** Reads the processor time that a process has used so far, of all its threads, in seconds; NaN where nobody tells. */
export function readCpuSeconds(pid: number): number {
  return HAS_USAGE ? parseStat(readFileSync(`/proc/${pid}/stat`, "latin1")).cpuSeconds : NaN;
}

/** Reads how much memory of a process is resident, in bytes. */
export function readResidentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (kib === undefined) throw new Error(`Cannot read the memory of process ${pid}: it has ended`);
  return Number(kib) * 1024;
}
