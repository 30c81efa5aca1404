/**
 * Makes a result of whatever a tool answered.
 *
 * @module
 */
import { isPlainObject, textOf } from "./plain.ts";
import { ToolResult, type ToolResultFields } from "./tool_result.ts";

/**
 * Makes a result of a value. An object is read as a result: members other than `success`, `message`, `prompt`, `error`
 * and `context` go to its context, in place of those of the same name there. Any other value is a success, with the
 * value as text in `context.value`.
 *
 * @param value What was answered.
 * @returns the value itself when it is a {@linkcode ToolResult}.
 * @throws {TypeError} when a member of an object has the wrong type.
 */
export function validateActionResult(value: unknown): ToolResult {
  if (value instanceof ToolResult) return value;
  if (!isPlainObject(value)) return new ToolResult({ message: "The tool answered", context: { value: textOf(value) } });
  const { success, message, prompt, error, context, ...others } = value as Record<string, unknown> & ToolResultFields;
  return new ToolResult({ success, message, prompt, error, context }).withContext(others);
}
