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

/** Reads the processor time that a process has used so far, of all its threads, in seconds; NaN where nobody tells. */
export function readCpuSeconds(pid: number): number {
  if (!HAS_USAGE) return NaN;
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // the name of the program may hold anything, and ends at the last parenthesis
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Reads how much memory of a process is resident, in bytes. */
export function readResidentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (kib === undefined) throw new Error(`Cannot read the memory of process ${pid}: it has ended`);
  return Number(kib) * 1024;
}
