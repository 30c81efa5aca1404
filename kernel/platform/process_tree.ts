/**
 * Finds and ends a process with all that came from it.
 *
 * A member of the tree is whatever is in the process group or session of the root, has a member as its parent, was
 * found to be a member before, is in the tree's control group, or (on Linux) carries the tree's mark in its environment,
 * however often it forked and whatever session it started. Without a control group, a process that clears its
 * environment, starts a session and loses its parent, all of it unseen, is out of reach here; a sandbox with its own
 * process namespace ends it.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlGroup } from "./cgroups.ts";
import { readStat } from "./process_identity.ts";
import {
  hasInEnvironment,
  type ProcessEntry,
  readProcesses,
  readProcessesTogether,
  residentBytesOf,
} from "./process_table.ts";

/** Names the variable that marks every process of a tree. */
export const TREE_VARIABLE = "COLLET_PROCESS_TREE";

const IS_WINDOWS = process.platform === "win32";
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
/** How long members may take to stop before they are killed; one that hangs in the kernel does not. */
const STOP_MS = 1_000;
/** After this long, what KILL did not end hangs in the kernel and never will. */
const GIVE_UP_MS = 5_000;

/** Makes a mark for a tree. A tree within a tree carries the marks of both. */
export function makeMark(): string {
  const outer = process.env[TREE_VARIABLE];
  const own = crypto.randomUUID();
  return outer === undefined ? own : `${outer}:${own}`;
}

/** What is known of a tree when it starts. */
export interface TreeOptions extends Pick<ProcessTree, "isWrapper" | "group"> {
  /** Value of {@linkcode TREE_VARIABLE} in the environment of the root. */
  readonly mark: string;
}

/** A process that we started, and its descendants. */
export class ProcessTree {
  /** Whether all members end when the root does, which passes no signals on. */
  readonly isWrapper: boolean;
  /** What the root joins before it becomes its program, and all members with it. */
  readonly group: ControlGroup | undefined;
  readonly #root: number;
  readonly #mark: string;
  readonly #rootStarted: number | undefined;
  /** When each process started that was found to be a member. */
  readonly #known = new Map<number, number>();
  #isRootGone = false;

  /** @param root Number of the process, which leads a process group of its own. */
  constructor(root: number, { mark, isWrapper, group }: TreeOptions) {
    this.#root = root;
    this.#mark = mark;
    this.isWrapper = isWrapper;
    this.group = group;
    this.#rootStarted = readStat(root)?.started;
  }

  /** Says that the root has ended and its number may come to mean another process. */
  rootEnded(): void {
    this.#isRootGone = true;
  }

  /** Finds the members that run. */
  members(): readonly ProcessEntry[] {
    // nothing gets out of a wrapper, so that the group alone tells
    if (this.isWrapper && this.group !== undefined) return this.#grouped(this.group);
    return this.membersIn(readProcesses());
  }

  #grouped(group: ControlGroup): readonly ProcessEntry[] {
    // the root joins a moment after its start
    const pids = new Set(this.#isRootGone ? [] : [this.#root]);
    for (const pid of group.members()) pids.add(pid);
    return [...pids].flatMap((pid) => {
      const stat = readStat(pid);
      return stat === undefined || stat.isZombie ? [] : [{ pid, ...stat }];
    });
  }

