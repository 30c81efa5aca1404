/**
 * Failures with the file that they are of.
 *
 * @module
 */
import { isKernelError, isToolError, messageOf, ToolError } from "../../../../kernel/mod.ts";
import type { FileFailure } from "./request.ts";

/** Tells of a failure of one of several files. */
export function failureOf(path: string, thrown: unknown): FileFailure {
  return { path, message: messageOf(thrown), ...(isToolError(thrown) && thrown.data) };
}

/**
 * Does something with a file.
 *
 * @throws {ToolError} naming the file in its data; what the file system says is an expected failure too.
 */
export async function inFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    // other classes of error are those of the engine: mistakes of this program
    const isExpected = isToolError(thrown) || isKernelError(thrown) || Object(thrown).constructor === Error;
    if (!isExpected) throw thrown;
    const known = isToolError(thrown) ? thrown.data : { code: "FILE_UNUSABLE" };
    throw new ToolError(messageOf(thrown), { cause: thrown, data: { path, message: messageOf(thrown), ...known } });
  }
}
