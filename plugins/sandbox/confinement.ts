/**
 * What it means to be confined: what commands reach, and how they are started.
 *
 * @module
 */
import type { Command, Process } from "../../kernel/mod.ts";

/** How child processes can be confined. `deno` knows programs of Deno alone, by its permissions. */
export const MECHANISMS = ["bubblewrap", "firejail", "nsjail", "deno"] as const;
/** How child processes are confined. */
export type Mechanism = typeof MECHANISMS[number];

/** A folder or file of this machine that a confined command sees. */
export interface Mount {
  /** Absolute path on this machine. */
  readonly from: string;
  /** Absolute path inside; `from` by default. A mechanism that cannot move folders leaves it where it is. */
  readonly to?: string;
  /** Whether it may be changed; `false` by default. */
  readonly writable?: boolean;
}

/** What commands reach, beside the system's programs and their own working folder. */
export interface Confinement {
  /** All of the network, none, or the listed `host:port` alone; {@linkcode Sandbox.hasNetwork} by default. */
  readonly network?: boolean | readonly string[];
  /** What they see; a later one covers an earlier one. */
  readonly mounts?: readonly Mount[];
  /** Folders in memory, empty at first, that they may change; only where mounts can be moved. */
  readonly folders?: readonly string[];
  /** Programs of this machine that they run, absolute paths: seen with what they need, wherever they lie. */
  readonly programs?: readonly string[];
}

/** A command to run confined: paths in `args`, `cwd` and `env` are those inside. */
export interface ConfinedCommand extends Omit<Command, "args" | "isWrapper" | "open"> {
  /** Arguments, or what gives them by the private folder, for those that name it. */
  readonly args?: readonly string[] | ((folder: string) => readonly string[]);
  /** Working folder, as it is called inside; {@linkcode ConfinedProcess.folder} by default. */
  readonly cwd?: string;
}

/** A command that runs confined. */
export interface ConfinedProcess extends Process {
  /** Its private folder, as it is called inside: empty at first, gone when the process is. */
  readonly folder: string;
  /** Variables that are this process's own: HOME, where it is confined. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts commands under one confinement. */
export interface Confined {
  /** Gives how a path of this machine is called inside; itself where it is not moved. */
  path(path: string): string;
  /** Variables of commands that are others inside than on this machine, such as PATH and TMPDIR. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that every command has over its own: those that lead to listed addresses; none by default. */
  readonly fixedEnv?: Readonly<Record<string, string>>;
  /**
   * Starts a command.
   *
   * @throws {ToolError} when it cannot be confined, saying what is missing.
   * @throws {KernelError} `PROCESS_UNSTARTED` when the program is not found or cannot be started.
   */
  spawn(command: ConfinedCommand): Promise<ConfinedProcess>;
}
