/**
 * Splits a SKILL.md in its front matter and its body.
 *
 * A line that is only `---` opens and closes the front matter, spaces after it allowed; the same three characters within
 * a value close nothing. A byte order mark is left out, and every line ends with `\n`.
 *
 * @module
 */

/** The parts of a SKILL.md. */
export interface FrontMatter {
  /** What stands between the two `---` lines; absent when there is no such pair. */
  readonly text?: string;
  /** What follows; the whole file when there is no front matter. */
  readonly body: string;
  /** Whether a `---` line opens it; without {@linkcode FrontMatter.text}, none closes it. */
  readonly isOpened: boolean;
  /** Line of the file, from 1, on which the body begins. */
  readonly bodyLine: number;
}

const MARK = "---";
const BLANK_REGEXP = /^[ \t]*$/;

/**
 * Splits a SKILL.md.
 *
 * @example Read the body alone
 * ```ts
 * import { splitFrontMatter } from "./front_matter.ts";
 *
 * const { text, body } = splitFrontMatter("---\nname: a\n---\n# A\n");
 * if (text !== "name: a\n" || body !== "# A\n") throw new Error("unexpected");
 * ```
 */
export function splitFrontMatter(file: string): FrontMatter {
  const text = normalizeLines(file);
  if (!isMark(text, 0)) return { body: text, isOpened: false, bodyLine: 1 };
  const start = nextLine(text, 0);
  const closing = findMark(text, start);
  if (closing === undefined) return { body: text, isOpened: true, bodyLine: 1 };
  const frontMatter = text.slice(start, closing);
  return {
    text: frontMatter,
    body: text.slice(nextLine(text, closing)),
    isOpened: true,
    bodyLine: 3 + countLines(frontMatter),
  };
}

/** Finds the first line from `start` on that is only `---`. */
function findMark(text: string, start: number): number | undefined {
  for (let at = start; at < text.length;) {
    if (isMark(text, at)) return at;
    const next = text.indexOf(`\n${MARK}`, at);
    if (next < 0) return undefined;
    at = next + 1;
  }
  return undefined;
}

function isMark(text: string, at: number): boolean {
  if (!text.startsWith(MARK, at)) return false;
  const end = text.indexOf("\n", at);
  return BLANK_REGEXP.test(text.slice(at + MARK.length, end < 0 ? text.length : end));
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** Leaves out a byte order mark, and ends every line with `\n`. */
export function normalizeLines(file: string): string {
  const text = file.startsWith("\ufeff") ? file.slice(1) : file;
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
