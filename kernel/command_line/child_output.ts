/**
 * Keeps children that a plugin starts with the runtime's own means from inheriting stdin and stdout, which may carry
 * the protocol: they get nothing to read, and their output goes to stderr. Children started through the contract
 * `Processes` inherit nothing anyway.
 *
 * @module
 */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";

const STDERR = 2;

/** The option `stdio` of Node's functions, in any of its forms. */
type Stdio = unknown;

/** Rewrites the option so that nothing of ours is inherited but stderr. */
export function redirectStdio(stdio: Stdio): Stdio {
  if (stdio === "inherit") return ["ignore", STDERR, "inherit"];
  if (!Array.isArray(stdio)) return stdio;
  return stdio.map((value: unknown, i) => {
    if (value === 0 || value === process.stdin || (value === "inherit" && i === 0)) return "ignore";
    return value === 1 || value === process.stdout || (value === "inherit" && i === 1) ? STDERR : value;
  });
}

interface Spawning {
  spawn(this: unknown, options: { readonly stdio?: Stdio }): unknown;
}

/** Redirects children from now on. */
export function redirectChildren(): void {
  // every function that does not wait for its child goes through here
  const prototype = childProcess.ChildProcess.prototype as unknown as Spawning;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    return spawn.call(this, { ...options, stdio: redirectStdio(options.stdio) });
  };
  for (const name of ["spawnSync", "execSync", "execFileSync"] as const) redirectWaiting(name);
  syncBuiltinESMExports();
  const global = globalThis as { Deno?: { Command: DenoCommandClass } };
  if (global.Deno !== undefined) global.Deno.Command = redirectedCommand(global.Deno.Command);
}

function redirectWaiting(name: "spawnSync" | "execSync" | "execFileSync"): void {
  const start = childProcess[name] as (...args: unknown[]) => unknown;
  const redirected = (...args: unknown[]) =>
    start(
      ...args.map((arg) =>
        typeof arg === "object" && arg !== null && "stdio" in arg ? { ...arg, stdio: redirectStdio(arg.stdio) } : arg
      ),
    );
  Object.assign(childProcess, { [name]: redirected });
}

interface DenoCommandOptions {
  readonly stdin?: string;
  readonly stdout?: string;
}

interface DenoChild {
  readonly stdout: ReadableStream<Uint8Array>;
}

interface DenoCommand {
  spawn(): DenoChild;
  output(): Promise<unknown>;
  outputSync(): unknown;
}

type DenoCommandClass = new (command: string | URL, options?: DenoCommandOptions) => DenoCommand;

// a command of Deno cannot be given a stream, so its output is passed on
function redirectedCommand(Command: DenoCommandClass): DenoCommandClass {
  return class extends Command {
    readonly #command: string | URL;
    readonly #options: DenoCommandOptions;

    constructor(command: string | URL, options: DenoCommandOptions = {}) {
      const own = options.stdin === "inherit" ? { ...options, stdin: "null" } : options;
      super(command, own.stdout === "inherit" ? { ...own, stdout: "null" } : own);
      this.#command = command;
      this.#options = own;
    }

    override spawn(): DenoChild {
      const { stdin = "null", stdout = "inherit" } = this.#options;
      if (stdout !== "inherit") return new Command(this.#command, { ...this.#options, stdin }).spawn();
      const child = new Command(this.#command, { ...this.#options, stdin, stdout: "piped" }).spawn();
      void passOn(child.stdout);
      return child;
    }
  };
}

async function passOn(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) process.stderr.write(chunk);
}
