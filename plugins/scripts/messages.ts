/**
 * The script protocol: what a script may say while it runs, in all spellings, and what it is answered. A message that
 * is new to the protocol is one entry in {@linkcode NOTICES} or {@linkcode REQUESTS}.
 *
 * @module
 */
import {
  type Call,
  type ElicitRequest,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
  messageOf,
  type SampleRequest,
  textOf,
  ToolError,
  type ToolResult,
  valueOf,
} from "../../kernel/mod.ts";
import { CATALOG_REQUESTS } from "./catalog_messages.ts";
import { MEMORY_REQUESTS } from "./memory_messages.ts";
import type { MessageHost, Request } from "./message_host.ts";
import { InvalidParams, isJsonObject, readObject, readOptional, readText } from "./params.ts";

/** Serves a message that wants no reply. */
type Notice = (params: JsonObject, host: MessageHost) => void | Promise<void>;

/** Messages without a reply. */
export const NOTICES: ReadonlyMap<string, Notice> = new Map([
  ...spelled(["log", "logging/message", "notifications/message"], log),
  ...spelled(["progress", "notifications/progress", "progress/update"], progress),
  ...spelled(["stream", "stream/chunk"], (params, { streamed }) => streamed.add(params)),
]);

/** Messages with a reply; without an id they are ignored. */
export const REQUESTS: ReadonlyMap<string, Request> = new Map<string, Request>([
  ["elicitation/create", elicit],
  ["sampling/createMessage", sample],
  ["tools/call", callTool],
  ...CATALOG_REQUESTS,
  ...MEMORY_REQUESTS,
]);

/** What a script is told of its surroundings: which requests can succeed. */
export function capabilitiesOf({ client }: Call, { hasMemory }: { readonly hasMemory: boolean }): JsonObject {
  return {
    sampling: client.capabilities["sampling"] !== undefined,
    elicitation: client.capabilities["elicitation"] !== undefined,
    memory: hasMemory,
    resources: true,
    prompts: true,
    tools: true,
    completion: true,
    roots: true,
  };
}

function spelled(names: readonly string[], serve: Notice): [string, Notice][] {
  return names.map((name) => [name, serve]);
}

async function log({ level, message, data }: JsonObject, { call, name }: MessageHost): Promise<void> {
  // MCP's own spelling has no message beside the data
  const text = message ?? data;
  if (text === undefined) return;
  const words = typeof text === "string" ? text : JSON.stringify(text);
  await call.log(logLevel(level), words, message === undefined ? undefined : data, name);
}

function logLevel(level: unknown): LogLevel {
  const name = typeof level === "string" ? level.toLowerCase() : "";
  return name === "warn" ? "warning" : LOG_LEVELS.find((it) => it === name) ?? "info";
}

async function progress(params: JsonObject, { call, streamed }: MessageHost): Promise<void> {
  const { total, message } = params;
  const done = params["current"] ?? params["progress"];
  if (typeof done !== "number") return;
  streamed.isProgressOwn = true;
  const isTotal = typeof total === "number" && total > 0;
  await call.progress(done, isTotal ? total : undefined, typeof message === "string" ? message : undefined);
}

async function elicit(params: JsonObject, host: MessageHost): Promise<JsonObject> {
  if (host.protocol >= 2) return await askUser(params, host);
  if (host.call.client.capabilities["elicitation"] === undefined) {
    return { action: "decline", error: "the client cannot ask its user" };
  }
  return await askUser(params, host).catch((error) => ({ action: "error", error: messageOf(error) }));
}

async function askUser(params: JsonObject, { call }: MessageHost): Promise<JsonObject> {
  return { ...await call.elicit(readElicitation(params)) };
}

function readElicitation(params: JsonObject): ElicitRequest {
  const message = readText(params, "message");
  if (params["mode"] === "url") return { mode: "url", message, url: readText(params, "url") };
  return { message, requestedSchema: readObject(params, "requestedSchema") };
}

const SAMPLE_FIELDS = [
  ...["messages", "maxTokens", "systemPrompt", "temperature", "stopSequences", "modelPreferences", "includeContext"],
  ...["tools", "toolChoice", "metadata"],
];

async function sample(params: JsonObject, { call }: MessageHost): Promise<JsonObject> {
  if (!Array.isArray(params["messages"])) throw new InvalidParams('"messages" is missing, or no list');
  if (typeof params["maxTokens"] !== "number") throw new InvalidParams('"maxTokens" is missing, or no number');
  const fields = SAMPLE_FIELDS.filter((key) => params[key] !== undefined && params[key] !== null);
  const request = Object.fromEntries(fields.map((key) => [key, params[key]])) as unknown as SampleRequest;
  return { ...await call.sample(request) };
}

async function callTool(params: JsonObject, host: MessageHost): Promise<JsonObject> {
  const name = readText(params, "name");
  const result = await callNamed(name, params, host).catch((error) => {
    if (error instanceof InvalidParams) throw error;
    throw new ToolError(`Tool ${name} failed: ${messageOf(error)}`, { cause: error });
  });
  if (!result.isError) return { output: valueOf(result) };
  const { structuredContent: data } = result;
  throw new ToolError(`Tool ${name} failed: ${textOf(result)}`, isJsonObject(data) ? { data } : {});
}

async function callNamed(
  name: string,
  params: JsonObject,
  { call, toolbox, library, tools }: MessageHost,
): Promise<ToolResult> {
  if (tools?.has(name) === false) throw new ToolError(tools.refusal(name));
  const version = readOptional(params, "version", readText);
  const args = readOptional(params, "arguments", readObject) ?? {};
  // the client follows the progress of the tool that it called, not of those below
  const quiet = call.derive({ progress: () => Promise.resolve() });
  return version === undefined
    ? await toolbox.call(name, args, quiet)
    : await library.callVersion(name, version, { args, call: quiet });
}
