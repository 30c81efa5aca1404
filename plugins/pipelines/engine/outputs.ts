/**
 * What steps give: JSON, and not too much of it.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/**
 * Gives a value as JSON has it: a copy, in which nothing is left of classes, of `undefined`, or of whoever made it.
 *
 * @throws {ToolError} when it is no JSON, or too large.
 */
export function toJson(value: unknown, mostBytes: number): unknown {
  if (typeof value !== "object" || value === null) return toScalar(value, mostBytes);
  const text = stringify(value);
  if (text === undefined) return null;
  if (bytesOf(text, mostBytes) > mostBytes) throw tooLarge(mostBytes);
  return JSON.parse(text);
}

function toScalar(value: unknown, mostBytes: number): unknown {
  if (typeof value === "string") {
    if (bytesOf(value, mostBytes) > mostBytes) throw tooLarge(mostBytes);
    return value;
  }
  return typeof value === "boolean" || Number.isFinite(value) ? value : null;
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (thrown) {
    throw new ToolError("Cannot take the result: it is no JSON, since it refers to itself or is too deep", {
      cause: thrown,
    });
  }
}

/**
 * Measures JSON: about the bytes that it has as text. It looks no further than it must.
 *
 * @throws {ToolError} when it is too large or too deep.
 */
export function measure(value: unknown, mostBytes: number): number {
  try {
    return add(value, 0, mostBytes);
  } catch (thrown) {
    if (thrown instanceof ToolError) throw thrown;
    throw new ToolError("Cannot take the result: it is too deep", { cause: thrown });
  }
}

/** Tells whether JSON has about so many bytes at most, in no more time than that takes. */
export function isWithin(value: unknown, mostBytes: number): boolean {
  try {
    add(value, 0, mostBytes);
    return true;
  } catch {
    return false;
  }
}

/** The size of a list that grows: many small values are a large one. */
export class Total {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * Adds a value.
   *
   * @throws {ToolError} when it is too large with all before it.
   */
  add(value: unknown): void {
    this.#bytes += measure(value, this.#mostBytes);
    if (this.#bytes > this.#mostBytes) throw tooLarge(this.#mostBytes);
  }
}

function add(value: unknown, before: number, most: number): number {
  let bytes = before + 1;
  if (typeof value === "string") bytes += bytesOf(value, most) + 2;
  else if (typeof value !== "object" || value === null) bytes += String(value).length;
  else if (Array.isArray(value)) { for (const item of value) bytes = add(item, bytes + 1, most); }
  else for (const key in value) bytes = add((value as Record<string, unknown>)[key], bytes + key.length + 4, most);
  if (bytes > most) throw tooLarge(most);
  return bytes;
}

// how long a text is in UTF-8 must be counted only where it is not plain from its length
function bytesOf(text: string, most: number): number {
  if (text.length * 3 <= most || text.length > most) return text.length;
  return new TextEncoder().encode(text).length;
}

function tooLarge(mostBytes: number): ToolError {
  return new ToolError(
    `Cannot take the result: it has more than ${mostBytes} bytes as JSON; ask for less, or let the step keep a part ` +
      'of it with "output"',
  );
}
