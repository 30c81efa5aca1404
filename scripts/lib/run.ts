/**
 * Child processes of the scripts: output gathered, time limited, nothing left behind.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, dirname, isAbsolute } from "node:path";
import process from "node:process";
import { hasPath, inRepository, ROOT } from "./repository.ts";

const IS_POSIX = process.platform !== "win32";
/** The Deno that runs this script, where it is one: not another one that the path may have. */
const DENO = "Deno" in globalThis ? process.execPath : "deno";
const RUNNING = new Set<ChildProcess>();

/** How a command ended. */
export interface Finished {
  /** Exit code; -1 when a signal or the time limit ended it, or it could not start. */
  readonly code: number;
  /** stdout and stderr, in the order they came. */
  readonly output: string;
  readonly stdout: string;
}

/** How to run a command. */
export interface RunOptions {
  /** Working folder; the repository's root by default. */
  readonly cwd?: string;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the command's stdin, which is then closed. */
  readonly input?: string;
  /** Milliseconds after which the command is ended; 15 minutes by default. */
  readonly timeoutMs?: number;
}

/** Ends a command with everything it started in its process group. */
function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (IS_POSIX) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // its group is gone already
  }
}

function endAll(): void {
  for (const child of RUNNING) end(child);
}

process.on("exit", endAll);
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.on(signal, () => process.exit(code));
}

/** Gives the variables of a command: ours, the programs of the packages first on the path, and no colours. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = isAbsolute(DENO) ? [dirname(DENO)] : [];
  const path = [inRepository("node_modules", ".bin"), ...own, process.env["PATH"] ?? ""].join(delimiter);
  return { ...process.env, PATH: path, NO_COLOR: "1", FORCE_COLOR: undefined, ...extra };
}

/**
 * Runs a command to its end and gathers what it prints. Whatever is left of its process group is then ended.
 *
 * @param command The program and its arguments; no shell is involved.
 */
export function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Finished> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program === "deno" ? DENO : program, args, {
      cwd: options.cwd ?? ROOT,
      env: environment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
      detached: IS_POSIX,
    });
    RUNNING.add(child);
    let output = "";
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => output += chunk);
    child.stdin.on("error", () => {}); // a command need not read its input
    child.stdin.end(options.input ?? "");

    const timeoutMs = options.timeoutMs ?? 15 * 60_000;
    const timer = setTimeout(() => {
      output += `\nEnded: "${program}" took more than ${timeoutMs / 1000} s\n`;
      end(child);
    }, timeoutMs);
    const finish = (code: number) => {
      clearTimeout(timer);
      RUNNING.delete(child);
      end(child);
      resolve({ code, output, stdout });
    };
    child.on("error", (error) => {
      output += `Cannot start "${program}": ${error.message}\n`;
      finish(-1);
    });
    // a process left behind may hold the streams open: they get a moment after the exit, not for ever
    child.on("exit", (code) => {
      const late = setTimeout(() => end(child), 5_000);
      child.on("close", () => {
        clearTimeout(late);
        finish(code ?? -1);
      });
    });
  });
}

/** Tells whether a program can be started. */
export async function hasProgram(program: string, check: readonly string[] = ["--version"]): Promise<boolean> {
  return (await run([program, ...check], { timeoutMs: 60_000 })).code === 0;
}

/** Tells whether `npm ci` has been run. */
export function hasPackages(): boolean {
  return hasPath("node_modules/.package-lock.json");
}
