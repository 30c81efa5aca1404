/**
 * What fails in a folder of a worker: errors with the codes of POSIX and the paths of the worker, never those of the
 * machine.
 *
 * @module
 */
import { constants } from "node:os";
import { codeOf } from "./real_path.ts";
import { checkEnd } from "./worker_end.ts";

/** Says what the codes mean. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EBADF: "it is closed, or not open for this",
  EBUSY: "it is in use",
  EEXIST: "it is there already",
  EFBIG: "the file would be too large",
  EINVAL: "it cannot be done to this",
  EISDIR: "it is a folder",
  ELOOP: "there are too many symbolic links, or one at the end",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it is not there",
  ENOSPC: "the disk is full",
  ENOTDIR: "it, or what leads to it, is no folder",
  ENOTEMPTY: "the folder is not empty",
  ENOTSUP: "this system cannot do it",
  EPERM: "it leads out of the folder, or is not allowed here",
  EROFS: "the folder was opened for reading only",
  EXDEV: "it is on another disk",
};
const OS_ERROR_REGEXP = /\(os error (\d+)\)/;

/** A failure with a code of POSIX. */
export class FileFailure extends Error {
  override readonly name = "FileFailure";
  readonly code: string;

  constructor(code: string, what: string, cause?: unknown) {
    super(`Cannot ${what}: ${REASONS[code] ?? code}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/**
 * Runs what calls the system, unless the worker was ended.
 *
 * @param what Says in an error what was done to which path.
 * @throws {FileFailure} whatever fails.
 * @throws {Error} named `WorkerEnded` when the worker was terminated.
 */
export function attempt<T>(what: string, run: () => T): T {
  checkEnd();
  try {
    return run();
  } catch (error) {
    if (error instanceof FileFailure) throw error;
    throw new FileFailure(posixCodeOf(error), what, error);
  }
}

/** Gives the code of what the system said, `EIO` when it said none. */
export function posixCodeOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && code in constants.errno) return code;
  // Deno leaves some codes out
  const number = Number(OS_ERROR_REGEXP.exec(String(error))?.[1]);
  return Object.entries(constants.errno).find(([, it]) => it === number)?.[0] ?? "EIO";
}
