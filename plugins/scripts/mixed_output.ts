/**
 * Output of a script that may say messages in between: text passes as it comes, and what may be a message waits for the
 * end of its line.
 *
 * @module
 */
import { type MessageLine, OUTPUT_LIMIT, readLine } from "./output_lines.ts";

/** A message, or text that is none. */
export type MixedPart = string | MessageLine;

/** How modules for authors begin a message, who cannot know whether a script has ended its line. */
const MARK = '{"jsonrpc":';
const MESSAGE_REGEXP = /^[\s\uFEFF]*\{/;
const BLANK_REGEXP = /^[\s\uFEFF]*$/;
/** Most characters before a message in its line. */
const MOST_BLANK = 1_000;

/** Parts messages from what else is printed. */
export class MixedOutput {
  readonly #isServed: (message: MessageLine) => boolean;
  readonly #limit: number;
  /** Of which it cannot be told yet whether a message begins with it; not long. */
  #undecided = "";
  /** What begins as a message does, by pieces. */
  #message: string[] = [];
  #length = 0;
  /** Whether text of the line has passed. */
  #isWithin = false;

  /**
   * @param isServed Tells which messages are none of the output.
   * @param limit Characters of the longest message.
   */
  constructor(isServed: (message: MessageLine) => boolean, limit: number = OUTPUT_LIMIT) {
    this.#isServed = isServed;
    this.#limit = limit;
  }

  /** Takes a piece; gives what is known by now, in order. */
  push(piece: string): MixedPart[] {
    const parts: MixedPart[] = [];
    for (let at = 0; at < piece.length;) {
      const end = piece.indexOf("\n", at) + 1;
      this.#take(end === 0 ? piece.slice(at) : piece.slice(at, end), parts);
      if (end === 0) break;
      this.#endLine(parts);
      at = end;
    }
    return joined(parts);
  }

  /** Gives what was held back. */
  end(): MixedPart[] {
    const parts: MixedPart[] = [];
    this.#endLine(parts);
    return joined(parts);
  }

  #take(text: string, parts: MixedPart[]): void {
    if (this.#length > 0) return this.#hold(text, parts);
    const line = this.#undecided + text;
    this.#undecided = "";
    const isBlank = !this.#isWithin && line.length < MOST_BLANK && BLANK_REGEXP.test(line);
    const start = isBlank || !this.#isWithin && MESSAGE_REGEXP.test(line) ? 0 : markIn(line);
    this.#pass(line.slice(0, start), parts);
    const rest = line.slice(start);
    if (isBlank || this.#isWithin && !rest.startsWith(MARK)) this.#undecided = rest;
    else this.#hold(rest, parts);
  }

  /** Keeps a piece until the line is whole, unless it is longer than any message. */
  #hold(text: string, parts: MixedPart[]): void {
    this.#message.push(text);
    this.#length += text.length;
    if (this.#length > this.#limit) this.#pass(this.#whole(), parts);
  }

  #endLine(parts: MixedPart[]): void {
    const line = this.#undecided + this.#whole();
    this.#undecided = "";
    this.#isWithin = false;
    if (line === "") return;
    const read = readLine(line);
    parts.push(read.kind === "message" && this.#isServed(read) ? read : line);
  }

  #pass(text: string, parts: MixedPart[]): void {
    if (text === "") return;
    parts.push(text);
    this.#isWithin = true;
  }

  #whole(): string {
    const whole = this.#message.join("");
    this.#message = [];
    this.#length = 0;
    return whole;
  }
}

/** Finds where a message may begin within a text, or only its mark, of which the rest is still to come. */
function markIn(text: string): number {
  const whole = text.indexOf(MARK);
  if (whole !== -1) return whole;
  for (let start = Math.max(0, text.length - MARK.length + 1); start < text.length; start++) {
    if (MARK.startsWith(text.slice(start))) return start;
  }
  return text.length;
}

function joined(parts: readonly MixedPart[]): MixedPart[] {
  const texts: MixedPart[] = [];
  for (const part of parts) {
    const last = texts.at(-1);
    if (typeof part === "string" && typeof last === "string") texts[texts.length - 1] = last + part;
    else texts.push(part);
  }
  return texts;
}
