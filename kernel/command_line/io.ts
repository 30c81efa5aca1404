/**
 * The output of the program: stdout for what was asked for, stderr for everything else.
 *
 * @module
 */
import process from "node:process";
import type { Writable } from "node:stream";
import { reserveStdout } from "../transports/stdio.ts";

/** Where the program writes. */
export interface ProgramIo {
  /** The one way to stdout. */
  readonly stdout: Pick<Writable, "write" | "once" | "off">;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr. */
  warn(line: string): void;
  /** Resolves when all that was printed has left. */
  flush(): Promise<void>;
}

/** Takes stdout, so that what plugins and libraries print goes to stderr. */
export function openIo(): ProgramIo {
  // a reader that has gone must not end the program: it has things to put in order first
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const stdout = reserveStdout();
  return {
    stdout,
    print: (line) => void stdout.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    flush: () => new Promise((resolve) => stdout.write("", () => resolve())),
  };
}
