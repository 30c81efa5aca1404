/**
 * What a compiler said, as text for people and as data for programs, both of them bounded.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { CompileFailure, Diagnostic } from "./compiler.ts";

const MOST_DIAGNOSTICS = 20;
const MOST_WARNINGS = 5;
/** Characters of one message. */
const LONGEST_MESSAGE = 2_000;
/** Characters of all messages together. */
const LONGEST_TEXT = 12_000;

/** Makes the error of a source that does not compile. */
export function compileError(name: string, failure: CompileFailure): ToolError {
  const { diagnostics, output } = failure;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  // what follows from an error is told after it, and what is none of the reasons last
  const sorted = [...errors, ...diagnostics.filter(({ severity }) => severity !== "error")];
  const { shown, text } = listDiagnostics(sorted, MOST_DIAGNOSTICS);
  const said = shown.length > 0 ? text : shorten(output.trim(), LONGEST_TEXT) || "the compiler said nothing";
  const count = errors.length === 0 ? "" : ` (${errors.length} ${errors.length === 1 ? "error" : "errors"})`;
  return new ToolError(`Cannot build "${name}": the source does not compile${count}\n\n${said}`, {
    data: { diagnostics: shown.map(dataOf), total_diagnostics: diagnostics.length },
    cause: failure,
  });
}

/** Lists the warnings of a build that succeeded; an empty text when there are none. */
export function warningsText(warnings: readonly Diagnostic[]): string {
  return listDiagnostics(warnings, MOST_WARNINGS).text;
}

/** Gives as many warnings as are shown, as data. */
export function warningsData(warnings: readonly Diagnostic[]): readonly DiagnosticData[] {
  return listDiagnostics(warnings, MOST_WARNINGS).shown.map(dataOf);
}

/** One thing that a compiler said, for programs. */
export interface DiagnosticData {
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly code?: string;
}

function dataOf(diagnostic: Diagnostic): DiagnosticData {
  const { severity, message, file, line, column, code } = diagnostic;
  return {
    severity,
    message: shorten(message, LONGEST_MESSAGE),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(code !== undefined && { code }),
  };
}

function listDiagnostics(
  diagnostics: readonly Diagnostic[],
  most: number,
): { readonly shown: readonly Diagnostic[]; readonly text: string } {
  const shown: Diagnostic[] = [];
  const lines: string[] = [];
  let length = 0;
  for (const diagnostic of diagnostics) {
    const line = lineOf(diagnostic);
    if (shown.length >= most || length + line.length > LONGEST_TEXT && shown.length > 0) break;
    shown.push(diagnostic);
    lines.push(line);
    length += line.length;
  }
  const rest = diagnostics.length - shown.length;
  if (rest > 0) lines.push(`and ${rest} more`);
  return { shown, text: lines.join("\n") };
}

function lineOf({ severity, message, file, line, column, code }: Diagnostic): string {
  const place = [file, line, column].filter((it) => it !== undefined).join(":");
  const what = code === undefined ? severity : `${severity}[${code}]`;
  return `${place === "" ? "" : `${place}: `}${what}: ${shorten(message, LONGEST_MESSAGE)}`;
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}
