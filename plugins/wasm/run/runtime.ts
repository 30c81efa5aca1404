/**
 * What runs artifacts, to those who have some.
 *
 * @module
 */
import type { Call, JsonObject } from "../../../kernel/mod.ts";
import type { CodeOutcome, CodeRun } from "../contract.ts";
import type { ToolOutput } from "../../library/contract.ts";
import type { ArtifactKind, GrantedPath, RunLimits } from "../program.ts";

/** A tool to run. */
export interface Program extends RunLimits {
  readonly name: string;
  readonly kind: ArtifactKind;
  /** SHA-256 of the artifact, in hex: names what is kept compiled. */
  readonly digest: string;
  /** Reads the artifact, when it is not kept. */
  load(): Promise<Uint8Array>;
  readonly args: JsonObject;
  /** Variables and secrets that it was granted. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of those of `env` that are secrets. */
  readonly secrets: readonly string[];
  readonly folders: readonly GrantedPath[];
  /** Names its memory; `name` by default. */
  readonly memory?: string | undefined;
  /** Revision of the script protocol that a module speaks over stdin and stdout; it reads bare arguments by default. */
  readonly protocol?: number | undefined;
  /** Reads stdout as JSON whatever its root is, since there is an output schema. */
  readonly isJsonWanted: boolean;
}

/** Runs artifacts. */
export interface WasmRuntime {
  /**
   * Runs a program to its end.
   *
   * @throws {ToolError} when it fails, traps, goes beyond a limit, or is cancelled.
   */
  run(program: Program, call: Call): Promise<ToolOutput>;
  /**
   * Runs code to its end.
   *
   * @throws {ToolError} when it fails, goes beyond a limit, or is cancelled.
   */
  runCode(run: CodeRun, call: Call): Promise<CodeOutcome>;
  /** Ends what runs, and resolves when nothing is left. */
  close(): Promise<void>;
}
