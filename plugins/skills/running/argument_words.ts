/**
 * Arguments as words after a script: `--key value` for each scalar, as dcc-mcp-core passes them. Whatever is left out is
 * on stdin all the same.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";

/** Most bytes of a text that is a word. */
const MOST_VALUE = 8 * 1024;
/** Most bytes of all words: half of what a start takes on Linux, and less than that on Windows. */
const MOST_WORDS = 128 * 1024;
const MOST_WORDS_WINDOWS = 24 * 1024;
/** What can follow `--`, and is read as nothing else by a shell, a batch file or a parser of options. */
const KEY_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** What `cmd` takes for nothing but itself, quoted or not. */
const HARMLESS_REGEXP = /^[\w.,:/\\@+-]*$/;
const ENCODER = new TextEncoder();

/** Who reads the words. */
export interface WordReader {
  readonly os: "linux" | "darwin" | "windows" | "other";
  /** Whether `cmd` reads them first, to which some characters are commands. */
  readonly isBatch: boolean;
}

/**
 * Writes the scalars among arguments as words: `_` in a key becomes `-`, booleans are `true` and `false`. Keys that begin
 * with `_` or could be read as something else, texts of more than 8 KiB, and what would make a command too long are left
 * out.
 */
export function argumentWords(args: JsonObject, { os, isBatch }: WordReader): readonly string[] {
  const words: string[] = [];
  let room = os === "windows" ? MOST_WORDS_WINDOWS : MOST_WORDS;
  for (const [key, value] of Object.entries(args)) {
    const text = textOf(value);
    if (text === undefined || !KEY_REGEXP.test(key) || isBatch && !HARMLESS_REGEXP.test(text)) continue;
    const size = ENCODER.encode(text).length;
    if (size > MOST_VALUE || size + key.length + 4 > room) continue;
    room -= size + key.length + 4;
    words.push(`--${key.replaceAll("_", "-")}`, text);
  }
  return words;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  // no argument of a process holds NUL
  return typeof value === "string" && value.length <= MOST_VALUE && !value.includes("\0") ? value : undefined;
}
