/**
 * What a confined process sees, as mechanisms are told it.
 *
 * @module
 */
import type { Mechanism } from "./confinement.ts";
import type { Architecture } from "./seccomp/mod.ts";

/** The private folder inside, where mounts can be moved: HOME and working folder. */
export const HOME_INSIDE = "/home/tool";
/** The user inside, where it can be chosen. */
export const USER_ID = 1000;
/** Where a mechanism finds the filter of system calls, as an open file. */
export const FILTER_DESCRIPTOR = 9;

/** A folder or file of this machine that is seen inside. */
export interface ViewMount {
  /** Absolute real path on this machine. */
  readonly from: string;
  /** Absolute path inside. */
  readonly to: string;
  readonly isWritable: boolean;
}

/** A top-level name of the system that is seen inside: a folder of this machine, or a link. */
export type SystemEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** What a confined process sees. Paths are absolute. */
export interface View {
  /** The system, read-only: `/usr`, `/bin`, …, and the parts of `/etc` that hold no secrets. */
  readonly system: readonly SystemEntry[];
  /** Files of ours in place of those of `/etc`: path inside to path on this machine. */
  readonly etc: Readonly<Record<string, string>>;
  /** Folders that stay unseen, be they below a part of the system. */
  readonly hidden: readonly string[];
  /** Files that are there, and cannot be opened; none by default. */
  readonly barred?: readonly string[];
  /** What is seen beside the system; a later one covers an earlier one. */
  readonly mounts: readonly ViewMount[];
  /** Folders in memory, empty at first; mounts may be below them. */
  readonly folders: readonly string[];
  /** The private folder on this machine; a mechanism that can move has one in memory without it. */
  readonly folder: string | undefined;
  /** Working folder, inside. */
  readonly cwd: string;
  /** Whether it shares the network of this machine. */
  readonly hasNetwork: boolean;
  /** Bytes that each folder in memory may hold: the private one, `/tmp` and `/dev/shm`. */
  readonly diskBytes: number;
  /** Most processes, where nothing outside sees to it. */
  readonly processes: number | undefined;
  /** Whether {@linkcode FILTER_DESCRIPTOR} is open. */
  readonly hasFilter: boolean;
  /** The processor whose system calls are filtered, for mechanisms that are told the rules. */
  readonly architecture?: Architecture;
  /** Whether the server runs as root. */
  readonly isRoot: boolean;
}

/** A program that confines another. */
export interface MechanismProgram {
  readonly name: Mechanism;
  /** Its name in PATH. */
  readonly program: string;
  /** Whether mounts can be called something else inside. */
  readonly canMove: boolean;
  /** Whether it reads the filter of system calls from {@linkcode FILTER_DESCRIPTOR}. */
  readonly readsFilter: boolean;
  /** Whether it ends when the server is gone. */
  readonly endsWithServer: boolean;
  /**
   * Gives the words between the program and the command.
   *
   * @throws {ToolError} when it cannot do what the view asks.
   */
  wrap(view: View): readonly string[];
  /** What to do when it is not installed, and when it does not start; by its own words where they tell. */
  remedy(problem: string | undefined): string;
}
