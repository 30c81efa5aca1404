/**
 * Tool arguments mirrored in HTTP headers (`x-mcp-header`, revision 2026-07-28): the header must say what the body says.
 *
 * @module
 */
import { fromBase64, isObject, type JsonObject } from "../content.ts";
import type { HeadersView } from "../http_answer.ts";

const ENCODED_REGEXP = /^=\?base64\?(.*)\?=$/;
const BASE64_REGEXP = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL_REGEXP = /^-?\d+(\.\d+)?$/;

/** Compares the `Mcp-Param-*` headers of a call with its arguments; says what disagrees, if anything does. */
export function findHeaderMismatch(schema: JsonObject, args: unknown, headers: HeadersView): string | undefined {
  if (!isObject(args) || !isObject(schema["properties"])) return undefined;
  for (const [name, property] of Object.entries(schema["properties"])) {
    if (!isObject(property)) continue;
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    const mismatch = findMismatch(property, value, headers) ?? findHeaderMismatch(property, value, headers);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

function findMismatch(property: JsonObject, value: unknown, headers: HeadersView): string | undefined {
  const name = property["x-mcp-header"];
  if (typeof name !== "string" || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return undefined;
  // absent values have no header; others than scalars are refused by the schema
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const header = `Mcp-Param-${name}`;
  const received = headers.get(header);
  if (received === null) return `the ${header} header is missing`;
  const decoded = decodeHeader(received);
  if (decoded === undefined) return `the ${header} header is not valid Base64`;
  const isEqual = typeof value === "number" && DECIMAL_REGEXP.test(decoded)
    ? Number(decoded) === value
    : decoded === String(value);
  return isEqual ? undefined : `the ${header} header says "${decoded}" and the body says "${value}"`;
}

/** Decodes a header value, which may be `=?base64?…?=`; `undefined` when that is malformed. */
export function decodeHeader(value: string): string | undefined {
  const encoded = ENCODED_REGEXP.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!BASE64_REGEXP.test(encoded)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(encoded));
  } catch {
    return undefined;
  }
}
