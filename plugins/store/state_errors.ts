/**
 * Says to the operator what an engine's refusal means for the state.
 *
 * @module
 */
import { KernelError, messageOf, sqlFault } from "../../kernel/mod.ts";

/**
 * Turns what a database threw into the error to report. What is no fault of the file or its surroundings is given as
 * it is.
 *
 * @returns `STATE_UNREADABLE` for a damaged file; `HOME_UNUSABLE` for a folder or disk that does not serve.
 */
export function explainFault(error: unknown, path: string): unknown {
  const fault = sqlFault(error);
  if (fault === undefined || fault === "other") return error;
  const unusable = (problem: string, fix: string) =>
    new KernelError("HOME_UNUSABLE", `Cannot use the state "${path}": ${problem}`, { cause: error, fix });
  switch (fault) {
    case "corrupt":
      return new KernelError("STATE_UNREADABLE", `Cannot read the state "${path}": ${messageOf(error)}`, {
        cause: error,
        fix: 'Put a backup in its place with "collet restore FILE", or begin anew: move it out of the folder, with ' +
          "the files beside it whose names begin with its own",
      });
    case "busy":
      return unusable("another process keeps it locked", "End the process that holds it, or try again later");
    case "full":
      return unusable("the disk is full", "Make room on the disk, or set COLLET_HOME to a folder on another one");
    default:
      return unusable(
        messageOf(error),
        "Make the folder and its files writable for this user, or set COLLET_HOME to a folder that is",
      );
  }
}
