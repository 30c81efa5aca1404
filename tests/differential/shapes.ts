/**
 * The shapes of messages, as the table of differences asks for them.
 *
 * @module
 */
import { isSpecType, PROTOCOL_VERSION_META_KEY, type specTypeSchemas } from "@modelcontextprotocol/server";
import { isObject } from "../../kernel/content.ts";
import type { Loose } from "./messages.ts";

const SCHEMAS: Readonly<Record<string, keyof typeof specTypeSchemas>> = {
  "completion/complete": "CompleteRequest",
  "initialize": "InitializeRequest",
  "logging/setLevel": "SetLevelRequest",
  "ping": "PingRequest",
  "prompts/get": "GetPromptRequest",
  "prompts/list": "ListPromptsRequest",
  "resources/list": "ListResourcesRequest",
  "resources/read": "ReadResourceRequest",
  "resources/subscribe": "SubscribeRequest",
  "resources/templates/list": "ListResourceTemplatesRequest",
  "resources/unsubscribe": "UnsubscribeRequest",
  "tools/call": "CallToolRequest",
  "tools/list": "ListToolsRequest",
};

/** Tells whether the parameters of a request have the shape that its method wants, by the SDK's schemas. */
export function fitsSchema(request: Loose): boolean {
  const name = SCHEMAS[request?.method];
  return name === undefined || isSpecType[name](request);
}

/** Tells whether a value is a JSON-RPC message of the protocol, whatever else it holds. */
export function isMessage(value: Loose): boolean {
  const { jsonrpc, id, method, params = {}, result, error } = value ?? {};
  if (jsonrpc !== "2.0" || !isObject(params)) return false;
  if (method !== undefined) return typeof method === "string" && (id === undefined || isId(id));
  return isId(id) && (isObject(result) || isObject(error));
}

/** Tells whether a value is an id of the protocol. An integer that JSON does not carry exactly would come back changed. */
export function isId(id: unknown): boolean {
  return typeof id === "string" || Number.isSafeInteger(id);
}

/** Tells whether parameters have a `_meta` of a wrong shape. */
export function hasMalformedMeta(params: Loose): boolean {
  return params?._meta !== undefined && !isSpecType.RequestMeta(params._meta);
}

/** Tells whether a request says that it is of 2026-07-28. */
export function claimsEnvelope(request: Loose): boolean {
  return isObject(request?.params?._meta) && Object.hasOwn(request.params._meta, PROTOCOL_VERSION_META_KEY);
}

/** Tells whether a request has the whole envelope of 2026-07-28. */
export function hasWholeEnvelope(request: Loose): boolean {
  const meta = request?.params?._meta ?? {};
  const [version, capabilities, client, level] = ["protocolVersion", "clientCapabilities", "clientInfo", "logLevel"]
    .map((key) => meta[`io.modelcontextprotocol/${key}`]);
  return typeof version === "string" && isObject(capabilities) &&
    (client === undefined || isSpecType.Implementation(client)) &&
    (level === undefined || isSpecType.LoggingLevel(level));
}

const MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

/** Gives a message, or a batch, without what JSON-RPC does not know. */
export function withoutStrangers(message: Loose): Loose {
  if (Array.isArray(message)) return message.map(withoutStrangers);
  if (!isObject(message)) return message;
  return Object.fromEntries(Object.entries(message).filter(([name]) => MEMBERS.has(name)));
}

/** Gives an `initialize` whose client says no more of itself than it must. */
export function withPlainClient(message: Loose): Loose {
  const { capabilities, clientInfo, ...rest } = message.params ?? {};
  if (!isObject(capabilities)) return message;
  const { name, version } = clientInfo ?? {};
  return { ...message, params: { ...rest, capabilities: {}, clientInfo: { name, version } } };
}
