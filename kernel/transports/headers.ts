/**
 * The HTTP headers of revision 2026-07-28, which repeat what the body says so that proxies can read it: they must agree.
 *
 * @module
 */
import type { JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { HeadersView } from "../http_answer.ts";
import type { ToolEntry } from "../items.ts";
import type { Engine } from "./engine.ts";
import type { NotificationMessage, RequestMessage } from "./messages.ts";
import { decodeHeader, findHeaderMismatch } from "./param_headers.ts";
import { ENVELOPE, isModernVersion } from "./revisions.ts";
import { checkEnvelope, checkVersion, metaOf } from "./stateless.ts";

// the parameter that `Mcp-Name` repeats
const NAME_PARAMS: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

/** Tells whether the header of a request names a revision without sessions. */
export function namesModernVersion(headers: HeadersView): boolean {
  return isModernVersion(headers.get("mcp-protocol-version") ?? "");
}

/**
 * Compares the headers that name revision and method with the body; what is absent is not looked at.
 *
 * @throws {ProtocolError} `-32020` when they disagree.
 */
export function checkAgreement(headers: HeadersView, { method, params }: RequestMessage | NotificationMessage): void {
  const version = headers.get("mcp-protocol-version");
  const claimed = metaOf(params)[ENVELOPE.protocolVersion];
  if (version !== null && claimed !== undefined && version !== claimed) {
    throw mismatch(`the MCP-Protocol-Version header says "${version}" and the body says "${claimed}"`);
  }
  const named = headers.get("mcp-method");
  if (named !== null && named !== method) {
    throw mismatch(`the Mcp-Method header says "${named}" and the body says "${method}"`);
  }
}

/**
 * Checks what a notification says of its revision, in its envelope or by the header.
 *
 * @throws {ProtocolError} `-32602` when its envelope is malformed, `-32020` when header and body disagree, `-32022` when
 * the revision is not served.
 */
export function checkNotification(headers: HeadersView, message: NotificationMessage): void {
  const claimed = metaOf(message.params)[ENVELOPE.protocolVersion];
  if (claimed !== undefined && typeof claimed !== "string") checkEnvelope(message.params);
  checkAgreement(headers, message);
  checkVersion(claimed ?? headers.get("mcp-protocol-version"));
}

/**
 * Checks that every header is there which a request must have, and says what the body says.
 *
 * @throws {ProtocolError} `-32020` when one is missing or says something else.
 */
export function checkHeaders(headers: HeadersView, { method, params }: RequestMessage, engine: Engine): void {
  if (!headers.has("mcp-protocol-version")) throw mismatch("the MCP-Protocol-Version header is missing");
  if (!headers.has("mcp-method")) throw mismatch("the Mcp-Method header is missing");
  const param = Object.hasOwn(NAME_PARAMS, method) ? NAME_PARAMS[method] : engine.added.nameParams.get(method);
  if (param !== undefined) checkName(headers, params[param]);
  if (method === "tools/call") checkParamHeaders(headers, params, engine);
}

function checkName(headers: HeadersView, value: unknown): void {
  const name = headers.get("mcp-name");
  if (name === null) {
    if (typeof value === "string") throw mismatch("the Mcp-Name header is missing");
    return;
  }
  const decoded = decodeHeader(name);
  if (decoded === undefined) throw mismatch("the Mcp-Name header is not valid Base64");
  if (typeof value === "string" && decoded !== value) {
    throw mismatch(`the Mcp-Name header says "${decoded}" and the body says "${value}"`);
  }
}

// which parameters have headers is found once for each schema
const HAS_HEADERS = new WeakMap<JsonObject, boolean>();

function checkParamHeaders(headers: HeadersView, params: JsonObject, { kernel }: Engine): void {
  const { name } = params;
  // the parameters themselves are checked later
  const schema = typeof name === "string" ? listedSchema(kernel.tools.get(name)) : undefined;
  if (schema === undefined) return;
  let hasHeaders = HAS_HEADERS.get(schema);
  if (hasHeaders === undefined) HAS_HEADERS.set(schema, hasHeaders = JSON.stringify(schema).includes("x-mcp-header"));
  const found = hasHeaders ? findHeaderMismatch(schema, params["arguments"], headers) : undefined;
  if (found !== undefined) throw mismatch(found);
}

// a tool whose schema cannot be shown is not listed, and so has no headers that a client could know
function listedSchema(tool: ToolEntry | undefined): JsonObject | undefined {
  try {
    return tool?.compiled.input.jsonSchema;
  } catch {
    return undefined;
  }
}

function mismatch(what: string): ProtocolError {
  return new ProtocolError(
    ErrorCode.headerMismatch,
    `Bad Request: the request headers and body disagree: ${what}`,
  );
}
