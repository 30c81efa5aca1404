/**
 * Starts child processes, over `node:child_process`: the one place from which anything is started.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn as spawnNatively } from "node:child_process";
import { rmSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import type { Command, Process, Processes, ProcessResult } from "../contracts.ts";
import { KernelError, messageOf } from "../errors.ts";
import { Child } from "./child.ts";
import { makeMark, ProcessTree, TREE_VARIABLE } from "./process_tree.ts";
import { findProgram, minimalEnvironment } from "./programs.ts";

/** Processes that can all be ended together. */
export interface OwnedProcesses extends Processes {
  /** Ends every tree that runs, and refuses to start more. */
  close(): Promise<void>;
}

/** Trees that run, of every {@linkcode createProcesses} of this process, with their private folders. */
const LIVE_TREES = new Map<ProcessTree, string | undefined>();

function endLiveTrees(): void {
  for (const [tree, folder] of LIVE_TREES) {
    tree.killNow();
    try {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    } catch {
      // left to the system's own cleaning, as below
    }
  }
}

function keepTree(tree: ProcessTree, folder: string | undefined): void {
  if (LIVE_TREES.size === 0) process.on("exit", endLiveTrees);
  LIVE_TREES.set(tree, folder);
}

function forgetTree(tree: ProcessTree): void {
  LIVE_TREES.delete(tree);
  if (LIVE_TREES.size === 0) process.off("exit", endLiveTrees);
}

function unstarted(command: Command, reason: string, cause?: unknown): KernelError {
  return new KernelError("PROCESS_UNSTARTED", `Cannot start "${command.program}": ${reason}`, { cause });
}

/** What is handed to the runtime. */
interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The working folder, when it was made for this process. */
  readonly privateFolder: string | undefined;
  readonly env: Record<string, string>;
  readonly mark: string;
}

async function prepareFolder(command: Command): Promise<Pick<Launch, "cwd" | "privateFolder">> {
  const { cwd } = command;
  if (cwd === undefined) {
    const privateFolder = await fs.mkdtemp(join(tmpdir(), "collet-"));
    return { cwd: privateFolder, privateFolder };
  }
  if (!isAbsolute(cwd)) throw unstarted(command, `working folder "${cwd}" is not an absolute path`);
  const stat = await fs.stat(cwd).catch(() => undefined);
  if (stat?.isDirectory() !== true) throw unstarted(command, `working folder "${cwd}" does not exist or is no folder`);
  return { cwd, privateFolder: undefined };
}

async function removePrivateFolder({ privateFolder }: Launch): Promise<void> {
  if (privateFolder === undefined) return;
  // left to the system's own cleaning when something in it is locked or not ours
  await fs.rm(privateFolder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

/** Puts the limit of CPU time before the program; the limit is each process's own, and inherited. */
async function limitCpu(seconds: number | undefined, launch: readonly string[]): Promise<readonly string[]> {
  if (seconds === undefined || seconds === Infinity || process.platform !== "linux") return launch;
  const prlimit = await findProgram("prlimit", minimalEnvironment());
  if (prlimit === undefined) return launch;
  const soft = Math.max(1, Math.ceil(seconds));
  // a process may handle SIGXCPU at the first limit; SIGKILL follows at the second
  return [prlimit, `--cpu=${soft}:${soft + 1}`, "--", ...launch];
}

async function prepareLaunch(command: Command): Promise<Launch> {
  const mark = makeMark();
  const env: Record<string, string> = { ...minimalEnvironment(), ...command.env, [TREE_VARIABLE]: mark };
  const found = await findProgram(command.program, env);
  if (found === undefined) {
    throw unstarted(command, "no such program in PATH, and no absolute path of one");
  }
  const [program = found, ...args] = await limitCpu(command.cpuSeconds, [found, ...(command.args ?? [])]);
  return { program, args, env, mark, ...await prepareFolder(command) };
}

async function launchNatively(command: Command, launch: Launch): Promise<ChildProcessWithoutNullStreams> {
  try {
    const child = spawnNatively(launch.program, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      // a process group of its own; on Windows it would be a console window of its own
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (child.pid === undefined) await new Promise((_, reject) => child.once("error", reject));
    child.on("error", () => {});
    return child;
  } catch (error) {
    throw unstarted(command, messageOf(error), error);
  }
}

class NativeProcesses implements OwnedProcesses {
  readonly #children = new Set<Child>();
  #isClosed = false;

  async #start(command: Command, isCollected: boolean): Promise<Child> {
    const launch = await prepareLaunch(command);
    try {
      command.signal?.throwIfAborted();
      if (this.#isClosed) throw unstarted(command, "the server is stopping");
      const native = await launchNatively(command, launch);
      return this.#adopt(native, command, { launch, isCollected });
    } catch (error) {
      await removePrivateFolder(launch);
      throw error;
    }
  }

  #adopt(
    native: ChildProcessWithoutNullStreams,
    command: Command,
    { launch, isCollected }: { readonly launch: Launch; readonly isCollected: boolean },
  ): Child {
    const tree = new ProcessTree(native.pid ?? 0, launch.mark);
    const cleanUp = async (): Promise<void> => {
      this.#children.delete(child);
      forgetTree(tree);
      await removePrivateFolder(launch);
    };
    const child = new Child(native, command, { tree, isCollected, cleanUp });
    keepTree(tree, launch.privateFolder);
    this.#children.add(child);
    return child;
  }

  async spawn(command: Command): Promise<Process> {
    command.signal?.throwIfAborted();
    return await this.#start(command, false);
  }

  async run(command: Command & { readonly input?: string }): Promise<ProcessResult> {
    let child: Child;
    try {
      command.signal?.throwIfAborted();
      child = await this.#start(command, true);
    } catch (error) {
      if (command.signal?.aborted !== true) throw error;
      return { code: undefined, signal: undefined, ended: "abort", stdout: "", stderr: "", truncated: false };
    }
    if (command.input !== undefined) void child.write(command.input);
    void child.end();
    const exit = await child.exited;
    const { stdout, stderr } = child.kept;
    const truncated = stdout.isTruncated || stderr.isTruncated;
    return { ...exit, stdout: stdout.takeText(), stderr: stderr.takeText(), truncated };
  }

  async which(program: string): Promise<string | undefined> {
    return await findProgram(program, minimalEnvironment());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#children].map((child) => child.kill()));
  }
}

/** Makes the processes of a server. */
export function createProcesses(): OwnedProcesses {
  return new NativeProcesses();
}
