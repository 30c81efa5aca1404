/**
 * From what a manifest names as interpreter to a command: words, never a shell line.
 *
 * @module
 */
import { type Environment, type Processes, ToolError } from "../../kernel/mod.ts";
import type { ScriptPermissions } from "./given_to_script.ts";
import { ALIASES, COMMON_INTERPRETERS } from "./languages.ts";

const PROGRAM_REGEXP = /^[A-Za-z0-9._+-]+$/;
const ABSOLUTE_REGEXP = /^(?:\/|[A-Za-z]:[\\/])/;
const SHEBANG_REGEXP = /^#!\s*(\S+)[ \t]*([^\r\n]*)/;

/** What an interpreter is looked up with. */
export interface Machine {
  readonly processes: Pick<Processes, "which">;
  readonly environment: Pick<Environment, "runtime" | "executable">;
}

/** A program that was found, and the arguments before the script. */
export interface FoundInterpreter {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Splits an interpreter into words.
 *
 * @throws {ToolError} when the first is neither the name of a program nor an absolute path.
 */
export function splitInterpreter(interpreter: string): readonly [program: string, ...args: string[]] {
  const [program = "", ...args] = interpreter.trim().split(/\s+/);
  const isProgram = PROGRAM_REGEXP.test(program) && !/^[.-]/.test(program) || ABSOLUTE_REGEXP.test(program);
  if (isProgram && !interpreter.includes("\0")) return [program, ...args];
  throw new ToolError(
    `Cannot use interpreter ${JSON.stringify(interpreter)}: it begins with neither the name of a program, such as ` +
      '"python3" or "deno run -A", nor an absolute path',
  );
}

/** Gives the program that the first line of a script names, if it does: `#!/usr/bin/env python3` names `python3`. */
export function readShebang(code: string): string | undefined {
  const [, program, rest = ""] = SHEBANG_REGEXP.exec(code) ?? [];
  if (program === undefined || !/(?:^|\/)env$/.test(program)) return program;
  return rest.split(/\s+/).find((word) => word !== "" && !word.startsWith("-") && !word.includes("="));
}

/**
 * Finds the program of an interpreter: by its name, by another name of it, or as the runtime of this very server.
 *
 * @throws {ToolError} naming what is installed, when there is none.
 */
export async function findInterpreter(interpreter: string, machine: Machine): Promise<FoundInterpreter> {
  const { which } = machine.processes;
  // a path with spaces in it, before they are taken to divide words
  const whole = interpreter.trim();
  const path = ABSOLUTE_REGEXP.test(whole) ? await which(whole) : undefined;
  if (path !== undefined) return { program: path, args: [] };
  const [name, ...args] = splitInterpreter(interpreter);
  const alias = ALIASES.get(name);
  const program = await which(name) ?? (alias === undefined ? undefined : await which(alias)) ??
    ownRuntime(name, machine);
  if (program !== undefined) return { program, args };
  throw new ToolError(
    `Cannot find interpreter "${name}" on this machine: installed are ${await listInstalled(machine)}`,
  );
}

function ownRuntime(name: string, { environment }: Machine): string | undefined {
  return name === environment.runtime && environment.executable !== "" ? environment.executable : undefined;
}

async function listInstalled({ processes, environment }: Machine): Promise<string> {
  const found = await Promise.all(COMMON_INTERPRETERS.map(async (name) => {
    return name === environment.runtime || await processes.which(name) !== undefined ? name : undefined;
  }));
  return found.filter((it) => it !== undefined).join(", ") || "none of the common ones";
}

/** What a script is run with, beside its program. */
export interface ScriptArguments {
  /** Absolute path of the script. */
  readonly file: string;
  /** Folder of its files, which it may read; that of the file by default. */
  readonly folder?: string | undefined;
  /** Words before it. */
  readonly words: readonly string[];
  readonly permissions?: ScriptPermissions | undefined;
}

/**
 * Gives the arguments with which a program runs a script. Deno alone needs words of its own: it asks for nothing, and
 * may read the script's folder and no more, until it is granted more or is named with permissions (`deno run -A`).
 */
export function scriptArguments(
  { args, program }: FoundInterpreter,
  { file, folder = folderOf(file), words, permissions = {} }: ScriptArguments,
): readonly string[] {
  const isPlainDeno = args.length === 0 && /(?:^|[\\/])deno(?:\.exe)?$/i.test(program);
  if (!isPlainDeno) return [...args, ...words, file];
  return ["run", "--no-prompt", ...denoPermissions(folder, permissions), ...words, file];
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")));
}

function denoPermissions(folder: string, { network, read = [], write = [], env = [] }: ScriptPermissions): string[] {
  // Deno reads a comma as the end of an item, and two as one comma
  const allow = (what: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`--allow-${what}=${items.map((it) => it.replaceAll(",", ",,")).join(",")}`];
  return [
    ...allow("read", [folder, ...read]),
    ...allow("write", write),
    ...allow("env", env),
    ...(network === true ? ["--allow-net"] : allow("net", network || [])),
  ];
}
