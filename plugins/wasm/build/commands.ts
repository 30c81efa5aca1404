/**
 * Runs compilers: in the sandbox, bounded, each line told as it comes, and ended when nobody waits for them.
 *
 * @module
 */
import { type Environment, type Files, type Folder, type ProcessExit, ToolError } from "../../../kernel/mod.ts";
import {
  isBelow,
  isThere,
  type Mount,
  readAll,
  type Sandbox,
  variablesInside,
  withoutColours,
  withoutCredentials,
  wordInside,
  WORK_FOLDER,
} from "../../sandbox/contract.ts";
import type { CompileOptions } from "./compiler.ts";
import { withoutFolders } from "./located_diagnostics.ts";

/** Where a compiler finds what it compiles, if mounts can be moved. */
export const WORK_INSIDE = "/build";
/** Characters of each stream that are kept. */
const LONGEST_OUTPUT = 4 * 1024 * 1024;
const LARGEST_FILE = 1024 * 1024 * 1024;
const DESCRIPTORS = 4_096;

/** Follows what a program says of packages that it could not fetch. */
export const OFFLINE_NOTE = "This server is offline: it builds with what its caches have alone";

/** Bounds of one step. */
export interface CompilerBounds {
  readonly timeoutMs: number;
  /** Of the process tree. */
  readonly memoryBytes: number;
  readonly processes: number;
}

/** One command of a compilation; absolute paths are those of this machine, also as words and in options. */
export interface CompilerStep {
  /** Names the step in errors, such as `cargo build`. */
  readonly name: string;
  /** Absolute. */
  readonly program: string;
  readonly args: readonly string[];
  /** The folder to work in, which may be changed. */
  readonly work: Folder;
  /** Working folder below `work`; itself by default. */
  readonly cwd?: string;
  /** Beside the minimal environment; what is an absolute path is written for the inside. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it sees beside `work`, the system and the programs. */
  readonly mounts?: readonly Mount[];
  /** Programs that it starts itself, absolute. */
  readonly programs?: readonly string[];
  /** Whether it reaches the network, to get packages; `false` by default. */
  readonly network?: boolean;
  /** Those of all steps by default. */
  readonly bounds?: CompilerBounds;
}

/** What a step left. */
export interface FinishedStep {
  /** `undefined` when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@linkcode CompilerCommands} works with. */
export interface CompilerCommandsOptions {
  readonly home: Files;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
  readonly bounds: CompilerBounds;
  /** Whether no step may reach the network; `false` by default. */
  readonly isOffline?: boolean;
}

/** Runs compilers. */
export class CompilerCommands {
  readonly #options: CompilerCommandsOptions;

  constructor(options: CompilerCommandsOptions) {
    this.#options = options;
  }

  /** Whether packages come from caches alone. */
  get isOffline(): boolean {
    return this.#options.isOffline ?? false;
  }

  /** Gives an empty folder to `use`, and removes it afterwards. */
  async inWorkFolder<T>(use: (folder: Folder) => Promise<T>): Promise<T> {
    const { home } = this.#options;
    const name = `${WORK_FOLDER}/${crypto.randomUUID()}`;
    await home.makeFolder(name);
    try {
      return await use(home.open(await home.resolve(name)));
    } finally {
      await home.remove(name);
    }
  }

  /**
   * Runs a step to its end, whatever its exit code.
   *
   * @throws {ToolError} when it is ended by a limit.
   * @throws the reason of the signal when it was cancelled.
   */
  async run(step: CompilerStep, { signal, report }: CompileOptions): Promise<FinishedStep> {
    signal.throwIfAborted();
    const { name, program, args, work, cwd, env = {}, programs = [], network = false } = step;
    const { sandbox } = this.#options;
    const { bounds = this.#options.bounds } = step;
    const mounts = await this.#mounts(step);
    const confined = await sandbox.confine({
      network: network && !this.isOffline,
      mounts: [{ from: work.path, to: WORK_INSIDE, writable: true }, ...mounts],
      // what a mount shows finds there what it needs
      programs: [program, ...programs].filter((path) => !mounts.some(({ from }) => isBelow(path, from))),
    });
    const process = await confined.spawn({
      program: confined.path(program),
      args: args.map((word) => wordInside(word, confined)),
      cwd: confined.path(cwd === undefined ? work.path : await work.resolve(cwd)),
      env: { ...confined.env, ...variablesInside({ NO_COLOR: "1", ...env }, confined) },
      ...bounds,
      fileBytes: LARGEST_FILE,
      descriptors: DESCRIPTORS,
      signal,
    });
    void process.end();
    const { exit, stdout, stderr } = await readAll(process, {
      longest: LONGEST_OUTPUT,
      report: (line) => report(withoutFolders(line, [work.path, WORK_INSIDE])),
    });
    signal.throwIfAborted();
    if (exit.ended !== undefined) throw new ToolError(`"${name}" was ended: ${limitOf(exit, bounds)}`);
    // who has no network knows no credentials, and what is quoted of a source stays as it is
    const shown = (text: string) => network ? withoutCredentials(withoutColours(text)) : withoutColours(text);
    return { code: exit.code, stdout: shown(stdout), stderr: shown(stderr) };
  }

  // certificates and settings that variables name
  async #mounts({ env = {}, mounts = [] }: CompilerStep): Promise<readonly Mount[]> {
    const { home } = this.#options;
    const known = new Set(mounts.map(({ from }) => from));
    const named: Mount[] = [];
    for (const path of new Set(Object.values(env))) {
      if (!path.startsWith("/") || path.includes(":") || known.has(path)) continue;
      const isOurs = [...known, home.path].some((folder) => path === folder || path.startsWith(`${folder}/`));
      if (!isOurs && await isThere(home, path)) named.push({ from: path });
    }
    return [...named, ...mounts];
  }
}

function limitOf({ ended }: ProcessExit, { timeoutMs, memoryBytes, processes }: CompilerBounds): string {
  switch (ended) {
    case "timeout":
      return `it took longer than ${timeoutMs / 1000} s`;
    case "memory":
      return `it took more than ${Math.round(memoryBytes / 2 ** 20)} MiB of memory`;
    case "processes":
      return `it started more than ${processes} processes`;
    default:
      return `it went beyond the limit "${ended}"`;
  }
}
