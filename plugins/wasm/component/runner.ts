/**
 * Runs components: each call in a child of its own, in the sandbox, without network, and with the folders it was granted.
 *
 * @module
 */
import { type Process, type ProcessExit, ToolError } from "../../../kernel/mod.ts";
import type { Confined, Mount, Sandbox } from "../../sandbox/contract.ts";
import { MissingToolchain } from "../build/compiler.ts";
import type { GrantedPath } from "../program.ts";
import type { Program } from "../run/runtime.ts";
import type { RunOutcome } from "../worker/messages.ts";
import type { ComponentTranslator, Translated } from "./translator.ts";

const MIB = 2 ** 20;
/** What the runtime takes beside the memory of a component. */
const RUNTIME_BYTES = 384 * MIB;
const PROCESSES = 32;
/** Longer arguments are left to stdin, as of modules. */
const LONGEST_ARGUMENT = 128 * 1024 - 1;
const SHIM = "node_modules/@bytecodealliance/preview2-shim";
const TRAP_REGEXP = /\n?\0(\{.*\})\n?/;

/** What a run tells while it goes on. */
export interface ComponentHost {
  readonly signal: AbortSignal;
  /** Takes text that was written to stderr. */
  stderr(text: string): void;
}

/** What {@linkcode ComponentRunner} works with. */
export interface ComponentRunnerOptions {
  readonly sandbox: Sandbox;
  readonly translator: ComponentTranslator;
}

/** Runs components. */
export class ComponentRunner {
  readonly #options: ComponentRunnerOptions;

  constructor(options: ComponentRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs a component to its end.
   *
   * @throws {ToolError} when it cannot be started.
   * @throws the reason of the signal when it was cancelled.
   */
  async run(program: Program, { signal, stderr }: ComponentHost): Promise<RunOutcome> {
    const translated = await this.#translate(program, signal);
    const confined = await this.#confine(program, translated);
    const process = await this.#start(program, { translated, confined, signal });
    void process.write(JSON.stringify(program.args)).then(() => process.end());
    const [stdout, trap, exit] = await Promise.all([
      readOutput(process, program.outputBytes),
      readErrors(process, stderr),
      process.exited,
    ]);
    if (exit.ended === "abort") signal.throwIfAborted();
    if (stdout === undefined) return { kind: "trap", reason: "it wrote too much", limit: "output" };
    return outcomeOf(exit, { stdout, trap, memoryBytes: program.memoryBytes });
  }

  async #translate(program: Program, signal: AbortSignal): Promise<Translated> {
    try {
      return await this.#options.translator.translate(program, { signal, report: () => {} });
    } catch (error) {
      if (!(error instanceof MissingToolchain)) throw error;
      const [command] = error.commands;
      throw new ToolError(`Cannot run "${program.name}": ${error.message}; install it with "${command}"`, {
        cause: error,
      });
    }
  }

  async #confine({ folders }: Program, { path, toolchain }: Translated): Promise<Confined> {
    const mounts: readonly Mount[] = [
      { from: path },
      { from: toolchain.path },
      ...folders.map(({ path: from, writable }) => ({ from, writable })),
    ];
    return await this.#options.sandbox.confine({ network: false, mounts, programs: [toolchain.program] });
  }

  async #start(
    { name, args, env, folders, memoryBytes, timeoutMs }: Program,
    { translated, confined, signal }: {
      readonly translated: Translated;
      readonly confined: Confined;
      readonly signal: AbortSignal;
    },
  ): Promise<Process> {
    const { path, program, toolchain } = translated;
    const job = { env, folders: openedFolders(folders, confined) };
    const json = JSON.stringify(args);
    return await confined.spawn({
      program: confined.path(toolchain.program),
      args: [
        ...wordsOf(translated),
        ...[confined.path(program), confined.path(path), confined.path(`${toolchain.path}/${SHIM}`)],
        ...[name, ...(new TextEncoder().encode(json).length > LONGEST_ARGUMENT ? [] : [json])],
      ],
      env: { ...confined.env, COLLET_COMPONENT: JSON.stringify(job), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      memoryBytes: memoryBytes + RUNTIME_BYTES,
      processes: PROCESSES,
      timeoutMs,
      signal,
    });
  }
}

