/**
 * The output of the program: stdout for what was asked for, stderr for everything else.
 *
 * @module
 */
import process from "node:process";
import { reserveStdout, type Stdout } from "./stdout.ts";

/** Where the program writes. */
export interface ProgramIo {
  /** The one way to stdout. */
  readonly stdout: Stdout;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr. */
  warn(line: string): void;
  /** Resolves when all that was printed has left. */
  flush(): Promise<void>;
}

/** Opens the output of the program; from now on nothing else reaches stdout. */
export function openIo(): ProgramIo {
  const stdout = reserveStdout();
  return {
    stdout,
    print: (line) => void stdout.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    flush: () => new Promise((resolve) => stdout.write("", () => resolve())),
  };
}
