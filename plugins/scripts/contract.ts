/**
 * The contract `ScriptRunner`: runs programs that speak the script protocol, and scripts that speak none, for whoever has
 * one.
 *
 * @module
 */
import { type Call, type Command, type Contract, contract, type Process, type ToolError } from "../../kernel/mod.ts";
import type { ToolOutput } from "../library/contract.ts";
import type { ScriptPermissions } from "./given_to_script.ts";
import type { ReachedTools } from "./message_host.ts";

export { Conversation, type ConversationOptions, type Talker } from "./conversation.ts";
export { answeredError, failure, type Remains } from "./failures.ts";
export { type GivenToScript, givenToScript, type ScriptPermissions } from "./given_to_script.ts";
export { readsWholeInput } from "./languages.ts";
export type { ReachedTools } from "./message_host.ts";
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
  /** Working folder, absolute, which it may change; a private one, removed afterwards, when left out. */
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
}
export const ScriptRunner: Contract<ScriptRunner> = contract("script-runner");
