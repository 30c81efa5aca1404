/**
 * What tools, resources and prompts answer with: the content types of the protocol (revisions 2024-11-05 to
 * 2026-07-28), and {@linkcode toolResult} for those who need the whole result in hand.
 *
 * @module
 */

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A JSON object of any shape, as interfaces without an index signature satisfy it too. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A picture that a client may show for an item. */
export interface Icon {
  readonly src: string;
  readonly mimeType?: string;
  /** Has the form `48x48`, or `any` for scalable formats. */
  readonly sizes?: readonly string[];
  readonly theme?: "light" | "dark";
}

/** Hints on content: for whom, how important (0 to 1), and when it last changed (ISO 8601). */
export interface Annotations {
  readonly audience?: readonly ("user" | "assistant")[];
  readonly priority?: number;
  readonly lastModified?: string;
}

/** Hints on a tool; a client may show them, and must not trust them. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

interface ContentBase {
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
}

/** A piece of text. */
export interface TextContent extends ContentBase {
  readonly type: "text";
  readonly text: string;
}

/** An image or a sound; `data` is base64. */
export interface MediaContent extends ContentBase {
  readonly type: "image" | "audio";
  readonly data: string;
  readonly mimeType: string;
}

/** A resource within a result. */
export interface EmbeddedResource extends ContentBase {
  readonly type: "resource";
  readonly resource: ResourceContents;
}

/** A pointer to a resource that the client may read. */
export interface ResourceLink extends ContentBase {
  readonly type: "resource_link";
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly size?: number;
  readonly icons?: readonly Icon[];
}

/** One block of a result or message. */
export type Content = TextContent | MediaContent | EmbeddedResource | ResourceLink;

/** One piece of a read resource: `text`, or `blob` in base64. */
export type ResourceContents = {
  readonly uri: string;
  readonly mimeType?: string;
  readonly _meta?: JsonObject;
} & ({ readonly text: string } | { readonly blob: string });

/** What a resource reads as, as it crosses the wire. */
export interface ResourceResult {
  readonly contents: readonly ResourceContents[];
  readonly _meta?: JsonObject;
}

/** One message of a prompt. */
export interface PromptMessage {
  readonly role: "user" | "assistant";
  readonly content: Content;
}

/** What a prompt renders to. */
export interface PromptResult {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
  readonly _meta?: JsonObject;
}

const WHOLE_RESULT = Symbol.for("collet.tool-result");
const MARK: PropertyDescriptor = Object.freeze({ value: true });

/** The whole result of a tool call, as it crosses the wire. */
export interface ToolResult {
  readonly content: readonly Content[];
  /** Any JSON; clients before 2026-07-28 receive it only when it is an object. */
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/**
 * Marks a whole {@linkcode ToolResult}, so that a tool can return it as it stands.
 *
 * @example Fail with content of your own
 * ```ts
 * import { toolResult } from "collet";
 *
 * const result = toolResult({ content: [{ type: "text", text: "no such row" }], isError: true });
 * if (result.isError !== true) throw new Error("unexpected");
 * ```
 */
export function toolResult(result: ToolResult): ToolResult {
  const whole = { ...result };
  Object.defineProperty(whole, WHOLE_RESULT, MARK);
  return whole;
}

/** Tells whether a value was marked by {@linkcode toolResult}, of any copy of the kernel. */
export function isWholeResult(value: unknown): value is ToolResult {
  return isObject(value) && (value as { [WHOLE_RESULT]?: true })[WHOLE_RESULT] === true;
}

/** Makes the failed result that a model reads. */
export function failedResult(message: string, data?: JsonObject): ToolResult {
  const result: ToolResult = { content: [{ type: "text", text: message }], isError: true };
  return toolResult(data === undefined ? result : { ...result, structuredContent: data });
}

/** Turns what a tool returned into the whole result of the call, so that a tool which called it can return it in turn. */
export function toToolResult(value: unknown, hasOutputSchema: boolean): ToolResult {
  if (isWholeResult(value)) return value;
  if (!hasOutputSchema) {
    if (value === undefined || value === null) return toolResult({ content: [] });
    if (typeof value === "string") return toolResult({ content: [{ type: "text", text: value }] });
    if (Array.isArray(value) && value.every(isContent)) return toolResult({ content: value });
  }
  return toolResult({ content: [{ type: "text", text: JSON.stringify(value) ?? "" }], structuredContent: value });
}

/**
 * Gives the value that a result stands for, to a program: `structuredContent`; else a single text block, parsed when
 * it is a JSON object or array; else the text.
 */
export function valueOf(result: ToolResult): unknown {
  if (result.structuredContent !== undefined) return result.structuredContent;
  const text = textOf(result);
  if (result.content.length === 1 && /^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** Joins the text blocks of a result with line ends. */
export function textOf(result: ToolResult): string {
  return result.content.filter((block): block is TextContent => block.type === "text").map((block) => block.text)
    .join("\n");
}

/** A piece of a text, and where it stands there. */
export interface TextPiece {
  readonly text: string;
  /** Where it begins, which is one less than asked for when that is within a character. */
  readonly start: number;
  /** Where the next piece begins. */
  readonly end: number;
}

/**
 * Cuts a piece out of a text. Characters are UTF-16 code units, as those of `text.length`; one that takes two of them is
 * never divided.
 *
 * @param range Where the piece begins, 0 by default, and its length, all that follows by default.
 *
 * @example Read a text in pieces
 * ```ts
 * import { pieceOf } from "collet";
 *
 * const first = pieceOf("a😀b", { length: 2 });
 * const second = pieceOf("a😀b", { offset: first.end, length: 2 });
 * if (`${first.text},${second.text}` !== "a,😀") throw new Error("unexpected");
 * ```
 */
export function pieceOf(
  text: string,
  { offset = 0, length = text.length }: { readonly offset?: number; readonly length?: number } = {},
): TextPiece {
  const start = boundaryBefore(text, Math.min(offset, text.length));
  const end = boundaryBefore(text, Math.min(offset + length, text.length));
  // a piece as short as half a character would never come to an end
  const next = end > start || length === 0 ? end : Math.min(start + 2, text.length);
  return { text: text.slice(start, next), start, end: next };
}

function boundaryBefore(text: string, index: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(index - 1, index + 1)) ? index - 1 : index;
}

/** Encodes bytes as base64 (RFC 4648). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // in pieces: the arguments of one call are limited in number
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** Decodes base64 (RFC 4648). Throws when the text is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Tells whether a value is an object, and neither a list nor `null`. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CONTENT_TYPES = new Set(["text", "image", "audio", "resource", "resource_link"]);

function isContent(value: unknown): value is Content {
  return isObject(value) && typeof value["type"] === "string" && CONTENT_TYPES.has(value["type"]);
}
