/**
 * Failures, in the words of the tool that failed.
 *
 * @module
 */
import { isKernelError, isToolError, ToolError } from "../../kernel/mod.ts";

/**
 * Says of a failure what could not be done, unless it says so itself. What is no failure that was to be expected stays
 * as it is.
 *
 * @param what Such as `Cannot import from x`.
 */
export function explain(thrown: unknown, what: string): unknown {
  const isWhole = thrown instanceof Error && thrown.message.startsWith("Cannot ");
  if (isToolError(thrown)) return isWhole ? thrown : new ToolError(`${what}: ${thrown.message}`, { cause: thrown });
  // the disk refuses in words of its own
  if (isKernelError(thrown) || isWhole) return new ToolError(`${what}: ${thrown.message}`, { cause: thrown });
  return thrown;
}
