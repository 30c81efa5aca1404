/**
 * Answers of an API, as results of a tool.
 *
 * @module
 */
import { type Content, type JsonObject, messageOf, toBase64, ToolError } from "../../../kernel/mod.ts";
import { isJsonType, isTextType } from "./media_types.ts";

/** Key in the `_meta` of a result: status and headers of the answer that matter to a program. */
const HTTP_META = "collet/http";

/** Most characters of the body of an answer that tells of a failure. */
const LONGEST_FAILURE = 65_536;
const KEPT_HEADERS = ["content-type", "etag", "last-modified", "link", "location", "retry-after", "x-total-count"];

/** What is known of the call that an answer belongs to. */
export interface AnswerOptions {
  /** Of the tool. */
  readonly name: string;
  readonly namespace: string;
}

/**
 * Makes a result out of an answer: JSON as structured content, text, images and sound as such, anything else as a
 * resource. An answer that tells of a failure is a failed result with its status and body.
 *
 * @throws {ToolError} when the body is too large, or does not come to its end.
 */
export async function resultOf(response: Response, options: AnswerOptions): Promise<JsonObject> {
  const bytes = await readBody(response, options);
  const mediaType = response.headers.get("content-type") ?? "";
  const _meta = { [HTTP_META]: { status: response.status, headers: keptHeaders(response.headers) } };
  // what stands for itself is shown as it is; a redirect that leads nowhere is no success
  if (response.status >= 300) return { ...failureOf(response, { bytes, mediaType }), _meta };
  if (bytes.length === 0) {
    const text = `HTTP ${response.status} ${response.statusText}`.trimEnd();
    return { content: [{ type: "text", text }], _meta };
  }
  return { ...successOf(bytes, { mediaType, response, options }), _meta };
}

async function readBody(response: Response, { name }: AnswerOptions): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    const why = messageOf(thrown).replace(/^Cannot fetch "[^"]*": /, "");
    throw new ToolError(`The answer to "${name}" (HTTP ${response.status}) cannot be read: ${why}`, { cause: thrown });
  }
}

interface SuccessOptions {
  readonly mediaType: string;
  readonly response: Response;
  readonly options: AnswerOptions;
}

function successOf(bytes: Uint8Array, { mediaType, response, options }: SuccessOptions): JsonObject {
  const [type = ""] = mediaType.toLowerCase().split(";");
  if (isJsonType(mediaType)) {
    const value = parsed(decoded(bytes, mediaType));
    if (value !== undefined) return { content: [textBlock(JSON.stringify(value))], structuredContent: value };
  }
  if (isJsonType(mediaType) || isTextType(mediaType)) return { content: [textBlock(decoded(bytes, mediaType))] };
  const kind = /^(image|audio)\//.exec(type)?.[1] as "image" | "audio" | undefined;
  if (kind !== undefined) return { content: [{ type: kind, data: toBase64(bytes), mimeType: type.trim() }] };
  const text = mediaType === "" ? plainText(bytes) : undefined;
  if (text !== undefined) return { content: [textBlock(text)] };
  const file = encodeURIComponent(filenameOf(response.headers) ?? "answer");
  const uri = `openapi://${encodeURIComponent(options.namespace)}/${encodeURIComponent(options.name)}/${file}`;
  const mimeType = type.trim() || "application/octet-stream";
  return { content: [{ type: "resource", resource: { uri, mimeType, blob: toBase64(bytes) } }] };
}

interface FailureOptions {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

function failureOf({ status, statusText, headers }: Response, { bytes, mediaType }: FailureOptions): JsonObject {
  const retry = headers.get("retry-after");
  const head = `HTTP ${status} ${statusText}`.trimEnd() + (retry === null ? "" : ` (Retry-After: ${retry})`);
  const isText = isJsonType(mediaType) || isTextType(mediaType);
  const text = isText ? decoded(bytes, mediaType) : plainText(bytes);
  const value = isJsonType(mediaType) ? parsed(text ?? "") : undefined;
  const shown = text ?? `${bytes.length} bytes of ${mediaType || "no known type"}`;
  const cut = shown.length > LONGEST_FAILURE ? `${shown.slice(0, LONGEST_FAILURE)}…` : shown;
  return {
    content: [textBlock(cut === "" ? head : `${head}\n${cut}`)],
    structuredContent: { status, body: value ?? cut },
    isError: true,
  };
}

function keptHeaders(headers: Headers): JsonObject {
  return Object.fromEntries(
    KEPT_HEADERS.map((name) => [name, headers.get(name)]).filter(([, value]) => value !== null),
  );
}

function textBlock(text: string): Content {
  return { type: "text", text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

function decoded(bytes: Uint8Array, mediaType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(mediaType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // a charset that nobody knows
    return new TextDecoder().decode(bytes);
  }
}

/** Reads what may be text; `undefined` when it is none. */
function plainText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function filenameOf(headers: Headers): string | undefined {
  const disposition = headers.get("content-disposition") ?? "";
  const name = /filename\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(disposition);
  return (name?.[1] ?? name?.[2])?.split(/[/\\]/).at(-1)?.slice(0, 200) || undefined;
}
