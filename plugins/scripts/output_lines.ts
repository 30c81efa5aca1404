/**
 * What a script writes, line by line: messages of the protocol, and everything else.
 *
 * @module
 */

/** Most characters of a line, and of plain output together. */
export const OUTPUT_LIMIT: number = 16 * 1024 * 1024;

/** The id of a request: any that JSON-RPC has. */
export type MessageId = string | number | null;

/** A notice, or a request when it has an id. */
export interface MessageLine {
  readonly kind: "message";
  readonly method: string;
  readonly params: unknown;
  readonly id: MessageId | undefined;
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
export type OutputLine = { readonly kind: "text"; readonly text: string } | MessageLine | AnswerLine;

/**
 * Reads a line. It is a message when it is a JSON object with a `jsonrpc` string, and its `id`, if it has one, is a
 * string, a number or null; anything else is text.
 */
export function readLine(line: string): OutputLine {
  const text = { kind: "text", text: line } as const;
  const json = parseObject(line);
  if (json === undefined || typeof json["jsonrpc"] !== "string") return text;
  const { method, params, id, error } = json;
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") return text;
  if (method !== undefined) {
    return typeof method === "string" ? { kind: "message", method, params, id: id as MessageId | undefined } : text;
  }
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

function readError(error: unknown): { code: unknown; message: string; data: unknown } {
  if (typeof error !== "object" || error === null) return { code: undefined, message: String(error), data: undefined };
  const { code, message, data } = error as Record<string, unknown>;
  return { code, message: typeof message === "string" ? message : JSON.stringify(message ?? error), data };
}

/** Thrown when a script writes more than is kept. */
export class OutputTooLong extends Error {
  override readonly name = "OutputTooLong";
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
