/**
 * What code writes to the console: kept for its result, and logged, both within bounds.
 *
 * @module
 */
import type { CodeHost } from "../hosts.ts";

/** Most messages that a run logs, and most characters of them. */
const MOST_LOGGED = 1_000;
const MOST_LOGGED_CHARACTERS = 256 * 1024;
/** Most characters of one message. */
const LONGEST_LOGGED = 16 * 1024;

/** Takes what one run writes to the console. */
export class Printed {
  readonly #host: Pick<CodeHost, "notify">;
  readonly #most: number;
  #text = "";
  #bytes = 0;
  #isCut = false;
  #messages = 0;
  #characters = 0;

  /** @param most Most bytes that are kept. */
  constructor(host: Pick<CodeHost, "notify">, most: number) {
    this.#host = host;
    this.#most = most;
  }

  /** What was written, a line each. */
  get text(): string {
    return this.#isCut ? `${this.#text}\n… what was printed after this is left out` : this.#text;
  }

  /** Takes a line, or some. */
  write(level: string, line: string): void {
    this.#keep(line);
    this.#log(level, line);
  }

  #keep(line: string): void {
    if (this.#isCut) return;
    const size = new TextEncoder().encode(line).length + 1;
    this.#isCut = this.#bytes + size > this.#most;
    // a character takes three bytes at most
    const shown = this.#isCut ? line.slice(0, Math.max(Math.floor((this.#most - this.#bytes) / 3), 0)) : line;
    this.#bytes += size;
    this.#text = this.#text === "" ? shown : `${this.#text}\n${shown}`;
  }

  #log(level: string, line: string): void {
    if (this.#messages > MOST_LOGGED || this.#characters > MOST_LOGGED_CHARACTERS) return;
    this.#messages++;
    const message = line.length > LONGEST_LOGGED ? `${line.slice(0, LONGEST_LOGGED)}…` : line;
    this.#characters += message.length;
    this.#host.notify("log", { level, message });
    if (this.#messages <= MOST_LOGGED && this.#characters <= MOST_LOGGED_CHARACTERS) return;
    this.#host.notify("log", { level: "warning", message: "What follows is not logged: it is too much" });
  }
}
