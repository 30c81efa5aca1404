/**
 * Makes results in the class {@linkcode ToolResult}, for those who embed the catalog.
 *
 * @module
 */
import {
  type ExceptionOptions,
  type FailureOptions,
  RECOVERY_HINT,
  type ResultOptions,
  skillException,
  withSolutions,
} from "./helpers.ts";
import { ToolResult } from "./tool_result.ts";

/**
 * Makes the result of a success.
 *
 * @param message Says for people what was done.
 * @param options A prompt, and the context.
 */
export function successResult(message: string, { prompt, ...context }: ResultOptions = {}): ToolResult {
  return new ToolResult({ message, prompt, context });
}

/**
 * Makes the result of a failure.
 *
 * @param message Says for people what went wrong.
 * @param error The technical side.
 * @param options A prompt, what may solve it, and the context.
 */
export function errorResult(message: string, error: string, options: FailureOptions = {}): ToolResult {
  const { prompt, possibleSolutions, ...context } = options;
  return new ToolResult({ success: false, message, prompt, error, context: withSolutions(context, possibleSolutions) });
}

/**
 * Makes the result of a failure, of what was thrown or of its text alone, such as `ValueError: bad frame`: what stands
 * before the first colon of a text is `error_type` of the context, `Exception` where there is none.
 *
 * @param error The text, or what was thrown.
 * @param options A message and a prompt, by default general ones, what may solve it, and the context.
 */
export function fromException(error: unknown, options: ExceptionOptions = {}): ToolResult {
  if (typeof error !== "string") return new ToolResult(skillException(error, options));
  const { message, prompt, includeTraceback = true, possibleSolutions, ...context } = options;
  const colon = error.indexOf(":");
  return errorResult(message ?? `Error: ${error}`, error, {
    ...context,
    prompt: prompt || RECOVERY_HINT,
    possibleSolutions,
    error_type: colon > 0 ? error.slice(0, colon).trim() : "Exception",
    ...(includeTraceback && { traceback: error }),
  });
}
