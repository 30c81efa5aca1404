/**
 * Starts the program as its users do: as a process of the runtime that runs the tests. For Node it is bundled first.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { bundleProgram } from "../../scripts/lib/bundled_program.ts";
import { inRepository } from "../../scripts/lib/repository.ts";

/** Whether the tests run on Deno. */
export const IS_DENO: boolean = "Deno" in globalThis;
const START_MS = 60_000;

let bundled: Promise<string> | undefined;

/** Gives the path of the program's main module, as this runtime can start it. */
export function programPath(): Promise<string> {
  return IS_DENO ? Promise.resolve(inRepository("mod.ts")) : bundledPath();
}

/**
 * Gives the path of the program's main module, bundled for Node: where whoever runs the tests has put it for all of
 * them, `COLLET_TEST_PROGRAM`, or else where this process puts it.
 */
export function bundledPath(): Promise<string> {
  const shared = process.env["COLLET_TEST_PROGRAM"];
  return shared ? Promise.resolve(shared) : bundled ??= bundleForProcess();
}

/** Gives the words that start a module, wherever it is, with the packages that we have. */
export function startWords(module: string): string[] {
  return IS_DENO
    ? [process.execPath, "run", "-A", "--config", inRepository("deno.json"), module]
    : [process.execPath, module];
}

/** Removes what was bundled, for tests on Deno: nothing tells them of the end of their process. */
export async function removeBundle(): Promise<void> {
  if (bundled !== undefined) await rm(dirname(await bundled), { recursive: true, force: true });
  bundled = undefined;
}

async function bundleForProcess(): Promise<string> {
  await mkdir(inRepository(".build"), { recursive: true });
  const folder = await mkdtemp(inRepository(".build", "program-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return await bundleProgram(folder);
}

/** A folder for one test. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file below the folder; gives its path. */
  write(path: string, text: string): Promise<string>;
}

/** Makes a folder that is removed with everything in it. */
export async function makeFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), "collet-command-line-"));
  return {
    path,
    async write(name, text) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      return file;
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** How a process is started. */
export interface StartOptions {
  /** Home of the server. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whole words of the command, in place of those that start the program. */
  readonly words?: readonly string[];
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running process. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the match once a stream has it. */
  seen(stream: "stdout" | "stderr", regexp: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
  signal(name: NodeJS.Signals): void;
}

/** Starts the program with its streams open. */
export async function startProgram(args: readonly string[], options: StartOptions): Promise<Running> {
  const words = options.words ??
    (IS_DENO ? [process.execPath, "run", "-A"] : [process.execPath]).concat(await programPath());
  const [program = "", ...rest] = [...words, ...args];
  const child = spawn(program, rest, {
    cwd: options.cwd ?? tmpdir(),
    env: { ...cleanEnvironment(), COLLET_HOME: options.home, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  const wake = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      written[stream] += chunk;
      for (const check of wake) check();
    });
  }
  child.stdin.on("error", () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, ...written });
      for (const check of wake) check();
    });
  });
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    // child.kill() of Deno reports the signal as the end, whatever the child made of it
    signal: (name) => void process.kill(child.pid!, name),
    seen: (stream, regexp) =>
      new Promise((resolve, reject) => {
        const finish = (then: () => void) => {
          clearTimeout(timer);
          wake.delete(check);
          then();
        };
        const fail = (why: string) =>
          finish(() => reject(new Error(`${why}: no ${regexp} in ${stream}\n${written.stdout}\n${written.stderr}`)));
        const timer = setTimeout(() => fail("Timed out"), START_MS);
        const check = () => {
          const match = regexp.exec(written[stream]);
          if (match !== null) finish(() => resolve(match));
          else if (child.exitCode !== null || child.signalCode !== null) fail(`Ended with ${child.exitCode}`);
        };
        wake.add(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the program to its end, with `input` as its whole stdin. */
export async function runProgram(
  args: readonly string[],
  { input = "", ...options }: StartOptions & { readonly input?: string },
): Promise<Ended> {
  const running = await startProgram(args, options);
  running.child.stdin?.end(input);
  const timer = setTimeout(() => running.child.kill("SIGKILL"), START_MS);
  try {
    return await running.ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Gives the environment of the tests without what the operator of this machine has set for us, or for a runtime. */
export function cleanEnvironment(): Record<string, string> {
  const ours = /^(?:COLLET_|SKILLZ_|SKILL_MCP_|DCC_MCP_|TOOLS_DIR$|NODE_|DENO_(?!DIR))/;
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !ours.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1" } as Record<string, string>;
}
