/**
 * From the value that a made tool computed to the result of the call.
 *
 * @module
 */
import { type ToolResult, toolResult } from "../../kernel/mod.ts";
import type { ToolOutput } from "./contract.ts";

/** What a call answers whose tool computed nothing. */
export const NO_OUTPUT = "(no output)";

/**
 * Maps an output: a text stands alone; any other value is structured content, and one block of compact JSON as well.
 * With an output schema a text is structured content too, since it has to be checked.
 */
export function toResult(output: ToolOutput, hasOutputSchema: boolean): ToolResult {
  if ("result" in output) return toolResult(output.result);
  const { value, meta } = output;
  const isNothing = value === undefined || value === null;
  const text = isNothing ? NO_OUTPUT : typeof value === "string" ? value : JSON.stringify(value);
  const isText = isNothing || typeof value === "string";
  return toolResult({
    content: [{ type: "text", text }],
    ...((!isText || hasOutputSchema && value !== undefined) && { structuredContent: value }),
    ...(meta !== undefined && { _meta: meta }),
  });
}
