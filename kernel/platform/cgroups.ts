/**
 * Makes control groups, by which Linux holds a process tree to its limits, where this process may make them.
 * Source: the kernel's documentation of cgroups, versions 1 and 2.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Controller, type GroupFolder, groupFolders } from "./cgroup_folders.ts";
import { NOTHING_TO_PREPARE, putLauncherBefore } from "./launcher.ts";
import { codeOf } from "./real_path.ts";

/** What a group is to hold a tree to. */
export interface GroupLimits {
  /** Most bytes of memory, those of files in memory among them. */
  readonly memory?: number | undefined;
  /** Most processes; what the kernel bounds is how many threads they have together, at as many as they can want. */
  readonly pids?: number | undefined;
}

/** A folder in which groups for a controller were found to work. */
interface Holder extends GroupFolder {
  /** Names of the files that groups in it have. */
  readonly files: ReadonlySet<string>;
}

/** Which controllers hold limits here. */
export type Holders = Readonly<Partial<Record<Controller, Holder>>>;

const GROUP_REGEXP = /^collet-(\d+)-/;
const REMOVAL_PAUSES_MS: readonly number[] = [1, 2, 4, 8, 16, 32, 64];
const TRIAL: Record<Controller, number> = { memory: 2 ** 28, pids: 16 };
/** Interpreters start some threads whatever the machine, and up to two for each of its processors. */
const THREADS_OF_PROCESS = 16 + 2 * availableParallelism();
const OOM_KILL_REGEXP = /^oom_kill (\d+)$/m;
const REFUSED_REGEXP = /^max (\d+)$/m;

/** Tells which values are written to which files of a group, to limit it. */
function limitWrites(controller: Controller, value: number, { version, files }: Holder): [string, string][] {
  const bytes = String(Math.ceil(value));
  const writes: [string, string][] = controller === "pids"
    ? [[String(Math.ceil(value) * THREADS_OF_PROCESS), "pids.max"]]
    : version === 1
    ? [[bytes, "memory.limit_in_bytes"], [bytes, "memory.memsw.limit_in_bytes"]]
    : [[bytes, "memory.max"], ["0", "memory.swap.max"], ["1", "memory.oom.group"]];
  // the first is the limit itself; a kernel without swap, or an old one, lacks the others
  return writes.filter(([, name], index) => index === 0 || files.has(name));
}

/** A control group, or one of each controller: what joined it stays in it with all that it starts. */
export class ControlGroup {
  /** What the launcher writes to limit the group and to join it. */
  readonly writes: readonly (readonly [value: string, path: string])[];
  /** Which limits the kernel holds. */
  readonly holds: ReadonlySet<Controller>;
  readonly #folders: readonly string[];
  readonly #memory: { readonly folder: string; readonly version: 1 | 2 } | undefined;
  readonly #pids: string | undefined;

  constructor(name: string, limits: GroupLimits, holders: Holders) {
    const writes: [string, string][] = [];
    const joins = new Map<string, string>();
    const held = new Map<Controller, string>();
    for (const controller of ["memory", "pids"] as const) {
      const [holder, limit] = [holders[controller], limits[controller]];
      if (holder === undefined || limit === undefined) continue;
      const folder = join(holder.path, name);
      held.set(controller, folder);
      for (const [value, file] of limitWrites(controller, limit, holder)) writes.push([value, join(folder, file)]);
      // one thread joins at once; a whole process, which version 2 asks for, waits until no other one forks
      joins.set(folder, join(folder, holder.version === 1 ? "tasks" : "cgroup.procs"));
    }
    this.writes = [...writes, ...[...joins.values()].map((path) => ["0", path] as const)];
    this.holds = new Set(held.keys());
    this.#folders = [...joins.keys()];
    const memory = held.get("memory");
    this.#memory = memory === undefined ? undefined : { folder: memory, version: holders.memory?.version ?? 2 };
    this.#pids = held.get("pids");
  }

