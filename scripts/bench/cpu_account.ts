/**
 * Processor time of a process and of all that it ever starts, whoever waits for that, by a control group.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

// source: the kernel's documentation of cgroups, version 2; times are told by a group whatever its controllers
const MOUNT_REGEXP = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m;
const OWN_REGEXP = /^0::(.*)$/m;
const USAGE_REGEXP = /^usage_usec (\d+)$/m;
/** Those that a server uses where it is offered them. */
const CONTROLLERS: readonly string[] = ["+memory", "+pids"];
const REMOVALS = 20;
const REMOVAL_PAUSE_MS = 50;

/** Takes account of one process. */
export class CpuAccount implements AsyncDisposable {
  readonly #group: string | undefined;

  /** @param pid A process that has started nothing yet. */
  constructor(pid: number) {
    this.#group = makeGroup(pid);
  }

  /** Processor time so far; NaN where no control group can be made. */
  get seconds(): number {
    if (this.#group === undefined) return NaN;
    return Number(USAGE_REGEXP.exec(readFileSync(join(this.#group, "cpu.stat"), "utf8"))?.[1]) / 1_000_000;
  }

  /** Removes the group, once its processes have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let i = 0; i < REMOVALS && this.#group !== undefined && existsSync(this.#group); i++) {
      // a process that was ended is in its group for a moment more
      if (i > 0) await sleep(REMOVAL_PAUSE_MS);
      removeGroup(this.#group);
    }
  }
}

/**
 * Makes a group beside the one that the process is in, and moves it to one inside, so that groups which the process
 * makes beside its own are inside as well.
 */
function makeGroup(pid: number): string | undefined {
  const mount = existsSync("/proc/self/mountinfo")
    ? MOUNT_REGEXP.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1]
    : undefined;
  const own = mount === undefined ? undefined : OWN_REGEXP.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
  if (mount === undefined || own === undefined) return undefined;
  const group = join(mount, dirname(own), `bench-${process.pid}-${pid}`);
  try {
    mkdirSync(join(group, "server"), { recursive: true });
    for (const controller of CONTROLLERS) offer(controller, group);
    writeFileSync(join(group, "server", "cgroup.procs"), String(pid));
    return group;
  } catch {
    removeGroup(group);
    return undefined;
  }
}

function offer(controller: string, group: string): void {
  try {
    writeFileSync(join(group, "cgroup.subtree_control"), controller);
  } catch {
    // the group above has it not
  }
}

function removeGroup(group: string): void {
  for (const folder of [join(group, "server"), group]) {
    try {
      rmdirSync(folder);
    } catch {
      // it was never made, or is not empty
    }
  }
}
