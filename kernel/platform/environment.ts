/**
 * Facts of the surroundings, on runtimes that have processes.
 *
 * @module
 */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import type { Environment } from "../contracts.ts";
import { KernelError } from "../errors.ts";

/** What the operator says of the surroundings. */
export interface EnvironmentOptions {
  /** Home folder of the server, `~` allowed; `COLLET_HOME` by default, else `~/.collet`. */
  readonly home?: string | undefined;
}

/** The runtime, as the module that knows it best tells it. */
export interface Runtime {
  readonly runtime: Environment["runtime"];
  readonly runtimeVersion: string;
}

function detectOs(): Environment["os"] {
  switch (process.platform) {
    case "linux":
    case "darwin":
      return process.platform;
    case "win32":
      return "windows";
    default:
      return "other";
  }
}

function detectArchitecture(): Environment["architecture"] {
  return process.arch === "x64" || process.arch === "arm64" ? process.arch : "other";
}

/** Tells whether this is Node or Bun, which run the same code. */
export function detectRuntime(): Runtime {
  const bun = process.versions["bun"];
  return bun === undefined
    ? { runtime: "node", runtimeVersion: process.versions.node }
    : { runtime: "bun", runtimeVersion: bun };
}

function expandPath(path: string): string {
  if (path.includes("\0")) {
    throw new KernelError("OPTION_INVALID", `Cannot use path ${JSON.stringify(path)}: it holds a NUL character`);
  }
  if (path === "~") return homedir();
  if (path.startsWith("~/") || path.startsWith("~\\")) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? resolve(path) : resolve(process.cwd(), path);
}

/**
 * Reads the surroundings. Variables are read when they are asked for; the working folder is that of the start.
 *
 * @throws {KernelError} `OPTION_INVALID` when the home folder is no possible path.
 */
export function createEnvironment(
  options: EnvironmentOptions = {},
  { runtime, runtimeVersion }: Runtime = detectRuntime(),
): Environment {
  const named = options.home ?? process.env["COLLET_HOME"];
  return Object.freeze({
    runtime,
    runtimeVersion,
    os: detectOs(),
    architecture: detectArchitecture(),
    userHome: homedir(),
    // an empty variable is one that was not set
    home: expandPath(named === undefined || named === "" ? "~/.collet" : named),
    cwd: process.cwd(),
    executable: process.execPath,
    pid: process.pid,
    variable: (name: string) => process.env[name],
    variables(prefix: string) {
      const found = Object.entries(process.env).filter(([name]) => name.startsWith(prefix));
      return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
    },
    expand: expandPath,
  });
}
