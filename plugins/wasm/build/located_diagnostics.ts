/**
 * Reads what compilers say as lines `file:line:column: message`, and keeps paths of this machine out of it.
 *
 * @module
 */
import type { Diagnostic } from "./compiler.ts";

/** Most things that are kept of one compilation. */
export const MOST_DIAGNOSTICS = 200;
/** Most characters of what a compiler printed that are kept. */
const LONGEST_OUTPUT = 64 * 1024;
const LOCATED_REGEXP =
  /^(?:\.\/)?([^\s:][^:\n]*):(\d+)(?::(\d+))?: (?:(fatal error|error|warning|note|remark): )?(.+?)(?: \[-W([^\]]+)\])?$/;

/**
 * Reads the lines that name a place.
 *
 * @param isOurs Tells whether a file is one of the tool; others are left out, and the message stays.
 */
export function readLocated(text: string, isOurs: (path: string) => boolean): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const whole of text.split(/\r?\n/)) {
    const [, file, line, column, kind = "error", message, code] = LOCATED_REGEXP.exec(whole) ?? [];
    if (file === undefined || diagnostics.length >= MOST_DIAGNOSTICS) continue;
    diagnostics.push({
      severity: kind.endsWith("error") ? "error" : kind === "warning" ? "warning" : "note",
      ...(isOurs(file) && { file, line: Number(line), ...(column !== undefined && { column: Number(column) }) }),
      message: message!,
      ...(code !== undefined && { code }),
    });
  }
  return diagnostics;
}

/** Takes folders of this machine, and those of the sandbox, out of a text, and bounds it. */
export function withoutFolders(text: string, folders: readonly string[]): string {
  let clean = text;
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    clean = clean.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
  }
  return clean.length <= LONGEST_OUTPUT ? clean : `${clean.slice(0, LONGEST_OUTPUT)}…`;
}
