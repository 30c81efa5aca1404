/**
 * The short form of a large result: a head of its text, and links to what is left out.
 *
 * @module
 */
import {
  type Content,
  type JsonObject,
  pieceOf,
  type ResourceLink,
  textOf,
  type ToolResult,
  toolResult,
} from "../../kernel/mod.ts";
import { type ResultPart, sizeOfPart } from "./kept_results.ts";

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

/** How a result is shortened. */
export interface Shortening {
  /** The tool that gave it. */
  readonly tool: string;
  /** Most characters of the answer, without links. */
  readonly limit: number;
  /** Characters of the text that are sent. */
  readonly head: number;
  /** Whether the tool promises structured content. */
  readonly hasOutputSchema: boolean;
  /** A tool that reads resources, where there is one. */
  readonly reader: string | undefined;
  /**
   * Keeps what is left out; gives the URI of each part.
   *
   * @throws {ToolError} when it is too much.
   */
  keep(parts: readonly ResultPart[]): readonly string[];
}

/** What a result consists of. */
interface Whole {
  readonly text: string;
  readonly mimeType: string;
  /** The JSON of its structured content. */
  readonly json: string | undefined;
  /** All but texts. */
  readonly others: readonly Content[];
}

const JSON_TYPE = "application/json";
// of more blocks each link would be a part of a long answer again
const MAX_BLOCKS = 32;

function wholeOf(result: ToolResult): Whole {
  const { content, structuredContent } = result;
  const json = structuredContent === undefined ? undefined : JSON.stringify(structuredContent);
  const others = content.filter(({ type }) => type !== "text");
  if (others.length > MAX_BLOCKS) {
    return { text: JSON.stringify(content), mimeType: JSON_TYPE, json, others: [] };
  }
  const text = textOf(result) || json || "";
  return { text, mimeType: text === json ? JSON_TYPE : "text/plain", json, others };
}

/** Tells of a part that is left out, in words and as a link. */
interface LeftOut {
  readonly part: ResultPart;
  readonly title: string;
  note(uri: string): string;
}

/** Makes the answer that takes the place of a large one. Structured content is sent whole or not at all. */
export function shorten(result: ToolResult, options: Shortening): ToolResult {
  const { limit, head, hasOutputSchema } = options;
  const { text, mimeType, json, others } = wholeOf(result);
  const shown = pieceOf(text, { length: Math.min(head, limit) });
  let room = limit - shown.text.length;
  const takesRoom = (size: number): boolean => {
    if (size > room) return false;
    room -= size;
    return true;
  };
  const hasValue = json !== undefined && takesRoom(json.length);
  const leftOut: LeftOut[] = [];
  if (shown.end < text.length) leftOut.push(restOfText(text, { from: shown.end, mimeType, ...options }));
  if (json !== undefined && !hasValue && (text !== json || leftOut.length === 0)) leftOut.push(valueOut(json, options));
  const kept = others.filter((block) => {
    if (takesRoom(sizeOfBlock(block))) return true;
    leftOut.push(blockOut(block, options));
    return false;
  });

  const uris = options.keep(leftOut.map(({ part }) => part));
  const isBroken = hasOutputSchema && json !== undefined && !hasValue && !result.isError;
  const notes = leftOut.map(({ note }, i) => note(uris[i]!));
  if (isBroken) notes.push(`The call counts as failed: ${options.tool} promises structured content, which is not cut`);
  const words = [shown.text, ...notes.map((note) => `[${note}]`)].filter((it) => it !== "").join("\n\n");
  return toolResult({
    content: [
      { type: "text", text: words },
      ...kept,
      ...leftOut.map(({ part, title }, i) => linkTo(uris[i]!, { part, title })),
    ],
    ...(hasValue && { structuredContent: result.structuredContent }),
    ...((isBroken || result.isError) && { isError: true }),
    ...(result._meta && { _meta: result._meta }),
  });
}

type Words = Pick<Shortening, "tool" | "reader">;

function restOfText(
  text: string,
  { from, mimeType, tool, reader }: Words & { readonly from: number; readonly mimeType: string },
): LeftOut {
  const how = reader === undefined ? "?offset=…&length=…" : `?offset=…&length=…, or with ${reader} from offset ${from}`;
  return {
    part: { mimeType, text },
    title: `Whole result of ${tool}`,
    note: (uri) =>
      `${text.length - from} of ${text.length} characters left out: read the whole at ${uri}, a piece by ${how}`,
  };
}

function valueOut(json: string, { tool, reader }: Words): LeftOut {
  return {
    part: { mimeType: JSON_TYPE, text: json },
    title: `Structured content of ${tool}`,
    note: (uri) => `Structured content of ${json.length} characters left out: read it at ${uri}${readBy(reader)}`,
  };
}

function blockOut(block: Content, { tool, reader }: Words): LeftOut {
  const part = partOf(block);
  return {
    part,
    title: `${part.mimeType} of ${tool}`,
    note: (uri) => `${part.mimeType} of ${bytesOf(part)} bytes left out: read it at ${uri}${readBy(reader)}`,
  };
}

function readBy(reader: string | undefined): string {
  return reader === undefined ? "" : `, or with ${reader}`;
}

function partOf(block: Content): ResultPart {
  if (block.type === "image" || block.type === "audio") return { mimeType: block.mimeType, blob: block.data };
  if (block.type !== "resource") return { mimeType: JSON_TYPE, text: JSON.stringify(block) };
  const { resource } = block;
  return "text" in resource
    ? { mimeType: resource.mimeType ?? "text/plain", text: resource.text }
    : { mimeType: resource.mimeType ?? "application/octet-stream", blob: resource.blob };
}

function bytesOf(part: ResultPart): number {
  if ("text" in part) return new TextEncoder().encode(part.text).length;
  return Math.floor(sizeOfPart(part) * 3 / 4) - (/=*$/.exec(part.blob.slice(-2))?.[0].length ?? 0);
}

function linkTo(uri: string, { part, title }: { readonly part: ResultPart; readonly title: string }): ResourceLink {
  const description: JsonObject = "text" in part
    ? { description: `${part.text.length} characters; ?offset=…&length=… reads a piece` }
    : {};
  return {
    type: "resource_link",
    uri,
    name: "result",
    title,
    ...description,
    mimeType: part.mimeType,
    size: bytesOf(part),
  };
}
