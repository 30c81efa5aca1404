/**
 * The process of a script, as `runMain` needs it: on Node, Deno and Bun.
 *
 * @module
 */
import { Console } from "node:console";
import process from "node:process";
import type { ScriptHost } from "./run_main.ts";

/** Gives the process that this runs in. */
export function scriptProcess(): ScriptHost {
  return {
    args: process.argv.slice(2),
    readInput: () => process.stdin.isTTY ? undefined : process.stdin.setEncoding("utf8"),
    divertOutput,
    writeOutput: (text) =>
      new Promise((resolve) => {
        // who reads no more has what it wants
        process.stdout.once("error", () => resolve());
        process.stdout.write(text, () => resolve());
      }),
    exit: (code) => process.exit(code),
  };
}

// the console of Deno does not write through process.stdout
function divertOutput(): () => void {
  const { console } = globalThis;
  const { write } = process.stdout;
  globalThis.console = new Console(process.stderr);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof write;
  return () => {
    globalThis.console = console;
    process.stdout.write = write;
  };
}
