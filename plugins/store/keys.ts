/**
 * Order, ranges and limits of keys and values, the same for every engine.
 *
 * @module
 */
import { type Json, ToolError } from "../../kernel/mod.ts";
import { type ScanOptions, STORE_LIMITS } from "./contract.ts";

/** Keys from `from`, inclusive, up to `to`, exclusive; up to the last when `to` is `undefined`. */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
}

/** A value as it is kept. */
export interface EncodedValue {
  readonly text: string;
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;
}

const UTF8 = new TextEncoder();
// with the flag `u` a surrogate matches only when it has no partner
const UNSTORABLE_REGEXP = /[\0\p{Surrogate}]/u;

/** Compares two keys by code point, as SQLite compares their UTF-8 bytes. */
export function compareKeys(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a === b) continue;
    // code points above U+FFFF begin with a surrogate, a unit below U+E000 that stands for more than U+FFFF
    if (isSurrogate(a) !== isSurrogate(b)) return isSurrogate(a) ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}

/** Gives the range of the keys that begin with a prefix. */
export function prefixRange(prefix: string): KeyRange {
  checkBound("prefix", prefix);
  return { from: prefix, to: endOfPrefix(prefix) };
}

/** Gives the range that a scan asks for. */
export function scanRange(options: ScanOptions): KeyRange {
  let { from, to } = prefixRange(options.prefix ?? "");
  const raise = (key: string) => {
    // no key lies between another and the same with U+0000 after it
    if (compareKeys(`${key}\0`, from) > 0) from = `${key}\0`;
  };
  const lower = (key: string) => {
    if (to === undefined || compareKeys(key, to) < 0) to = key;
  };
  if (options.after !== undefined) raise(checkBound("after", options.after));
  if (options.before !== undefined) lower(checkBound("before", options.before));
  if (options.cursor !== undefined) (options.reverse ? lower : raise)(checkBound("cursor", options.cursor));
  return { from, to };
}

/** Gives the range from the first to the last of these keys, in either direction. */
export function spanRange(first: string, last: string): KeyRange {
  const [from, to] = compareKeys(first, last) <= 0 ? [first, last] : [last, first];
  return { from, to: `${to}\0` };
}

/** Tells whether a key lies in a range. */
export function isInRange(key: string, range: KeyRange): boolean {
  return compareKeys(key, range.from) >= 0 && (range.to === undefined || compareKeys(key, range.to) < 0);
}

/** Gives the size of a page. */
export function checkLimit(limit = 100): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > STORE_LIMITS.pageEntries) {
    throw new ToolError(
      `Cannot scan: limit is ${limit}, it must be a whole number from 1 to ${STORE_LIMITS.pageEntries}`,
    );
  }
  return limit;
}

/** Checks a key; gives its bytes. */
export function checkKey(key: string): number {
  return checkText("key", key, STORE_LIMITS.keyBytes);
}

/** Checks the name of a namespace. */
export function checkName(name: string): void {
  checkText("namespace", name, STORE_LIMITS.namespaceBytes);
}

/** Gives the time at which an entry ends. */
export function expiryOf(ttlMs: number | undefined, now: number): number | undefined {
  if (ttlMs === undefined) return undefined;
  const expiresAt = now + Math.ceil(ttlMs);
  if (ttlMs > 0 && Number.isSafeInteger(expiresAt)) return expiresAt;
  throw new ToolError(`Cannot store an entry with ttlMs ${ttlMs}: it must be a number of milliseconds above 0`);
}

/** Encodes a value of a key as JSON text. */
export function encodeValue(key: string, value: unknown): EncodedValue {
  const text = toJson(key, value);
  const bytes = byteLength(text);
  if (bytes > STORE_LIMITS.valueBytes) {
    throw new ToolError(
      `Cannot store ${quote(key)}: the value has ${bytes} bytes as JSON, it may have ${STORE_LIMITS.valueBytes}`,
    );
  }
  return { text, bytes };
}

/** Gives a value that {@linkcode encodeValue} encoded. */
export function decodeValue(text: string): Json {
  return JSON.parse(text);
}

/** Quotes a key for a message; a long one is cut. */
export function quote(key: string): string {
  return JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
}

/** Gives the length of a text in UTF-8. */
export function byteLength(text: string): number {
  return UTF8.encode(text).length;
}

function toJson(key: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new ToolError(`Cannot store ${quote(key)}: the value is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) {
    throw new ToolError(`Cannot store ${quote(key)}: the value is no JSON: it is ${typeof value}`);
  }
  return text;
}

function checkText(what: string, text: string, limit: number): number {
  const bytes = byteLength(text);
  if (bytes < 1 || bytes > limit) {
    throw new ToolError(`Cannot use the ${what} ${quote(text)}: it has ${bytes} bytes, it must have 1 to ${limit}`);
  }
  checkBound(what, text);
  return bytes;
}

function checkBound(what: string, text: string): string {
  if (UNSTORABLE_REGEXP.test(text)) {
    throw new ToolError(`Cannot use the ${what} ${quote(text)}: it has a lone surrogate or U+0000`);
  }
  return text;
}

// the first text, in the order of keys, that sorts after everything that begins with the prefix
function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const last = points.pop()!.codePointAt(0)!;
    if (last === 0x10ffff) continue;
    return points.join("") + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
