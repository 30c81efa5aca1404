/**
 * Tells how a process ended, and which limit it was, if one did it.
 *
 * @module
 */
import { constants } from "node:os";
import type { ProcessExit } from "../contracts.ts";
import type { ControlGroup } from "./cgroups.ts";
import type { ProcessTree } from "./process_tree.ts";

/** What a shell, and every wrapper, adds to the number of a signal to make an exit code of it. */
const SIGNAL_CODES = 128;
/** Signals that end no process. */
const HARMLESS: readonly string[] = [
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGWINCH",
];
const DEADLY = Object.entries(constants.signals).filter(([name]) => !HARMLESS.includes(name));

/** How the root of a tree ended, as the runtime tells it. */
export interface RootExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** Reads the exit code of a wrapper: how what it wrapped ended. */
function unwrap(exit: RootExit): RootExit {
  const { code } = exit;
  // of two names for one signal, such as SIGABRT and SIGIOT, the first is the usual one
  const signal = DEADLY.find(([, number]) => code === SIGNAL_CODES + number)?.[0];
  return signal === undefined ? exit : { code: undefined, signal };
}

function limitThatEnded({ code, signal }: RootExit, group: ControlGroup | undefined): ProcessExit["ended"] {
  if (code === 0) return undefined;
  if (signal === "SIGXCPU") return "cpu";
  if (signal === "SIGXFSZ") return "file";
  if (group?.hasKilled() === true) return "memory";
  return group?.hasRefused() === true ? "processes" : undefined;
}

/** Tells how a process ended, by the exit of its root and by what the kernel counted in its control group. */
export function describeEnd(exit: RootExit, tree: Pick<ProcessTree, "isWrapper" | "group">): ProcessExit {
  const own = tree.isWrapper ? unwrap(exit) : exit;
  return { ...own, ended: limitThatEnded(own, tree.group) };
}
