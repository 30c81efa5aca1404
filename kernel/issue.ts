/**
 * Issues: what is wrong with a value, in the words that a model or an operator reads.
 *
 * @module
 */

/** One thing that is wrong with a value. */
export interface Issue {
  /** Keys and indexes from the root of the value; empty for the root itself. */
  readonly path: readonly (string | number)[];
  /** Says what was expected and what was found, such as `expected string, found number`. */
  readonly message: string;
}

/** Most issues that one validation reports. */
export const MAX_ISSUES = 10;

const IDENTIFIER_REGEXP = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
const MAX_SHOWN = 80;

/**
 * Formats issues as one line.
 *
 * @example A path and a root issue
 * ```ts
 * import { formatIssues } from "collet";
 *
 * const text = formatIssues([
 *   { path: ["a", "b", 0], message: "expected string, found number" },
 *   { path: [], message: 'unknown key "c"' },
 * ]);
 * if (text !== '"a.b[0]": expected string, found number; unknown key "c"') throw new Error(text);
 * ```
 */
export function formatIssues(issues: readonly Issue[]): string {
  const lines = issues.slice(0, MAX_ISSUES).map(({ path, message }) =>
    path.length === 0 ? message : `"${formatPath(path)}": ${message}`
  );
  if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
  return lines.join("; ");
}

/** Formats a path as JavaScript would write it: `a.b[0]["odd key"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (IDENTIFIER_REGEXP.test(part) && part.length <= MAX_SHOWN) text += text === "" ? part : `.${part}`;
    else text += `[${clip(JSON.stringify(part))}]`;
  }
  return text;
}

/** Names the JSON type of a value. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isNaN(value) ? "NaN" : typeof value;
}

/** Shows a short value as JSON, and anything else by its type. */
export function show(value: unknown): string {
  if (typeof value === "string") return clip(JSON.stringify(value.slice(0, MAX_SHOWN + 1)));
  return typeof value === "object" && value !== null || value === undefined ? typeName(value) : clip(String(value));
}

/** Shortens a text for a message. */
export function clip(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
