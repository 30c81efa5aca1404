/**
 * The contents of files as text: whole or in parts, and bytes as base64.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../../../kernel/mod.ts";
import { textOfBytes } from "../../knowledge/skill_files.ts";
import { fileError, type WantedFile } from "./request.ts";

const HALF_CHARACTER_REGEXP = /\p{Surrogate}/u;

/** A range of lines, or of bytes. */
export interface Range {
  /** How many come before it. */
  readonly offset: number;
  /** How many it has at most. */
  readonly limit: number;
}

/** A part of a file. */
export interface Part {
  readonly content: string;
  /** Where the next part begins; absent at the end of the file. */
  readonly next: number | undefined;
  /** Of the whole file: lines, or bytes. */
  readonly total: number;
}

/** Refuses what is too large. */
export function checkSize(size: number, mostBytes: number, remedy = ""): void {
  if (size <= mostBytes) return;
  const rounded = [size, mostBytes].map((bytes) => `${(bytes / 1_024).toFixed(1)} KB`);
  // rounded, sizes that differ by a few bytes are the same
  const [found, most] = rounded[0] === rounded[1] ? [`${size} bytes`, `${mostBytes} bytes`] : rounded;
  throw fileError("FILE_TOO_LARGE", `File too large (${found}). Maximum size is ${most}${remedy}`);
}

/**
 * Gives the bytes of a file that is to be written.
 *
 * @throws {ToolError} when they are too many, or the content is not what its encoding says.
 */
export function bytesOf({ content, encoding }: WantedFile, mostBytes: number): Uint8Array {
  const bytes = encoding === "base64" ? decodeBase64(content) : encodeText(content);
  checkSize(bytes.length, mostBytes);
  return bytes;
}

function decodeBase64(content: string): Uint8Array {
  try {
    return fromBase64(content);
  } catch {
    throw fileError("CONTENT_INVALID", "The content is not base64; give it so, or leave encoding out for text");
  }
}

function encodeText(content: string): Uint8Array {
  if (HALF_CHARACTER_REGEXP.test(content)) {
    throw fileError("CONTENT_INVALID", "The content holds half a character; give bytes that are no text as base64");
  }
  return new TextEncoder().encode(content);
}

/** Gives the text of bytes; `undefined` when they are none. */
export function readableText(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : textOfBytes(bytes);
}

/** Cuts a range of bytes, as base64; shorter than asked for where it would be more than `mostBytes`. */
export function cutBytes(bytes: Uint8Array, { offset, limit }: Range, mostBytes: number): Part {
  const end = Math.min(bytes.length, offset + Math.min(limit, mostBytes));
  const content = toBase64(bytes.subarray(Math.min(offset, end), end));
  return { content, next: end < bytes.length ? end : undefined, total: bytes.length };
}

/**
 * Cuts a range of lines, each with its end; fewer than asked for where they would be more than `mostBytes`.
 *
 * @throws {ToolError} when one line alone is more.
 */
export function cutLines(text: string, { offset, limit }: Range, mostBytes: number): Part {
  const starts = lineStarts(text);
  const total = starts.length;
  const first = Math.min(offset, total);
  const startOf = (line: number) => starts[line] ?? text.length;
  const start = startOf(first);
  let end = first;
  let left = mostBytes;
  while (end < Math.min(total, first + limit)) {
    left -= new TextEncoder().encode(text.slice(startOf(end), startOf(end + 1))).length;
    if (left < 0) break;
    end++;
  }
  if (end === first && first < total) {
    throw fileError(
      "FILE_TOO_LARGE",
      `Line ${
        first + 1
      } alone has more than ${mostBytes} bytes; read the file with encoding "base64", where offset and ` +
        "limit count bytes",
    );
  }
  return { content: text.slice(start, startOf(end)), next: end < total ? end : undefined, total };
}

function lineStarts(text: string): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at < text.length;) {
    starts.push(at);
    const end = text.indexOf("\n", at);
    at = end < 0 ? text.length : end + 1;
  }
  return starts;
}

/** Counts the lines of a text; what follows the last line end is one too. */
export function countLines(text: string): number {
  return lineStarts(text).length;
}
