/**
 * The processes of the benchmark: started, listened to, and gone when it ends, however it ends.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { ROOT } from "../lib/repository.ts";

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** A running process. */
export type Child = ChildProcessWithoutNullStreams;

const RUNNING = new Set<Child>();
const STOP_MS = 5_000;
const ANNOUNCE_MS = 60_000;
/** Variables that would change what is measured. */
const UNWANTED_REGEXP = /^(COLLET_|SKILLZ_|SKILL_MCP_|DCC_MCP_|TOOLS_DIR$|NODE_OPTIONS$|DENO_V8_FLAGS$)/;

process.on("exit", () => {
  for (const child of RUNNING) child.kill("SIGKILL");
});

/** Gives the variables of this process, but for those that would change what is measured. */
export function childEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) =>
    value !== undefined && !UNWANTED_REGEXP.test(name)
  );
  return { ...Object.fromEntries(kept) as Record<string, string>, NO_COLOR: "1" };
}

/**
 * Starts a process with the variables of this one, but for what would change what is measured.
 *
 * @param env More variables.
 */
export function start([program, ...args]: Command, env: Readonly<Record<string, string>> = {}): Child {
  const child = spawn(program, args, { cwd: ROOT, env: { ...childEnvironment(), ...env } });
  RUNNING.add(child);
  child.once("exit", () => RUNNING.delete(child));
  child.stdin.on("error", () => {}); // a process need not read to its end
  return child;
}

/** Ends a process by closing its stdin where it listens to that, else by a signal. */
export async function end(child: Child, { byStdin = false }: { readonly byStdin?: boolean } = {}): Promise<void> {
  // what could not be started has no number, and never exits
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (byStdin) child.stdin.end();
  else child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exited;
  clearTimeout(timer);
}

/**
 * Waits until a process has written, to stderr, something that each pattern matches.
 *
 * @returns the first group of each pattern.
 * @throws {Error} when it ends before, or takes longer than a minute.
 */
export function awaitAnnouncements(child: Child, patterns: readonly RegExp[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let written = "";
    const settle = (settled: () => void) => {
      clearTimeout(timer);
      child.off("error", fail).off("exit", exited);
      child.stderr.off("data", take).resume(); // so that it is never held up by what it writes
      settled();
    };
    const fail = (error: Error) =>
      settle(() => reject(new Error(`Cannot start "${child.spawnargs.join(" ")}": ${error.message}\n${written}`)));
    const exited = (code: number | null) => fail(new Error(`it exited with ${code}`));
    const take = (chunk: string) => {
      written += chunk;
      const found = patterns.map((pattern) => pattern.exec(written)?.[1]);
      const known = found.filter((text) => text !== undefined);
      if (known.length === patterns.length) settle(() => resolve(known));
    };
    const timer = setTimeout(() => fail(new Error(`it says nothing within ${ANNOUNCE_MS / 1_000} s`)), ANNOUNCE_MS);
    child.once("error", fail).once("exit", exited);
    child.stderr.setEncoding("utf8").on("data", take);
  });
}
