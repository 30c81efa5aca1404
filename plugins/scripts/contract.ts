/**
 * The contract `ScriptRunner`: runs programs that speak the script protocol, and scripts that speak none, for whoever has
 * one.
 *
 * @module
 */
import {
  type Call,
  type Command,
  type Contract,
  contract,
  type Process,
  type ProcessExit,
  type Toolbox,
  type ToolError,
} from "../../kernel/mod.ts";
import type { ToolOutput } from "../library/contract.ts";
import type { ScriptPermissions } from "./given_to_script.ts";
import type { ReachedTools, ServeMore } from "./message_host.ts";

export { Conversation, type ConversationOptions, type Talker } from "./conversation.ts";
export { answeredError, failure, type Remains } from "./failures.ts";
export { type GivenToScript, givenToScript, type ScriptPermissions } from "./given_to_script.ts";
export { readShebang } from "./interpreter.ts";
export { readsWholeInput } from "./languages.ts";
export { CURRENT_VERSIONS, type ReachedTools, type ServeMore } from "./message_host.ts";
export { ShippedFiles, type ShippedFilesOptions } from "./shipped_files.ts";
export { type ErrorLine, type OutputLine, readLine } from "./output_lines.ts";

/** What every program is run with. */
export interface ProgramRun {
  /** The name by which the program knows itself, and by which errors name it. */
  readonly name: string;
  /** Shown in its context, where it speaks the script protocol. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Ends it, and all that it started, after this many milliseconds; 300,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Says what one does that needs longer; `sets timeout_ms` by default. */
  readonly longerBy?: string | undefined;
}

