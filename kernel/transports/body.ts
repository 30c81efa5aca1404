/**
 * Request bodies, read within a limit, and the JSON-RPC errors that HTTP answers with.
 *
 * @module
 */

import type { HttpRequest } from "../http_answer.ts";
import { parseJson } from "./messages.ts";

/** Largest message by default: 16 MiB. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;

/** A JSON body, or the response that says why there is none. */
export type JsonBody = { readonly ok: true; readonly value: unknown } | {
  readonly ok: false;
  readonly response: Response;
};

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Reads a JSON body of at most `limit` bytes. */
export async function readJsonBody(request: HttpRequest, limit: number): Promise<JsonBody> {
  const { headers } = request;
  const type = headers.get("content-type");
  if (type !== "application/json" && type?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    return refuse(415, -32000, `Unsupported Media Type: expected application/json, found ${type ?? "none"}`);
  }
  const length = headers.get("content-length");
  if (Number(length ?? 0) > limit) return tooLarge(limit);
  let bytes: Uint8Array | ArrayBuffer | undefined;
  try {
    // a body whose length is known is read whole, which is much faster
    bytes = length === null ? await readBytes(request, limit) : await request.arrayBuffer();
  } catch {
    return refuse(400, -32700, "Parse error: the body could not be read");
  }
  if (bytes === undefined || bytes.byteLength > limit) return tooLarge(limit);
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch {
    return refuse(400, -32700, "Parse error: the body is not UTF-8");
  }
  const parsed = parseJson(text, "body");
  return parsed.ok ? parsed : refuse(400, parsed.error.code, parsed.error.message);
}

// `undefined` when there are more
async function readBytes(request: HttpRequest, limit: number): Promise<Uint8Array | undefined> {
  // copied at once: a chunk of one byte may hold a buffer of many
  let whole = new Uint8Array(0);
  let size = 0;
  for (const reader = request.body?.getReader(); reader !== undefined;) {
    const { done, value } = await reader.read();
    if (done) break;
    const end = size + value.byteLength;
    if (end > limit) {
      await reader.cancel().catch(() => {});
      return undefined;
    }
    if (end > whole.byteLength) whole = extend(whole.subarray(0, size), Math.max(end, whole.byteLength * 2));
    whole.set(value, size);
    size = end;
  }
  return whole.subarray(0, size);
}

function extend(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const extended = new Uint8Array(size);
  extended.set(bytes);
  return extended;
}

function tooLarge(limit: number): JsonBody {
  return refuse(413, -32000, `Content Too Large: a message has at most ${limit} bytes`);
}

function refuse(status: number, code: number, message: string): JsonBody {
  return { ok: false, response: errorResponse({ status, code, message }) };
}

/** What an error response says. */
export interface ErrorResponse {
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  /** Id of the request, when it could be read. */
  readonly id?: unknown;
  readonly data?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with a JSON-RPC error. */
export function errorResponse({ status, code, message, id, data, headers }: ErrorResponse): Response {
  const hasId = typeof id === "string" || typeof id === "number";
  return Response.json(
    { jsonrpc: "2.0", ...(hasId && { id }), error: { code, message, ...(data !== undefined && { data }) } },
    { status, headers: { ...headers } },
  );
}
