/**
 * Runs installers: lines are told as they come, and a failure has the installer's own last words.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import { readAll, withoutColours, withoutCredentials } from "../sandbox/contract.ts";
import type { ConfinedStep } from "./surroundings.ts";

/** What is kept of the output for an error, in characters. */
const LONGEST_TAIL = 4_000;
/** What is kept of each stream, in characters. */
export const LONGEST_OUTPUT = 16 * 1024 * 1024;
/** Libraries for machine learning are files of some gigabytes. */
const LARGEST_FILE = 16 * 2 ** 30;
const DESCRIPTORS = 8_192;
// what goes well is progress, and no reason of a failure
const CHATTER_REGEXP = /^npm http |^npm warn Unknown |^npm error (?:A complete log|Log files were) |^Download /;
/** How `npm ci` is to be used, which it prints after the reason. */
const USAGE_REGEXP = /^npm error Clean install a project$[^]*/m;

/** A step of an installation. */
export interface InstallerCommand {
  /** Names the step in errors, such as `npm ci`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a step, and gives its stdout.
 *
 * @throws {InstallFailure} when it fails, or takes too long.
 * @throws the reason of the signal when it was cancelled.
 */
export type RunCommand = (command: InstallerCommand) => Promise<string>;

/** What steps are run with. */
export interface RunOptions {
  /** Puts a step where it sees no more than it needs. */
  readonly confine: (step: InstallerCommand) => Promise<ConfinedStep>;
  readonly signal: AbortSignal;
  /** Time limit of all steps together, in milliseconds. */
  readonly timeoutMs: number;
  /** Hears of each line. */
  readonly report: (line: string) => void;
}

/** Tells why an installation failed; whoever asked for it says what was to be installed. */
export class InstallFailure extends ToolError {
  /** The end of what it printed. */
  readonly output: string;

  constructor(message: string, output = "") {
    super(output === "" ? message : `${message}:\n${output}`);
    this.output = output;
  }
}

/** Makes what runs the steps of one installation. */
export function createRunner({ confine, signal, timeoutMs, report }: RunOptions): RunCommand {
  const end = Date.now() + timeoutMs;
  return async (step) => {
    const { name } = step;
    const { confined, ...command } = await confine(step);
    const process = await confined.spawn({
      ...command,
      fileBytes: LARGEST_FILE,
      descriptors: DESCRIPTORS,
      timeoutMs: Math.max(1, end - Date.now()),
      signal,
    });
    void process.end();
    const { exit, stdout, stderr } = await readAll(process, { longest: LONGEST_OUTPUT, report });
    if (exit.ended === "abort") signal.throwIfAborted();
    if (exit.ended === "timeout") {
      throw new InstallFailure(`the installation took longer than ${timeoutMs / 1000} s, in "${name}"`, tailOf(stderr));
    }
    if (exit.code === 0) return stdout;
    const how = exit.code === undefined
      ? `was ended by ${exit.signal ?? "a signal"}`
      : `failed with exit code ${exit.code}`;
    throw new InstallFailure(`"${name}" ${how}`, tailOf(stderr) || tailOf(stdout));
  };
}

function tailOf(text: string): string {
  const lines = withoutCredentials(withoutColours(text)).replace(USAGE_REGEXP, "").split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !CHATTER_REGEXP.test(line));
  const tail = lines.join("\n").trim();
  return tail.length <= LONGEST_TAIL ? tail : `…${tail.slice(-LONGEST_TAIL)}`;
}
