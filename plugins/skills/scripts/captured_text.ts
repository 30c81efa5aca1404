/**
 * What a script printed and how it ended, as results tell it: in the words of skill-mcp, and for programs.
 *
 * @module
 */
import * as v from "valibot";
import type { CapturedResult } from "../../scripts/contract.ts";

/** Stands at the end of a text that was cut. */
const CUT = "\n... (output truncated)";

/** What a result tells of a run, for programs. */
export interface CapturedOutcome {
  /** `null` when it did not end by itself. */
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly success: boolean;
  readonly stdout_truncated: boolean;
  readonly stderr_truncated: boolean;
  readonly timed_out: boolean;
  readonly duration_ms: number;
}

/** Describes {@linkcode CapturedOutcome}. */
export const CAPTURED_FIELDS = {
  exit_code: v.pipe(v.nullable(v.number()), v.description("0 is success; null when the script was ended")),
  stdout: v.string(),
  stderr: v.string(),
  success: v.boolean(),
  stdout_truncated: v.boolean(),
  stderr_truncated: v.boolean(),
  timed_out: v.boolean(),
  duration_ms: v.number(),
} as const;

/** Gives what a result tells of a run, for programs. */
export function capturedOutcome(
  { exitCode, stdout, stderr, isStdoutCut, isStderrCut, isTimedOut }: CapturedResult,
  { durationMs }: { readonly durationMs: number },
): CapturedOutcome {
  return {
    exit_code: exitCode ?? null,
    ...{ stdout, stderr },
    success: exitCode === 0 && !isTimedOut,
    stdout_truncated: isStdoutCut,
    stderr_truncated: isStderrCut,
    timed_out: isTimedOut,
    duration_ms: Math.round(durationMs),
  };
}

/** Writes how a run ended and what it printed, for people: the lines that follow the one that names the script. */
export function capturedText(
  { exitCode, signal, isTimedOut, stdout, stderr, isStdoutCut, isStderrCut }: CapturedResult,
  { timeoutMs }: { readonly timeoutMs: number },
): string {
  const seconds = timeoutMs / 1000;
  const ended = isTimedOut
    ? `none: timed out after ${seconds} ${seconds === 1 ? "second" : "seconds"}; set "timeout" for longer`
    : exitCode ?? `none: ended by ${signal ?? "a signal"}`;
  const sections = [["STDOUT", stdout, isStdoutCut], ["STDERR", stderr, isStderrCut]] as const;
  const printed = sections.filter(([, text]) => text !== "")
    .map(([title, text, isCut]) => `${title}:\n${text}${isCut ? CUT : ""}\n`);
  return `Exit code: ${ended}\n\n${printed.length === 0 ? "(No output)\n" : printed.join("")}`;
}
