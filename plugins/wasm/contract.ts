/**
 * The contracts `CodeRunner`, which runs code that a client wrote and that calls tools, and `Compilers`, which lends the
 * compilers that tools are built with.
 *
 * @module
 */
import { type Call, type Contract, contract, type Folder, type JsonObject, type Toolbox } from "../../kernel/mod.ts";
import type { CompilerStep, FinishedStep } from "./build/commands.ts";
import type { CompileOptions } from "./build/compiler.ts";
import type { NpmToolchain, ToolchainName } from "./build/npm_toolchains.ts";

export type { CompilerBounds, CompilerStep, FinishedStep } from "./build/commands.ts";
export type { CompileOptions } from "./build/compiler.ts";
export { typescriptProgram } from "./build/native_typescript.ts";
export type { NpmToolchain, ToolchainName } from "./build/npm_toolchains.ts";

/** Languages of code. */
export type CodeLanguage = "javascript" | "typescript" | "python";

/**
 * What the code sees of time: `none` refuses to tell it; `coarse` stands still until something comes from outside, such as
 * the answer of a tool; `exact` is that of this machine.
 */
export type CodeClock = "none" | "coarse" | "exact";

/** Names that JavaScript and TypeScript find beside those of the language and of tools; no tool may have one of them. */
export const CODE_GLOBALS: readonly string[] = [
  ...["tools", "resources", "prompts", "memory", "elicit", "sample", "files", "session", "progress", "console"],
];

/** A tool that the code reaches. */
export interface CodeTool {
  /** Its name, by which it is called. */
  readonly name: string;
  /** The global that calls it; it has none when left out, and is reached as `tools["its-name"]`. */
  readonly identifier?: string | undefined;
  /** With {@linkcode member}, where else it is found: `tools.github` of `tools.github.create_issue`. */
  readonly namespace?: string | undefined;
  /** Such as `create_issue` of `tools.github.create_issue`. */
  readonly member?: string | undefined;
}

/** Bounds of a run. */
export interface CodeLimits {
  /** Milliseconds from the call of {@linkcode CodeRunner.run} on; waiting for a worker and for tools counts. */
  readonly timeoutMs: number;
  /**
   * Gives the milliseconds so far, since the call of {@linkcode CodeRunner.run}, in which the run waited for a person;
   * these are added to `timeoutMs`. None by default. To be asked anew when the time seems to be over.
   */
  readonly waitedMs?: (() => number) | undefined;
  /** What the code may take. */
  readonly memoryBytes: number;
  /** Most bytes of the value as JSON, of the session, and of what is printed, each; more than 4 MiB keep the server busy. */
  readonly outputBytes: number;
  /** Most calls of tools. */
  readonly calls: number;
}

/** Code to run. */
export interface CodeRun {
  /** How messages call it, such as `execute_code`. */
  readonly name: string;
  readonly language: CodeLanguage;
  readonly code: string;
  readonly tools: readonly CodeTool[];
  /** The global `session`, which the code may change; there is none when it is left out. */
  readonly session?: JsonObject | undefined;
  readonly clock: CodeClock;
  readonly limits: CodeLimits;
  /** What calls of tools reach. */
  readonly toolbox: Toolbox;
  /**
   * Serves requests that the script protocol does not know: those of `files` in the code. `files/write` takes `name`,
   * `text` or `blob` (base64), and `mimeType` if it is known, and gives `name`, `uri`, `mimeType` and `size` (bytes);
   * `files/read` takes `name` and `as`, `text` or `bytes`, and gives `name`, `mimeType` if it is known, and `text` or
   * `blob`; `files/list` gives `files`, of each `name` and `uri`, and `mimeType` and `size` if they are known.
   *
   * @returns `undefined` when it does not know the method either.
   */
  serve?(method: string, params: JsonObject): Promise<JsonObject> | undefined;
}

/** What code gave. */
export interface CodeOutcome {
  /** JSON; `undefined` when nothing was returned. */
  readonly value: unknown;
  /** What it wrote by `console` or `print`, a line each, up to the limit of the output. */
  readonly printed: string;
  /** What was printed as a warning, and whoever wrote the code should know: which calls it did not wait for. */
  readonly warning?: string | undefined;
  /** The session as the code left it, when it was given one. */
  readonly session?: JsonObject | undefined;
}

/** Runs code. */
export interface CodeRunner {
  /**
   * Runs code to its end.
   *
   * @throws {ToolError} with what the code threw and its place in the lines of the code, the end of what was printed, and
   * data where the error has some; when it cannot be read, goes beyond a limit, or is cancelled.
   */
  run(run: CodeRun, options: { readonly call: Call }): Promise<CodeOutcome>;
}
export const CodeRunner: Contract<CodeRunner> = contract("code-runner");

/** The compilers that come from npm on first use, and what runs them: in the sandbox, bounded. */
export interface Compilers {
  /**
   * Installs a toolchain, or finds it installed.
   *
   * @throws {ToolError} when it cannot be had here, with the reason and the remedy.
   */
  install(name: ToolchainName, options: CompileOptions): Promise<NpmToolchain>;
  /** Gives an empty folder to `use`, and removes it afterwards. */
  inWorkFolder<T>(use: (folder: Folder) => Promise<T>): Promise<T>;
  /**
   * Runs a step to its end, whatever its exit code.
   *
   * @throws {ToolError} when it is ended by a limit, or no program can be started here.
   * @throws the reason of the signal when it was cancelled.
   */
  run(step: CompilerStep, options: CompileOptions): Promise<FinishedStep>;
}
export const Compilers: Contract<Compilers> = contract("compilers");
