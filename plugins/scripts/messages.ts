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
  type Toolbox,
  ToolError,
  valueOf,
} from "../../kernel/mod.ts";
import type { ToolMemory } from "../memory/contract.ts";
import { MEMORY_REQUESTS } from "./memory_messages.ts";
import type { StreamedOutput } from "./streamed_output.ts";

/** What messages act on. */
export interface MessageHost {
  /** Name of the script. */
  readonly name: string;
  /** The call that the script serves. */
  readonly call: Call;
  readonly toolbox: Toolbox;
  /** What the script remembers for whoever calls it; `undefined` where nothing keeps it. */
  readonly memory: ToolMemory | undefined;
  readonly streamed: StreamedOutput;
}

/** Serves a message that wants no reply. */
type Notice = (params: JsonObject, host: MessageHost) => void | Promise<void>;
/** Serves a message that wants a reply; what it throws is answered as the protocol has it. */
export type Request = (params: JsonObject, host: MessageHost) => Promise<JsonObject>;

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
  ...MEMORY_REQUESTS,
  ...["resources/list", "resources/read"].map((name) => [name, missing("Resources")] as const),
]);

/** What a script is told of its surroundings: which requests can succeed. */
export function capabilitiesOf({ client }: Call, { hasMemory }: { readonly hasMemory: boolean }): JsonObject {
  return {
    sampling: client.capabilities["sampling"] !== undefined,
    elicitation: client.capabilities["elicitation"] !== undefined,
    memory: hasMemory,
    resources: false,
  };
}

function spelled(names: readonly string[], serve: Notice): [string, Notice][] {
  return names.map((name) => [name, serve]);
}

function missing(what: string): Request {
  return () => Promise.reject(new ToolError(`${what} cannot be used by scripts in this version`));
}

function log({ level, message, data }: JsonObject, { call, name }: MessageHost): void {
  // MCP's own spelling has no message beside the data
  const text = message ?? data;
  if (text === undefined) return;
  const words = typeof text === "string" ? text : JSON.stringify(text);
  call.log(logLevel(level), words, message === undefined ? undefined : data, name);
}

function logLevel(level: unknown): LogLevel {
  const name = String(level).toLowerCase();
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

async function elicit(params: JsonObject, { call }: MessageHost): Promise<JsonObject> {
  if (call.client.capabilities["elicitation"] === undefined) {
    return { action: "decline", error: "the client cannot ask its user" };
  }
  try {
    return { ...await call.elicit(readElicitation(params)) };
  } catch (error) {
    return { action: "error", error: messageOf(error) };
  }
}

function readElicitation({ mode, message, url, requestedSchema }: JsonObject): ElicitRequest {
  if (typeof message !== "string") throw new ToolError('"message" is missing');
  if (mode === "url") {
    if (typeof url !== "string") throw new ToolError('"url" is missing');
    return { mode, message, url };
  }
  if (typeof requestedSchema !== "object" || requestedSchema === null) {
    throw new ToolError('"requestedSchema" is missing');
  }
  return { message, requestedSchema: requestedSchema as JsonObject };
}

const SAMPLE_FIELDS = [
  ...["messages", "maxTokens", "systemPrompt", "temperature", "stopSequences", "modelPreferences", "includeContext"],
  ...["tools", "toolChoice", "metadata"],
];

async function sample(params: JsonObject, { call }: MessageHost): Promise<JsonObject> {
  if (!Array.isArray(params["messages"])) throw new ToolError('"messages" is missing, or no list');
  if (typeof params["maxTokens"] !== "number") throw new ToolError('"maxTokens" is missing, or no number');
  const fields = SAMPLE_FIELDS.filter((key) => params[key] !== undefined && params[key] !== null);
  const request = Object.fromEntries(fields.map((key) => [key, params[key]])) as unknown as SampleRequest;
  return { ...await call.sample(request) };
}

async function callTool(params: JsonObject, { call, toolbox }: MessageHost): Promise<JsonObject> {
  const { name, arguments: args } = params;
  if (typeof name !== "string") throw new ToolError('"name" is missing');
  // the client follows the progress of the tool that it called, not of those below
  const quiet = call.derive({ progress: () => Promise.resolve() });
  const result = await toolbox.call(name, args ?? {}, quiet).catch((error) => {
    throw new ToolError(`Tool ${name} failed: ${messageOf(error)}`, { cause: error });
  });
  if (result.isError) throw new ToolError(`Tool ${name} failed: ${textOf(result)}`);
  return { output: valueOf(result) };
}