// a library of the shim opens files natively, which Deno has a permission of its own for
function wordsOf({ toolchain: { runtime, args } }: Translated): readonly string[] {
  if (runtime === "node") return [...args, "--no-warnings"];
  const allowed = ["read", "write", "env", "sys", "ffi"].map((name) => `--allow-${name}`);
  return ["run", "--no-prompt", ...allowed, ...args];
}

/** A folder that a component finds opened. */
interface OpenedFolder {
  readonly path: string;
  readonly writable: boolean;
  /** Names of the files that were given, if it is not the whole folder. */
  readonly only?: readonly string[];
}

/** Gives folders by the paths that a component finds them under; of a file that is its folder, with it alone. */
function openedFolders(granted: readonly GrantedPath[], { path: inside }: Confined): Record<string, OpenedFolder> {
  const opened: Record<string, OpenedFolder> = {};
  for (const { path, kind, writable } of granted) {
    if (kind === "folder") opened[path] = { path: inside(path), writable };
  }
  for (const { path, kind, writable } of granted) {
    const [, folder = "/", name = ""] = /^(.*)[/\\]([^/\\]+)$/.exec(path) ?? [];
    const known = opened[folder];
    if (kind !== "file" || known !== undefined && known.only === undefined) continue;
    const only = [...known?.only ?? [], name];
    // where one of them may only be read, so may the others
    opened[folder] = { path: parentOf(inside(path)), writable: writable && known?.writable !== false, only };
  }
  return opened;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.search(/[/\\][^/\\]*$/)));
}

/** Reads stdout; `undefined` when it is too long, which ends the process. */
async function readOutput(process: Process, most: number): Promise<string | undefined> {
  const encoder = new TextEncoder();
  const pieces: string[] = [];
  let size = 0;
  for await (const piece of process.stdout) {
    size += encoder.encode(piece).length;
    if (size > most) {
      void process.kill(0);
      return undefined;
    }
    pieces.push(piece);
  }
  return pieces.join("");
}

/** Hands on stderr line by line; gives why it trapped, if it did. */
async function readErrors(process: Process, stderr: (text: string) => void): Promise<string | undefined> {
  let rest = "";
  let trap: string | undefined;
  for await (const piece of process.stderr) {
    rest += piece;
    const [told, json = ""] = TRAP_REGEXP.exec(rest) ?? [];
    const reason = told === undefined ? undefined : readTrap(json);
    if (told !== undefined && reason !== undefined) {
      trap = reason;
      rest = rest.replace(told, () => "");
    }
    const end = rest.lastIndexOf("\n") + 1;
    // a trap may have begun
    const whole = rest.includes("\0") ? 0 : end;
    if (whole > 0) stderr(rest.slice(0, whole));
    rest = rest.slice(whole);
  }
  if (rest !== "") stderr(rest);
  return trap;
}

// a tool may write a line like it
function readTrap(json: string): string | undefined {
  try {
    const { trap } = JSON.parse(json) as { readonly trap?: unknown };
    return typeof trap === "string" ? trap : undefined;
  } catch {
    return undefined;
  }
}

function outcomeOf(
  { code, ended, signal }: ProcessExit,
  { stdout, trap, memoryBytes }: {
    readonly stdout: string;
    readonly trap: string | undefined;
    readonly memoryBytes: number;
  },
): RunOutcome {
  if (ended === "timeout") return { kind: "trap", reason: "its time is over", limit: "time" };
  if (ended === "memory") {
    const reason = `its memory and that of its runtime grew by more than ${Math.round(memoryBytes / MIB)} MiB`;
    return { kind: "trap", reason, limit: "memory" };
  }
  if (trap !== undefined) {
    const isStack = /call stack size exceeded/i.test(trap);
    return { kind: "trap", reason: trap, ...(isStack && { limit: "stack" as const }) };
  }
  if (code === undefined) return { kind: "trap", reason: `its process was ended by ${ended ?? signal ?? "a signal"}` };
  return { kind: "exit", code, stdout };
}