/** What is asked of a program that speaks the script protocol. */
export interface ProtocolRun extends ProgramRun {
  /** What it receives as `params.arguments`. */
  readonly arguments: unknown;
  /** Names its memory; `name` by default. */
  readonly memory?: string | undefined;
  /** Revision of the script protocol: 1 by default; 2 answers requests that failed with JSON-RPC errors. */
  readonly protocol?: number | undefined;
  /** Reads plain output as JSON where it is JSON; `false` by default: then it is text. */
  readonly isJsonWanted?: boolean | undefined;
  /** Closes stdin after the request, for a program that reads it to its end; `false` by default. */
  readonly isStdinClosed?: boolean | undefined;
  /** What it reaches by `tools/list` and `tools/call`; every tool by default. */
  readonly tools?: ReachedTools | undefined;
  /** What its calls go through, in current versions alone; the toolbox of the server by default. */
  readonly toolbox?: Toolbox | undefined;
  /** Serves its requests that the script protocol does not know. */
  readonly serve?: ServeMore | undefined;
  /** Values by name that are shown no more than secrets are, in logs, progress and what is heard. */
  readonly redacted?: Readonly<Record<string, string>> | undefined;
  /**
   * Hears what it writes to stderr as it comes, redacted, without a limit; all of it before the run resolves, unless a
   * program that it started goes on and may write more.
   */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** A program that is started by whoever has it. */
export interface OwnProgram extends ProtocolRun {
  /**
   * Starts it.
   *
   * @throws {ToolError} when it cannot be.
   */
  start(signal: AbortSignal): Promise<Process>;
}

/** A script's file, and how it is started. `secrets` are added to its environment as well. */
export interface ScriptFile extends ProgramRun {
  /** Absolute path of the file. */
  readonly file: string;
  /** Folder of the files that it sees, absolute: that of the file by default. */
  readonly folder?: string | undefined;
  /** Folder of its packages, absolute, in which its interpreter may lie; none by default. */
  readonly packages?: string | undefined;
  /** Programs of this machine that it needs beside its interpreter, absolute paths; none by default. */
  readonly programs?: readonly string[] | undefined;
  /** The command that runs the file, words split at spaces; without it the file is run itself. */
  readonly interpreter?: string | undefined;
  /** Words between the interpreter's own and the file, each an argument as it stands. */
  readonly args?: readonly string[] | undefined;
  /** Whether it may write in `folder`; `false` by default. */
  readonly isFolderWritable?: boolean | undefined;
  /**
   * Working folder, absolute; a private one, removed afterwards, when left out. One within `folder` is as writable as that
   * is; one elsewhere it may write in.
   */
  readonly cwd?: string | undefined;
  /** Added to the minimal environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Limits of its process tree. */
  readonly limits?: Pick<Command, "memoryBytes" | "cpuSeconds" | "processes"> | undefined;
  /** What it may reach, where its runtime or a sandbox can see to that. */
  readonly permissions?: ScriptPermissions | undefined;
}

/** A script to run that speaks the script protocol. */
export interface Script extends ScriptFile, ProtocolRun {
  /**
   * Lets one process serve many calls in turn, each by a request with an id of its own; names the code, since those of
   * another serve it no more. One process for each call by default.
   */
  readonly persistent?: string | undefined;
}

/** A script to run that speaks no protocol: a text goes in, and all that it prints comes out. */
export interface PlainScript extends ScriptFile {
  /** All that it can read from stdin. */
  readonly input: string;
  /** Words after the file, each an argument as it stands; none by default. */
  readonly words?: readonly string[] | undefined;
}

/** What a script left that speaks no protocol, and has ended. */
export interface PlainResult {
  /** All that it printed, secrets too. */
  readonly stdout: string;
  /** How it failed, with the end of what it printed, if it did: by its exit code, a signal or a limit. */
  readonly failure: ToolError | undefined;
}

/** A script to run whose output is its answer, whatever it is and however it ends. */
export interface CapturedScript extends ScriptFile {
  /** All that it can read from stdin; nothing by default. */
  readonly input?: string | undefined;
  /** Words after the file, each an argument as it stands; none by default. */
  readonly words?: readonly string[] | undefined;
  /** Most characters that are kept of each stream, 100,000 by default; the rest is read and dropped. */
  readonly mostOutput?: number | undefined;
  /** Values by name that are shown no more than secrets are, in output, logs and progress. */
  readonly redacted?: Readonly<Record<string, string>> | undefined;
  /**
   * What it reaches by `tools/list` and `tools/call`. When given, it is sent a request of the script protocol, and stdin
   * stays open for replies: lines of its stdout that are messages of the protocol are served, and are no output. It has
   * no `input` then.
   */
  readonly tools?: ReachedTools | undefined;
  /** Hears what it prints as it comes, redacted; also what is more than is kept. */
  readonly onOutput?: ((stream: "stdout" | "stderr", text: string) => void) | undefined;
}

/** What a script printed, and how it ended. */
export interface CapturedResult {
  /** Redacted, cut to what is kept; what is not UTF-8 has U+FFFD in its place. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it printed more than is kept. */
  readonly isStdoutCut: boolean;
  readonly isStderrCut: boolean;
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  /** Such as `SIGSEGV`; `undefined` when it ended by itself. */
  readonly signal: string | undefined;
  /** Whether its time was over, and it was ended. */
  readonly isTimedOut: boolean;
  /** Which limit it went beyond, and was ended for. */
  readonly overLimit: Exclude<ProcessExit["ended"], "timeout" | "abort">;
}

/** Runs scripts. */
export interface ScriptRunner {
  /**
   * Runs a script, or a program that was started elsewhere, to its answer.
   *
   * @throws {ToolError} when it cannot be started, answers with an error, fails without an answer, or takes too long.
   */
  run(script: Script | OwnProgram, call: Call): Promise<ToolOutput>;
  /**
   * Runs a script that speaks no protocol to its end.
   *
   * @throws {ToolError} when it cannot be started, prints more than is kept, or takes too long.
   */
  runPlain(script: PlainScript, call: Call): Promise<PlainResult>;
  /**
   * Runs a script, and gives what it printed and how it ended. A time limit that it went beyond is a result as well, with
   * what was printed until then.
   *
   * @throws {ToolError} when it cannot be started; what the call was aborted with, when it is cancelled.
   */
  runCaptured(script: CapturedScript, call: Call): Promise<CapturedResult>;
}
export const ScriptRunner: Contract<ScriptRunner> = contract("script-runner");
