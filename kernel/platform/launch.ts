/**
 * Prepares what a command needs before it starts: its program, environment and folder, and what holds its limits.
 *
 * @module
 */
import { mkdtempSync, statSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import type { Command } from "../contracts.ts";
import { KernelError, messageOf } from "../errors.ts";
import { type ControlGroup, makeControlGroup } from "./cgroups.ts";
import { type ProgramLine, putLauncherBefore } from "./launcher.ts";
import { makeMark, TREE_VARIABLE } from "./process_tree.ts";
import { findProgram, minimalEnvironment } from "./programs.ts";

/**
 * What a process may have of data beyond its limit where only a watch tells how much it uses: interpreters reserve that
 * much and never touch it.
 */
const RESERVED_BYTES = 2 ** 30;

/** What is handed to the runtime. */
export interface Launch extends ProgramLine {
  readonly cwd: string;
  /** The working folder, when it was made for this process. */
  readonly privateFolder: string | undefined;
  readonly env: Record<string, string>;
  readonly mark: string;
  readonly group: ControlGroup | undefined;
}

/** Makes the error of a command that was not started. */
export function unstarted(command: Command, reason: string, cause?: unknown): KernelError {
  return new KernelError("PROCESS_UNSTARTED", `Cannot start "${command.program}": ${reason}`, { cause });
}

/**
 * Reads a limit; `undefined` where there is none.
 *
 * @throws {RangeError} when it is not a number above 0.
 */
export function limitOf(value: number | undefined): number | undefined {
  if (value === undefined || value === Infinity) return undefined;
  if (!(value > 0)) throw new RangeError(`limit ${value} is not a number above 0`);
  return value;
}

function checkFolder(command: Command, cwd: string): void {
  if (!isAbsolute(cwd)) throw unstarted(command, `working folder "${cwd}" is not an absolute path`);
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw unstarted(command, `working folder "${cwd}" does not exist or is no folder`);
  }
}

/** Puts what holds the limits before the program. Windows has no such thing. */
function limitProgram(
  line: ProgramLine,
  command: Command,
  { env, group }: { readonly env: Record<string, string>; readonly group: ControlGroup | undefined },
): ProgramLine {
  const { open = {} } = command;
  if (process.platform === "win32") {
    if (Object.keys(open).length > 0) throw new RangeError("files cannot be opened for a process on Windows");
    return line;
  }
  const memoryBytes = group?.holds.has("memory") === true ? undefined : limitOf(command.memoryBytes);
  return putLauncherBefore(line, {
    writes: group?.writes ?? [],
    open,
    cpuSeconds: limitOf(command.cpuSeconds),
    fileBytes: limitOf(command.fileBytes),
    descriptors: limitOf(command.descriptors),
    dataBytes: memoryBytes === undefined ? undefined : memoryBytes + RESERVED_BYTES,
  }, env);
}

/**
 * Prepares the start of a command.
 *
 * @throws {KernelError} `PROCESS_UNSTARTED`
 */
export async function prepareLaunch(command: Command): Promise<Launch> {
  const mark = makeMark();
  const env: Record<string, string> = { ...minimalEnvironment(), ...command.env, [TREE_VARIABLE]: mark };
  const program = findProgram(command.program, env);
  if (program === undefined) throw unstarted(command, "no such program in PATH, and no absolute path of one");
  if (command.cwd !== undefined) checkFolder(command, command.cwd);
  let group: ControlGroup | undefined;
  try {
    group = await makeControlGroup({ memory: limitOf(command.memoryBytes), pids: limitOf(command.processes) });
    const line = limitProgram({ program, args: command.args ?? [] }, command, { env, group });
    const privateFolder = command.cwd === undefined ? mkdtempSync(join(tmpdir(), "collet-")) : undefined;
    return { ...line, cwd: command.cwd ?? privateFolder ?? "/", privateFolder, env, mark, group };
  } catch (error) {
    await group?.remove();
    throw unstarted(command, messageOf(error), error);
  }
}

/** Removes what was made for a launch, once nothing of it runs. */
export async function removeLaunch({ privateFolder, group }: Launch): Promise<void> {
  await Promise.all([group?.remove(), privateFolder !== undefined && removeFolder(privateFolder)]);
}

async function removeFolder(path: string): Promise<void> {
  // most are empty; left to the system's own cleaning when something in it is locked or not ours
  await rmdir(path).catch(() => rm(path, { recursive: true, force: true, maxRetries: 3 })).catch(() => {});
}
