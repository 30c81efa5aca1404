/**
 * Watches the trees whose limits the kernel does not hold, or does not tell of: all of them with one timer and one look
 * at the system.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";
import { type ProcessEntry, readProcesses } from "./process_table.ts";
import type { ProcessTree } from "./process_tree.ts";

const LOOK_MS = 200;
const KILLS_REGEXP = /^oom_kill (\d+)$/m;
const LAST_PID_REGEXP = /([1-9]\d*)\s*$/;

/** A tree with its limits, of which at least one is set. */
export interface WatchedTree {
  readonly tree: ProcessTree;
  readonly memoryBytes: number | undefined;
  readonly processes: number | undefined;
  /** Is told each time that a look finds the tree beyond a limit. */
  readonly onExceeded: (limit: "memory" | "processes") => void;
}

function find(regexp: RegExp, path: string): string | undefined {
  try {
    return regexp.exec(readFileSync(path, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * A look at the system. What is asked of each tree costs a file, and what tells that nothing has happened to any of them
 * one for all: so that many idle processes cost nothing.
 */
class Look {
  static #lastPid: string | undefined;
  static #kills: readonly (string | undefined)[] = [];
  /** Whether a process was started anywhere since the last look. */
  readonly hasForked: boolean;
  /** Whether the kernel has ended a process for lack of memory. */
  readonly hasKilled: boolean;
  #table: { readonly entries: readonly ProcessEntry[] | undefined } | undefined;

  constructor() {
    const lastPid = find(LAST_PID_REGEXP, "/proc/loadavg");
    const kills = find(KILLS_REGEXP, "/proc/vmstat");
    const [earlier, before] = Look.#kills;
    this.hasForked = lastPid === undefined || lastPid !== Look.#lastPid;
    // two looks back, since the kernel counts a kill of a group after that of the system
    this.hasKilled = kills === undefined || kills !== earlier;
    Look.#lastPid = lastPid;
    Look.#kills = [before, kills];
  }

  /** What runs at this moment. */
  get table(): readonly ProcessEntry[] | undefined {
    this.#table ??= { entries: readProcesses() };
    return this.#table.entries;
  }
}

function hasTooMuchMemory({ tree, memoryBytes = Infinity }: WatchedTree, look: Look): boolean {
  if (tree.group?.holds.has("memory") === true) return look.hasKilled && tree.group.hasKilled();
  return memoryBytes < Infinity && tree.residentBytes(look.table) > memoryBytes;
}

function hasTooManyProcesses({ tree, processes = Infinity }: WatchedTree, look: Look): boolean {
  if (processes === Infinity) return false;
  if (tree.group === undefined) return tree.membersIn(look.table).length > processes;
  return look.hasForked && (tree.group.members().length > processes || tree.group.hasRefused());
}

const WATCHED = new Set<WatchedTree>();
let timer: ReturnType<typeof setInterval> | undefined;

function lookAtAll(): void {
  const look = new Look();
  for (const watched of WATCHED) {
    if (hasTooMuchMemory(watched, look)) watched.onExceeded("memory");
    else if (hasTooManyProcesses(watched, look)) watched.onExceeded("processes");
  }
}

/** Watches a tree; gives what ends that. */
export function watchTree(watched: WatchedTree): () => void {
  if (watched.memoryBytes === undefined && watched.processes === undefined) return () => {};
  WATCHED.add(watched);
  timer ??= setInterval(lookAtAll, LOOK_MS);
  return () => {
    WATCHED.delete(watched);
    if (WATCHED.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