  /** Makes the folders. */
  async make(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => mkdir(folder)));
  }

  /** Lists the numbers of the processes in the group. */
  members(): readonly number[] {
    // 0 is one that this process cannot see
    return readSafely(join(this.#folders[0] ?? "", "cgroup.procs")).split("\n").map(Number).filter((pid) => pid > 0);
  }

  /** Tells whether the kernel ended a process of the group for lack of memory. */
  hasKilled(): boolean {
    if (this.#memory === undefined) return false;
    const { folder, version } = this.#memory;
    return countOf(OOM_KILL_REGEXP, join(folder, version === 1 ? "memory.oom_control" : "memory.events")) > 0;
  }

  /** Tells whether the kernel refused the group a process or thread. */
  hasRefused(): boolean {
    return this.#pids !== undefined && countOf(REFUSED_REGEXP, join(this.#pids, "pids.events")) > 0;
  }

  /** Removes the folders, once no process is left. */
  async remove(): Promise<void> {
    await Promise.all(this.#folders.map(removeGroup));
  }
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function countOf(regexp: RegExp, path: string): number {
  return Number(regexp.exec(readSafely(path))?.[1] ?? 0);
}

/** Removes a group with those in it; one that is still busy after a while is left for a later server to remove. */
async function removeGroup(folder: string): Promise<void> {
  for (const pauseMs of REMOVAL_PAUSES_MS) {
    if (await isRemoved(folder)) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) await isRemoved(join(folder, entry.name));
    await sleep(pauseMs);
  }
}

async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
}

function makeName(): string {
  return `collet-${process.pid}-${crypto.randomUUID().slice(0, 13)}`;
}

/** Tries whether a group can be made in a folder, limited and joined. */
async function tryFolder(controller: Controller, folder: GroupFolder): Promise<Holder | undefined> {
  const name = makeName();
  const path = join(folder.path, name);
  try {
    await mkdir(path);
    const holder: Holder = { ...folder, files: new Set(await readdir(path)) };
    const group = new ControlGroup(name, { [controller]: TRIAL[controller] }, { [controller]: holder });
    const line = { program: "/bin/sh", args: ["-c", ":"] };
    const launch = putLauncherBefore(line, { ...NOTHING_TO_PREPARE, writes: group.writes }, {});
    const child = spawn(launch.program, launch.args, { env: {}, stdio: "ignore" });
    const code = await new Promise((resolve) => child.once("error", resolve).once("exit", resolve));
    return code === 0 ? holder : undefined;
  } catch {
    return undefined;
  } finally {
    await removeGroup(path);
  }
}

async function findHolder(
  controller: Controller,
  surroundings: { readonly mountinfo: string; readonly cgroup: string },
): Promise<Holder | undefined> {
  for (const folder of groupFolders(controller, surroundings)) {
    // in version 2, what the groups of a folder hold is decided in the folder
    const offered = folder.version === 1 ? controller : readSafely(join(folder.path, "cgroup.subtree_control"));
    if (!offered.trim().split(" ").includes(controller)) continue;
    await removeLeftovers(folder.path);
    const holder = await tryFolder(controller, folder);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** Removes the empty groups of servers that died. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map(async (name) => {
    const pid = Number(GROUP_REGEXP.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) await isRemoved(join(folder, name));
  }));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

async function findHoldersNow(): Promise<Holders> {
  try {
    const [mountinfo, cgroup] = await Promise.all([
      readFile("/proc/self/mountinfo", "utf8"),
      readFile("/proc/self/cgroup", "utf8"),
    ]);
    const [memory, pids] = await Promise.all([
      findHolder("memory", { mountinfo, cgroup }),
      findHolder("pids", { mountinfo, cgroup }),
    ]);
    return { ...(memory && { memory }), ...(pids && { pids }) };
  } catch {
    return {};
  }
}

let finding: Promise<Holders> | undefined;

/** Finds out, once, which controllers hold limits here. */
export function findHolders(): Promise<Holders> {
  return finding ??= process.platform === "linux" ? findHoldersNow() : Promise.resolve({});
}

/** Makes a group for those of the limits that the kernel can hold here; `undefined` when these are none. */
export async function makeControlGroup(limits: GroupLimits): Promise<ControlGroup | undefined> {
  if (limits.memory === undefined && limits.pids === undefined) return undefined;
  const group = new ControlGroup(makeName(), limits, await findHolders());
  if (group.holds.size === 0) return undefined;
  try {
    await group.make();
    return group;
  } catch (error) {
    // this process may have been moved to another group; the next command finds out
    finding = undefined;
    await group.remove();
    throw error;
  }
}
