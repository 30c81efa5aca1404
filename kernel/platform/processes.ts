/**
 * Starts child processes, over `node:child_process`: the one place from which anything is started.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn as spawnNatively } from "node:child_process";
import { rmSync } from "node:fs";
import process from "node:process";
import type { Command, Enforcement, Process, Processes, ProcessResult } from "../contracts.ts";
import { messageOf } from "../errors.ts";
import { findHolders } from "./cgroups.ts";
import { Child } from "./child.ts";
import { type Launch, prepareLaunch, removeLaunch, unstarted } from "./launch.ts";
import { ProcessTree } from "./process_tree.ts";
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

/**
 * Deno takes an argument that is the path of its own program for a command of Node's, and puts words of its own behind
 * it; the same path in other letters it leaves alone.
 */
function withoutOwnPath(args: readonly string[]): readonly string[] {
  if (process.versions["deno"] === undefined) return args;
  return args.map((word) => word === process.execPath ? word.replace(/([\\/])([^\\/]*)$/, "$1.$1$2") : word);
}

async function launchNatively(command: Command, launch: Launch): Promise<ChildProcessWithoutNullStreams> {
  try {
    const child = spawnNatively(launch.program, withoutOwnPath(launch.args), {
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
      await removeLaunch(launch);
      throw error;
    }
  }

  #adopt(
    native: ChildProcessWithoutNullStreams,
    command: Command,
    { launch, isCollected }: { readonly launch: Launch; readonly isCollected: boolean },
  ): Child {
    const { mark, group } = launch;
    const tree = new ProcessTree(native.pid ?? 0, { mark, group, isWrapper: command.isWrapper === true });
    const cleanUp = async (): Promise<void> => {
      this.#children.delete(child);
      forgetTree(tree);
      await removeLaunch(launch);
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

  // deno-lint-ignore require-await -- the interface is asynchronous
  async which(program: string): Promise<string | undefined> {
    return findProgram(program, minimalEnvironment());
  }

  async enforcement(): Promise<Enforcement> {
    if (process.platform === "win32") return { memory: "none", processes: "none" };
    const { memory, pids } = await findHolders();
    return { memory: memory ? "cgroup" : "watch", processes: pids ? "cgroup" : "watch" };
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
