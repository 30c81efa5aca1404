/**
 * The last of what a server wrote to stderr.
 *
 * @module
 */
import type { SupervisorLimits } from "./limits.ts";

const LONGEST_LINE = 4_096;
const LINE_END_REGEXP = /\r?\n/;

/** Keeps the last lines of text that comes in pieces, within a bound of lines and one of characters. */
export class StderrRing {
  readonly #limits: Pick<SupervisorLimits, "logLines" | "logCharacters">;
  #lines: string[] = [];
  #characters = 0;
  #begun = "";

  constructor(limits: Pick<SupervisorLimits, "logLines" | "logCharacters">) {
    this.#limits = limits;
  }

  /** Adds a piece of text; a line is cut at 4,096 characters. */
  write(text: string): void {
    const lines = (this.#begun + text).split(LINE_END_REGEXP);
    this.#begun = shortened(lines.pop()!);
    for (const line of lines) this.#push(shortened(line));
    this.#trim();
  }

  /** Adds a line of our own, after whatever line was begun. */
  mark(line: string): void {
    if (this.#begun !== "") this.#push(this.#begun);
    this.#begun = "";
    this.#push(`--- ${new Date().toISOString()} ${line}`);
    this.#trim();
  }

  /** Gives the last lines, oldest first. */
  tail(count: number): readonly string[] {
    const lines = this.#begun === "" ? this.#lines : [...this.#lines, this.#begun];
    return count <= 0 ? [] : lines.slice(-count);
  }

  #push(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
  }

  #trim(): void {
    let dropped = 0;
    const { logLines, logCharacters } = this.#limits;
    while (this.#lines.length - dropped > logLines || this.#characters > logCharacters) {
      this.#characters -= this.#lines[dropped++]!.length;
    }
    if (dropped > 0) this.#lines = this.#lines.slice(dropped);
  }
}

function shortened(line: string): string {
  return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 1)}…`;
}
