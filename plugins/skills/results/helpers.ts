/**
 * Helpers for the scripts of skills: each gives a result as a plain object with all five members. What the options hold
 * beside those that are described becomes the context of the result.
 *
 * @module
 */
import { describeThrown } from "./failure.ts";
import type { ResultDict } from "./tool_result.ts";

/** What a failure tells the model when the script has nothing better. */
export const RECOVERY_HINT = "Read the error, mend what it names and call the tool again";

/** What a result carries: a prompt, and data under any other name. */
export interface ResultOptions {
  /** A hint for the model's next step. */
  readonly prompt?: string | null | undefined;
  readonly [name: string]: unknown;
}

/** What a warning carries. */
export interface WarningOptions extends ResultOptions {
  /** Says what was not as asked; empty by default. It is always in the context. */
  readonly warning?: string | undefined;
}

/** What a failure carries. */
export interface FailureOptions extends ResultOptions {
  /** Becomes `possible_solutions` of the context, when there are any and the context has none. */
  readonly possibleSolutions?: readonly string[] | null | undefined;
}

/** What a failure carries that was thrown. */
export interface ExceptionOptions extends FailureOptions {
  /** Says for people what failed; `Error: ` and the error's message by default. */
  readonly message?: string | null | undefined;
  /** Adds `traceback` to the context; `true` by default. */
  readonly includeTraceback?: boolean | undefined;
}

/**
 * Tells of a success.
 *
 * @param message Says for people what was done.
 * @param options A prompt, and the context.
 *
 * @example
 * ```ts
 * import { skillSuccess } from "collet/skills";
 *
 * const { context } = skillSuccess("Timeline set", { prompt: "Look at the slider", start_frame: 1 });
 * if (context["start_frame"] !== 1) throw new Error("unexpected");
 * ```
 */
export function skillSuccess(message: string, { prompt, ...context }: ResultOptions = {}): ResultDict {
  return { success: true, message, prompt: prompt ?? null, error: null, context };
}

/**
 * Tells of a failure.
 *
 * @param message Says for people what went wrong.
 * @param error The technical side: an error's name and text, or a code.
 * @param options A prompt, by default a general one, what may solve it, and the context.
 */
export function skillError(message: string, error: string, options: FailureOptions = {}): ResultDict {
  const { prompt, possibleSolutions, ...context } = options;
  return {
    success: false,
    message,
    prompt: prompt || RECOVERY_HINT,
    error,
    context: withSolutions(context, possibleSolutions),
  };
}

/**
 * Tells of a success that is not quite what was asked.
 *
 * @param message Says for people what was done.
 * @param options The warning, a prompt, and the context.
 */
export function skillWarning(message: string, { warning = "", ...options }: WarningOptions = {}): ResultDict {
  return skillSuccess(message, { ...options, warning });
}

/**
 * Tells of something thrown; its class is `error_type` of the context.
 *
 * @param thrown An error, or any other value.
 * @param options A message and a prompt, by default general ones, what may solve it, and the context.
 */
export function skillException(thrown: unknown, options: ExceptionOptions = {}): ResultDict {
  const { message, prompt, includeTraceback = true, possibleSolutions, ...context } = options;
  const failure = describeThrown(thrown);
  return skillError(message ?? `Error: ${failure.message || failure.type}`, failure.text, {
    ...context,
    prompt,
    possibleSolutions,
    error_type: failure.type,
    ...(includeTraceback && { traceback: failure.stack ?? failure.text }),
  });
}

/** Adds what may solve a failure to a context that does not say so itself. */
export function withSolutions(
  context: Readonly<Record<string, unknown>>,
  solutions: readonly string[] | null | undefined,
): Record<string, unknown> {
  const isAdded = solutions && solutions.length > 0 && !("possible_solutions" in context);
  return isAdded ? { ...context, possible_solutions: [...solutions] } : { ...context };
}
