/**
 * What a failure looks like to the operator.
 *
 * @module
 */
import { isKernelError, isProtocolError, isToolError, messageOf } from "../errors.ts";

/** Says what went wrong, as the operator reads it. */
export function formatFailure(thrown: unknown): string {
  if (isKernelError(thrown)) return thrown.format();
  if (isProtocolError(thrown) || isToolError(thrown)) return `error: ${thrown.message}`;
  const stack = thrown instanceof Error ? thrown.stack?.split("\n").slice(1).join("\n") : undefined;
  return `error: ${messageOf(thrown)}${stack ? `\n${stack}` : ""}`;
}
