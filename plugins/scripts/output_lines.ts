/**
 * What a script writes, line by line: messages of the protocol, and everything else.
 *
 * @module
 */

const LARGE_ID_REGEXP = /"id"\s*:\s*(-?\d{16,})\s*[,}]/g;

/** Most characters of a line, and of plain output together. */
export const OUTPUT_LIMIT: number = 16 * 1024 * 1024;

/** How many lines of plain output are kept as one text. */
const BLOCK_LINES = 1_000;

/** The id of a request: any that JSON-RPC has; a whole number beyond 2^53 is kept to its last digit. */
export type MessageId = string | number | bigint | null;

/** A notice, or a request when it has an id. */
export interface MessageLine {
  readonly kind: "message";
  readonly method: string;
  readonly params: unknown;
  readonly id: MessageId | undefined;
}

/** A request that cannot be served, since its method or its id is none. */
export interface MalformedLine {
  readonly kind: "malformed";
  readonly reason: string;
}

/** An answer that says what failed; every part is as the script wrote it. */
export interface ErrorLine {
  readonly kind: "error";
  readonly code: unknown;
  readonly message: string;
  readonly data: unknown;
}

/** The answer of a script. */
export type AnswerLine = { readonly kind: "result"; readonly result: unknown } | ErrorLine;

/** One line of a script's output. */
export type OutputLine = { readonly kind: "text"; readonly text: string } | MessageLine | MalformedLine | AnswerLine;

/**
 * Reads a line. With a `jsonrpc` string a JSON object is a message when it has a method, else an answer, whatever its
 * id; anything else is text.
 */
export function readLine(line: string): OutputLine {
  const text = { kind: "text", text: line } as const;
  const json = parseObject(line);
  if (json === undefined || typeof json["jsonrpc"] !== "string") return text;
  const { method, error } = json;
  if (method !== undefined) return readMessage(json, line) ?? text;
  if (error === undefined || error === null) return { kind: "result", result: json["result"] };
  return { kind: "error", ...readError(error) };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  // most lines are no JSON, and need not be parsed to know it
  if (!/^[\s\uFEFF]*\{/.test(line)) return undefined;
  try {
    return JSON.parse(line.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

function readMessage({ method, params, id }: Record<string, unknown>, line: string): OutputLine | undefined {
  if (typeof method !== "string") return id === undefined ? undefined : malformed('"method" is no text');
  if (id === undefined || id === null || typeof id === "string") return { kind: "message", method, params, id };
  if (typeof id === "number" && Number.isFinite(id)) return { kind: "message", method, params, id: exact(id, line) };
  return malformed('"id" is neither a text nor a number nor null');
}

function malformed(reason: string): MalformedLine {
  return { kind: "malformed", reason };
}

// a script compares the id of a reply with what it wrote, such as nanoseconds, of which a number here loses digits
function exact(id: number, line: string): MessageId {
  if (Math.abs(id) <= Number.MAX_SAFE_INTEGER) return id;
  const written = [...line.matchAll(LARGE_ID_REGEXP)].find(([, digits]) => Number(digits) === id)?.[1];
  return written === undefined ? id : BigInt(written);
}

function readError(error: unknown): { code: unknown; message: string; data: unknown } {
  if (typeof error !== "object" || error === null) return { code: undefined, message: String(error), data: undefined };
  const { code, message, data } = error as Record<string, unknown>;
  return { code, message: typeof message === "string" ? message : JSON.stringify(message ?? error), data };
}

/** Thrown when a script writes more than is kept. */
export class OutputTooLong extends Error {
  override readonly name = "OutputTooLong";
}

/** Gathers what a script prints beside messages. */
export class PlainOutput {
  readonly #limit: number;
  #blocks: string[] = [];
  #lines: string[] = [];
  #length = 0;

  constructor(limit: number = OUTPUT_LIMIT) {
    this.#limit = limit;
  }

  /**
   * Adds a line.
   *
   * @throws {OutputTooLong} when all of it is longer than the limit.
   */
  add(line: string): void {
    this.#length += line.length + 1;
    if (this.#length > this.#limit) {
      throw new OutputTooLong(`it wrote more than ${Math.round(this.#limit / 1024 / 1024)} MiB without an answer`);
    }
    if (this.#lines.push(line) < BLOCK_LINES) return;
    // a short line by itself takes many times its length
    this.#blocks.push(this.#lines.join("\n"));
    this.#lines = [];
  }

  /** Gives all of it, without the line breaks at its end. */
  get text(): string {
    const text = [...this.#blocks, ...this.#lines].join("\n");
    let end = text.length;
    // a regular expression would try again from each of them
    while (text[end - 1] === "\n") end--;
    return text.slice(0, end);
  }

  clear(): void {
    this.#blocks = [];
    this.#lines = [];
    this.#length = 0;
  }
}

/** Cuts text into lines as it arrives. */
export class LineSplitter {
  readonly #limit: number;
  #parts: string[] = [];
  #length = 0;

  constructor(limit: number = OUTPUT_LIMIT) {
    this.#limit = limit;
  }

  /**
   * Adds a piece; gives the lines that it completes, without their ends.
   *
   * @throws {OutputTooLong} when a line is longer than the limit.
   */
  push(piece: string): string[] {
    const [first = "", ...more] = piece.split("\n");
    if (more.length === 0) {
      this.#add(first);
      return [];
    }
    const last = more.pop()!;
    this.#add(first);
    const lines = [this.#take(), ...more];
    this.#add(last);
    return lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  /** Gives the last line, if it has no end. */
  end(): string | undefined {
    return this.#length === 0 ? undefined : this.#take();
  }

  #add(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > this.#limit) {
      throw new OutputTooLong(`it wrote a line of more than ${Math.round(this.#limit / 1024 / 1024)} MiB`);
    }
  }

  #take(): string {
    const line = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}
