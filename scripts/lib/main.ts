/**
 * The start of a script.
 *
 * @module
 */
import process from "node:process";
import { print } from "./repository.ts";

/** Runs a script's main function; a failure is one message and exit code 1. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
