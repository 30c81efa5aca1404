/**
 * What goes between the server and a worker that runs artifacts. A worker serves one run at a time.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { CodeClock, CodeLanguage } from "../contract.ts";
import type { GrantedPath } from "../program.ts";

/** What both kinds of artifacts have. */
interface RunBase {
  /** Name of the tool: `argv[0]`, and what errors call it. */
  readonly name: string;
  /** Names the artifact; a worker keeps what it has compiled by it. */
  readonly digest: string;
  readonly env: Readonly<Record<string, string>>;
  readonly folders: readonly GrantedPath[];
  /** Most bytes of stdout, or of the value that a bundle returns as JSON. */
  readonly outputBytes: number;
}

/** Runs a module. */
export interface ModuleRun extends RunBase {
  readonly kind: "module";
  /** Compiled, with its limits; a worker that has it by its digest is not sent it again. */
  readonly module?: WebAssembly.Module;
  /** The arguments as JSON, or the execute line of the script protocol; then stdin ends, unless `isInteractive`. */
  readonly stdin: string;
  /** The arguments after the name of the tool. */
  readonly args: readonly string[];
  /** Whether the tool speaks the script protocol: stdin stays open, for replies, and stdout is sent line by line. */
  readonly isInteractive: boolean;
  /** Most bytes of linear memory. */
  readonly memoryBytes?: number;
}

/** Runs a bundle. */
export interface BundleRun extends RunBase {
  readonly kind: "bundle";
  /** The JavaScript; a worker that has it by its digest is not sent it again. */
  readonly bundle?: string;
  /** The arguments, as JSON. */
  readonly input: string;
  readonly memoryBytes: number;
  /** When it has to be done, in milliseconds since 1970; the server ends the worker a little later. */
  readonly deadline: number;
}

/** Runs code that a client wrote. */
export interface CodeTask {
  readonly kind: "code";
  readonly name: string;
  readonly language: Exclude<CodeLanguage, "python">;
  readonly code: string;
  /** The tools, a list of `CodeTool` as JSON: it is read only where it is needed. */
  readonly tools: string;
  /** The session as JSON. */
  readonly session?: string;
  readonly clock: CodeClock;
  readonly memoryBytes: number;
  /** Most bytes of the value, of the session, and of what is printed, each. */
  readonly outputBytes: number;
  /** Most calls of tools. */
  readonly calls: number;
  /** When it has to be done, in milliseconds since 1970; the server ends the worker a little later. */
  readonly deadline: number;
}

/** From the server to the worker. */
export type ToWorker =
  /** Comes first: the memory of `reply_channel.ts` and of `ask_channel.ts`. */
  | { readonly kind: "channel"; readonly memory: SharedArrayBuffer; readonly asks: SharedArrayBuffer }
  | ModuleRun
  | BundleRun
  | CodeTask
  /** The reply to a request of a bundle: `{"result"}` or `{"error"}` as JSON. */
  | { readonly kind: "answer"; readonly id: number; readonly text: string };

/** Why a request failed. */
export interface ReplyError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** From the worker to the server. */
export type FromWorker =
  /** Text for stderr. */
  | { readonly kind: "stderr"; readonly text: string }
  /** A piece of stdout of an interactive run. */
  | { readonly kind: "stdout"; readonly text: string }
  /** A message of the script protocol without a reply (`log`, `progress`, `stream`). */
  | { readonly kind: "notice"; readonly method: string; readonly params: JsonObject }
  /** A message of the script protocol with a reply. */
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly params: JsonObject }
  /** The same of code: all that it has asked for until it had to wait. */
  | { readonly kind: "asks"; readonly asks: readonly Ask[] }
  /** The thread waits for more of stdin. */
  | { readonly kind: "stdin" }
  /** The thread waits until all that it sent was taken. */
  | { readonly kind: "pause" }
  /** The thread waits for the next piece of a reply that was too long for one, or has room for more replies. */
  | { readonly kind: "more" }
  | Finished;

/** A message of the script protocol with a reply, of code: the params are JSON, which is read when there is time for it. */
export interface Ask {
  readonly id: number;
  readonly method: string;
  readonly text: string;
}

/** The end of a run. */
export interface Finished {
  readonly kind: "finished";
  readonly outcome: RunOutcome;
}

/** How a run ended. */
export type RunOutcome =
  /** A module returned, or called `proc_exit`; `stdout` is empty when it was sent line by line. */
  | ({ readonly kind: "exit"; readonly code: number; readonly stdout: string } & MemoryState)
  /** A bundle, or code, returned a value, here as JSON; `undefined` when it returned nothing. */
  | ({ readonly kind: "value"; readonly json: string | undefined } & CodeState)
  /** A bundle, or code, threw. */
  | (
    & { readonly kind: "thrown"; readonly message: string; readonly stack?: string; readonly data?: unknown }
    & CodeState
  )
  /** A trap, or a limit of the engine: `reason` begins in lower case, such as `unreachable`. */
  | (
    & { readonly kind: "trap"; readonly reason: string; readonly limit?: "memory" | "time" | "output" | "stack" }
    & MemoryState
    & CodeState
  );

/** What is told of the memory of a module that failed. */
export interface MemoryState {
  /** Whether it had taken nearly all that it may: most programs do not say that they failed for want of it. */
  readonly isMemoryFull?: true;
}

/** What is told of code beside. */
export interface CodeState {
  /** What it wrote by `console`. */
  readonly printed?: string;
  /** What of that says that the code did not wait for its calls. */
  readonly warning?: string;
  /** The session as it left it, as JSON; absent when it did not touch it. */
  readonly session?: string;
  /** Whether it took much memory, which the worker may have for a while yet. */
  readonly isLarge?: boolean;
}
