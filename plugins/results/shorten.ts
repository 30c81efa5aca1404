/**
 * The short form of a large result: a head of its text and a link to the whole.
 *
 * @module
 */
import { type Content, type ResourceLink, textOf, type ToolResult, toolResult } from "../../kernel/mod.ts";

/** Counts the characters that a result takes on the wire, near enough. */
export function sizeOf({ content, structuredContent }: ToolResult): number {
  const structured = structuredContent === undefined ? 0 : JSON.stringify(structuredContent).length;
  return content.reduce((sum, block) => sum + sizeOfBlock(block), structured);
}

function sizeOfBlock(block: Content): number {
  if (block.type === "text") return block.text.length;
  if (block.type === "image" || block.type === "audio") return block.data.length;
  return JSON.stringify(block).length;
}

/** Gives the whole of a result as text: the JSON of a value, the text of text, the JSON of anything else. */
export function wholeOf(result: ToolResult): { readonly text: string; readonly mimeType: string } {
  if (result.structuredContent !== undefined) {
    return { text: JSON.stringify(result.structuredContent), mimeType: "application/json" };
  }
  if (result.content.every((block) => block.type === "text")) return { text: textOf(result), mimeType: "text/plain" };
  return { text: JSON.stringify(result.content), mimeType: "application/json" };
}

export interface Shortening {
  readonly tool: string;
  readonly uri: string;
  readonly whole: { readonly text: string; readonly mimeType: string };
  /** Characters of the text that are sent all the same. */
  readonly head: number;
  /** Whether the tool promises structured content, which cannot be cut. */
  readonly hasOutputSchema: boolean;
}

/** Makes the answer that takes the place of a large one. */
export function shorten(result: ToolResult, { tool, uri, whole, head, hasOutputSchema }: Shortening): ToolResult {
  const { length } = whole.text;
  const link: ResourceLink = {
    type: "resource_link",
    uri,
    name: "result",
    title: `Whole result of ${tool}`,
    description: "Read it in pieces with ?offset=…&length=… (characters)",
    mimeType: whole.mimeType,
    size: length,
  };
  if (hasOutputSchema && !result.isError) {
    const text = `The result of "${tool}" has ${length} characters, more than one answer takes: read it at ${uri}`;
    return toolResult({ content: [{ type: "text", text }, link], isError: true });
  }
  const rest = `\n\n[${length - head} of ${length} characters left out: read the whole at ${uri}]`;
  return toolResult({
    content: [{ type: "text", text: whole.text.slice(0, head) + rest }, link],
    ...(result.isError && { isError: true }),
    ...(result._meta && { _meta: result._meta }),
  });
}