  /** Finds the members among the processes of this machine. */
  membersIn(table: readonly ProcessEntry[] | undefined): readonly ProcessEntry[] {
    if (table === undefined) return this.#isRootGone ? [] : [this.#unreadableRoot()];
    const young = table.filter((entry) => entry.pid !== process.pid && entry.started >= (this.#rootStarted ?? 0));
    const isGroupOurs = this.#isGroupOurs(table);
    const grouped = new Set(this.group?.members());
    const members = new Map<number, ProcessEntry>();
    for (const entry of young) {
      if (grouped.has(entry.pid) || this.#isSeed(entry, isGroupOurs)) members.set(entry.pid, entry);
    }
    this.#addDescendants(young, members);
    this.#known.clear();
    for (const entry of members.values()) this.#known.set(entry.pid, entry.started);
    return [...members.values()];
  }

  /**
   * Tells whether members run that outlived the root.
   *
   * @param isRootKilled Whether a signal ended the root, which then may not have waited for what it wraps.
   */
  async hasSurvivors(isRootKilled: boolean): Promise<boolean> {
    if (this.isWrapper && this.group !== undefined) return this.group.members().length > 0;
    if (this.isWrapper && !isRootKilled) return false;
    return this.membersIn(await readProcessesTogether()).length > 0;
  }

  #unreadableRoot(): ProcessEntry {
    const started = this.#rootStarted ?? 0;
    return { pid: this.#root, parent: process.pid, group: this.#root, isStopped: false, started };
  }

  /** A group keeps its number while it has members; a new leader of that number proves that it was given away. */
  #isGroupOurs(table: readonly ProcessEntry[]): boolean {
    const leader = table.find((entry) => entry.pid === this.#root);
    return leader === undefined || this.#rootStarted === undefined || leader.started === this.#rootStarted;
  }

  #isSeed(entry: ProcessEntry, isGroupOurs: boolean): boolean {
    if (this.#known.get(entry.pid) === entry.started) return true;
    if (isGroupOurs && (entry.group === this.#root || entry.session === this.#root)) return true;
    return process.platform === "linux" && hasInEnvironment(entry.pid, `${TREE_VARIABLE}=${this.#mark}`);
  }

  #addDescendants(table: readonly ProcessEntry[], members: Map<number, ProcessEntry>): void {
    for (let count = -1; count !== members.size;) {
      count = members.size;
      for (const entry of table) if (members.has(entry.parent)) members.set(entry.pid, entry);
    }
  }

  /** Adds up the resident bytes of the members. */
  residentBytes(table: readonly ProcessEntry[] | undefined): number {
    return this.membersIn(table).reduce((sum, entry) => sum + residentBytesOf(entry), 0);
  }

  /** Sends a signal to every member, of which a wrapper gets KILL alone; gives how many members there are. */
  signal(name: "SIGTERM" | "SIGKILL"): number {
    const members = this.members();
    const isSpared = this.isWrapper && name === "SIGTERM";
    // one call for the group reaches also what is forked at this very moment
    const isGroupSent = !isSpared && members.some((entry) => entry.group === this.#root);
    if (isGroupSent) sendSignal(-this.#root, name);
    for (const { pid, group } of members) {
      if (isGroupSent ? group !== this.#root : pid !== this.#root) sendSignal(pid, name);
    }
    return members.length;
  }

  /**
   * Stops the members: what forks between a look and its end would leave a child that nothing tells to be a member any
   * more. One that is in the middle of a fork stops behind it, so that there is one more look once all of them stand.
   * A control group tells its members in any case, and nothing gets out of a wrapper, whose processes had better go on:
   * were this one killed now, they would end by themselves.
   *
   * @returns whether none of them runs.
   */
  #stop(): boolean {
    if (this.group !== undefined || this.isWrapper) return true;
    const running = this.members().filter(({ isStopped }) => !isStopped);
    for (const { pid } of running) sendSignal(pid, "SIGSTOP");
    return running.length === 0;
  }

  /** Ends the tree: TERM, and KILL for what is left after `graceMs`; resolves when no member runs. */
  async end(graceMs: number): Promise<void> {
    if (IS_WINDOWS) return await this.#endOnWindows();
    if (graceMs > 0) {
      this.signal("SIGTERM");
      if (await this.#within(graceMs, () => this.members().length === 0)) return;
    }
    await this.#within(STOP_MS, () => this.#stop());
    await this.#within(GIVE_UP_MS, () => this.signal("SIGKILL") === 0);
  }

  async #within(ms: number, isDone: () => boolean): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (isDone()) return true;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await sleep(Math.min(pauseMs, leftMs));
    }
  }

  async #endOnWindows(): Promise<void> {
    if (this.#isRootGone) return;
    await new Promise<void>((resolve) => {
      const killer = spawn("taskkill", ["/PID", String(this.#root), "/T", "/F"], {
        stdio: "ignore",
        windowsHide: true,
      });
      killer.on("error", () => resolve());
      killer.on("close", () => resolve());
    });
  }

  /** Kills the tree at once, for the moment when this process exits. */
  killNow(): void {
    if (!IS_WINDOWS) {
      this.#stop();
      this.signal("SIGKILL");
    } else if (!this.#isRootGone) spawnSync("taskkill", ["/PID", String(this.#root), "/T", "/F"], { stdio: "ignore" });
  }
}

function sendSignal(pid: number, name: "SIGTERM" | "SIGKILL" | "SIGSTOP"): void {
  try {
    process.kill(pid, name);
  } catch {
    // it ended first, or is not ours to end
  }
}
