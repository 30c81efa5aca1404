/**
 * The errors of programs that fail, as the model and the client read them.
 *
 * @module
 */
import { type ProcessExit, ToolError } from "../../kernel/mod.ts";
import type { ErrorLine } from "./output_lines.ts";

/** Most characters of plain output that an error shows. */
const SHOWN = 4_000;

/** What a program left that failed; no part of it shows a secret. */
export interface Remains extends Partial<Pick<ProcessExit, "code" | "signal">> {
  /** The last of stderr. */
  readonly stderr: string;
  /** What it printed beside messages. */
  readonly stdout: string;
}

/** Makes the error of a program that failed without an answer: `Script "x" failed …`. */
export function failure(what: string, { code, signal, stderr, stdout: printed }: Remains): ToolError {
  const stdout = printed.slice(-SHOWN);
  const lines = [what, ...stderrLines(stderr), ...(stdout === "" ? [] : ["stdout:", stdout])];
  return new ToolError(lines.join("\n"), {
    data: { exit_code: code ?? null, signal: signal ?? null, stderr, stdout },
  });
}

/** Makes the error of a program that answered with one. */
export function answeredError({ code, message, data }: ErrorLine, stderr: string): ToolError {
  const head = code === undefined ? `Error: ${message}` : `Error ${code}: ${message}`;
  const lines = [head, ...(data === undefined || data === null ? [] : [`Data: ${JSON.stringify(data)}`])];
  return new ToolError([...lines, ...stderrLines(stderr)].join("\n"), {
    data: { code: code ?? null, message, ...(data !== undefined && { data }) },
  });
}

function stderrLines(stderr: string): string[] {
  return stderr === "" ? [] : ["stderr:", stderr];
}
