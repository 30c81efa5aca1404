/**
 * JSON-RPC 2.0 messages, as they are read and written.
 *
 * @module
 */
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode } from "../errors.ts";
import { type Encoded, EncodedParts } from "../http_answer.ts";

/** Id of a request: a string or an integer. */
export type RequestId = string | number;

/** A message that wants an answer. */
export interface RequestMessage {
  readonly kind: "request";
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
}

/** A message that wants none. */
export interface NotificationMessage {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject;
}

/** The answer to a request of ours. */
export interface AnswerMessage {
  readonly kind: "answer";
  readonly id: RequestId;
  readonly result: JsonObject | undefined;
  /** Says why there is no result. */
  readonly failure: string | undefined;
}

/** What is no message, and why. */
export interface InvalidMessage {
  readonly kind: "invalid";
  /** Id of what was meant to be a request, when it could be read. */
  readonly id: RequestId | undefined;
  readonly reason: string;
}

/** A JSON-RPC message. */
export type Message = RequestMessage | NotificationMessage | AnswerMessage;

const NO_PARAMS: JsonObject = Object.freeze({});

/** Deepest nesting of a message, so that nothing which walks through one runs out of stack. */
export const MAX_DEPTH = 512;

/** JSON of a client, parsed, or why it is refused. */
export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: RpcError };

/**
 * Parses what a client has sent.
 *
 * @param what What it is called in errors: the line, the body.
 */
export function parseJson(text: string, what: string): Parsed {
  if (isDeep(text)) {
    return refused(ErrorCode.invalidRequest, `Invalid Request: a message is nested at most ${MAX_DEPTH} deep`);
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return refused(ErrorCode.parseError, `Parse error: the ${what} is not valid JSON`);
  }
}

function refused(code: number, message: string): Parsed {
  return { ok: false, error: { code, message } };
}

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN = 0x5b, CLOSE = 0x5d, OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d;

// looks before it is parsed: some engines take minutes for a million brackets
function isDeep(json: string): boolean {
  if (json.length <= MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(json, at);
    else if (unit === OPEN || unit === OPEN_BRACE) depth++;
    else if (unit === CLOSE || unit === CLOSE_BRACE) depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

// gives the place of the closing quote, or the end of a text that has none
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) return at;
  }
  return json.length;
}

/** Reads a message from parsed JSON. */
export function readMessage(value: unknown): Message | InvalidMessage {
  if (!isObject(value)) return invalid("a message is an object", value);
  const { jsonrpc, id, method, params = NO_PARAMS } = value;
  if (jsonrpc !== "2.0") return invalid('"jsonrpc" must be "2.0"', value);
  if (method === undefined) return readAnswer(value);
  if (typeof method !== "string") return invalid('"method" must be a string', value);
  if (!isObject(params)) return invalid('"params" must be an object', value);
  if (id === undefined) return { kind: "notification", method, params };
  if (!isRequestId(id)) return invalid('"id" must be a string or an integer', value);
  return { kind: "request", id, method, params };
}

function readAnswer(value: JsonObject): AnswerMessage | InvalidMessage {
  const { id, result, error } = value;
  if (result === undefined && error === undefined) return invalid('there is neither "method" nor "result"', value);
  if (!isRequestId(id)) return invalid('"id" must be a string or an integer', value);
  if (error === undefined) {
    return isObject(result)
      ? { kind: "answer", id, result, failure: undefined }
      : invalid('"result" must be an object', value);
  }
  const failure = isObject(error) && typeof error["message"] === "string" ? error["message"] : "the client failed";
  return { kind: "answer", id, result: undefined, failure };
}

function invalid(reason: string, value: unknown): InvalidMessage {
  return { kind: "invalid", reason, id: requestIdOf(value) };
}

function isRequestId(id: unknown): id is RequestId {
  return typeof id === "string" || Number.isSafeInteger(id);
}

/** Reads the id of what may be a request; `undefined` when there is none. */
export function requestIdOf(value: unknown): RequestId | undefined {
  const id = isObject(value) ? value["id"] : undefined;
  return isRequestId(id) ? id : undefined;
}

/** What a request failed with. */
export interface RpcError {
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Writes the answer to a request around its result, which is JSON already. */
export function encodeResult(id: RequestId, result: Encoded): Encoded {
  const head = `{"jsonrpc":"2.0","id":${encodeId(id)},"result":`;
  if (typeof result === "string") return `${head}${result}}`;
  return new EncodedParts(head, result instanceof EncodedParts ? result.toBytes() : result, "}");
}

// ids of other characters than ASCII's are escaped, so that a head has as many bytes as characters
function encodeId(id: RequestId): string {
  const json = JSON.stringify(id);
  return typeof id === "number" ? json : json.replace(NOT_ASCII_REGEXP, (unit) => `\\u${hexOf(unit)}`);
}

const NOT_ASCII_REGEXP = /[^\0-\x7f]/g;

function hexOf(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}

/** Writes the answer to a request that failed. */
export function encodeError(id: RequestId | undefined, { code, message, data }: RpcError): string {
  const write = (error: RpcError) => JSON.stringify({ jsonrpc: "2.0", ...(id !== undefined && { id }), error });
  try {
    return write({ code, message, data });
  } catch {
    // data comes from plugins, and need not be JSON
    return write({ code, message });
  }
}

/** Writes a notification. */
export function encodeNotification(method: string, params?: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

/** Writes a request to the client. */
export function encodeRequest(id: RequestId, method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** Tells whether a message that was written here is one that nobody waits for: a notification, or none at all. */
export function mayBeMissed(json: string): boolean {
  return !json.startsWith('{"jsonrpc":"2.0","id":');
}

const DECODER = new TextDecoder();

/** Gives JSON as text. */
export function textOfEncoded(encoded: Encoded): string {
  if (typeof encoded === "string") return encoded;
  return encoded instanceof EncodedParts
    ? `${encoded.head}${DECODER.decode(encoded.kept)}${encoded.tail}`
    : DECODER.decode(encoded);
}
