/**
 * Starts the program of a server: as it is, with the user's files and network, or in the sandbox.
 *
 * @module
 */
import { type Command, type Process, type Processes, ToolError } from "../../../../kernel/mod.ts";
import type { Sandbox } from "../../../sandbox/contract.ts";
import type { StdioTarget } from "../../definition.ts";

/** What programs are started with. */
export interface StartOptions {
  readonly processes: Processes;
  readonly sandbox: Sandbox | undefined;
  /** Whether it has to run in the sandbox. */
  readonly isSandboxed: boolean;
  readonly signal: AbortSignal;
}

// stderr that is not read in time is kept up to here
const STDERR_BYTES = 1024 * 1024;

/**
 * Starts a program.
 *
 * @throws {KernelError} `PROCESS_UNSTARTED` when it is not found or cannot be started.
 * @throws {ToolError} when it has to be confined, and cannot be.
 */
export async function startProgram(target: StdioTarget, options: StartOptions): Promise<Process> {
  const { processes, sandbox, isSandboxed, signal } = options;
  signal.throwIfAborted();
  const { command: program, args, env, cwd } = target;
  const common = { args, env, timeoutMs: Infinity, outputLimit: STDERR_BYTES };
  if (!isSandboxed) return await processes.spawn({ program, ...common, ...(cwd !== undefined && { cwd }) });
  if (sandbox === undefined) {
    throw new ToolError(
      `Cannot run "${program}" in the sandbox: the plugin "sandbox" is not loaded; load it, or set "sandbox" to false`,
    );
  }
  return await startConfined({ program, ...common }, { processes, sandbox, cwd });
}

async function startConfined(
  command: Command,
  { processes, sandbox, cwd }: {
    readonly processes: Processes;
    readonly sandbox: Sandbox;
    readonly cwd: string | undefined;
  },
): Promise<Process> {
  const program = await processes.which(command.program) ?? command.program;
  const confined = await sandbox.confine({
    programs: [program],
    ...(cwd !== undefined && { mounts: [{ from: cwd, writable: true }] }),
  });
  return await confined.spawn({
    ...command,
    program: confined.path(program),
    env: { ...confined.env, ...command.env, ...confined.fixedEnv },
    ...(cwd !== undefined && { cwd: confined.path(cwd) }),
  });
}
