/**
 * What the output of a script means that speaks no protocol.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";

/** How many lines are looked at that may be an object. */
const MOST_LOOKED = 2_000;

/** What was read out of an output. */
export interface PlainAnswer {
  /** The JSON value, else the text. */
  readonly value: unknown;
  /** What was printed around the value; empty when there is nothing else. */
  readonly noise: string;
}

/**
 * Reads an output: JSON as a whole, else the JSON object that libraries printed something around. Such an object is the
 * last line, or begins the last line that a `{` begins; or it is the last line of all that has `success`. Several lines
 * of objects without `success` are a text, of which none counts more than the others.
 */
export function readPlainAnswer(stdout: string): PlainAnswer {
  // what PowerShell puts before a text
  const text = stdout.replace(/^\uFEFF/, "").trim();
  const whole = parse(text);
  if (whole !== undefined) return { value: whole.value, noise: "" };
  return readEnd(text) ?? readLines(text) ?? { value: text, noise: "" };
}

/** Reads an object that was printed last, on one line or on several of which all but the first are indented. */
function readEnd(text: string): PlainAnswer | undefined {
  const at = text.lastIndexOf("\n{");
  const value = at < 0 ? undefined : parseObject(text.slice(at + 1));
  if (value === undefined) return undefined;
  const noise = text.slice(0, at);
  return isResult(value) || !objectLines(noise).next().value ? { value, noise } : undefined;
}

function readLines(text: string): PlainAnswer | undefined {
  let only: Line | undefined;
  let count = 0;
  for (const line of objectLines(text)) {
    if (isResult(line.value)) return without(text, line);
    only = line;
    count++;
  }
  return only === undefined || count > 1 ? undefined : without(text, only);
}

/** A line that is an object, and where it stands. */
interface Line {
  readonly value: JsonObject;
  readonly start: number;
  readonly end: number;
}

/** Finds lines that are objects, from the last to the first, among those of the end that look like one. */
function* objectLines(text: string): Generator<Line, undefined> {
  let looked = 0;
  let start = 0;
  for (let end = text.length; end > 0 && looked < MOST_LOOKED; end = start - 1) {
    start = text.lastIndexOf("\n", end - 1) + 1;
    if (text[start] !== "{" || !/\}\s*$/.test(text.slice(Math.max(start, end - 8), end))) continue;
    looked++;
    const value = parseObject(text.slice(start, end));
    if (value !== undefined) yield { value, start, end };
  }
}

function without(text: string, { value, start, end }: Line): PlainAnswer {
  return { value, noise: `${text.slice(0, start)}${text.slice(end + 1)}`.trim() };
}

function isResult(value: JsonObject): boolean {
  return typeof value["success"] === "boolean";
}

function parseObject(text: string): JsonObject | undefined {
  const value = parse(text)?.value;
  return isObject(value) ? value : undefined;
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
