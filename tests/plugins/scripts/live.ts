/**
 * Real clients of every generation, connected over HTTP, the older SSE transport and pipes to servers with scripts.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JsonObject, LogLevel, ToolResult } from "../../../kernel/mod.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { listen } from "../../support/listen.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";

/** What a client is shown and asked. */
export interface Seen {
  readonly logs: { level: string; logger?: string | undefined; data: unknown }[];
  readonly asked: string[];
}

/** Progress, as a client is told of it. */
export interface SeenProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** How a call is made. */
export interface LiveCall {
  readonly level?: LogLevel;
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: SeenProgress) => void;
}

/** A client that is connected. */
export interface LiveClient extends AsyncDisposable {
  readonly home: string;
  readonly seen: Seen;
  call(name: string, args: JsonObject, options?: LiveCall): Promise<ToolResult>;
  /** Registers a script of Python, and fails when that fails. */
  register(name: string, code: string, more?: JsonObject): Promise<void>;
}

/** Connects a client to a server of its own. */
type Open = () => Promise<LiveClient>;

/** Every way to connect, by its name. */
export const DOORS: Readonly<Record<string, Open>> = {
  "2024-11-05 over SSE": openSse,
  "2025-11-25 over HTTP": () => openHttp("2025"),
  "2025-11-25 over stdio": () => openStdio("2025"),
  "2026-07-28 over HTTP": () => openHttp("2026"),
  "2026-07-28 over stdio": () => openStdio("2026"),
};

type Era = "2025" | "2026";

const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} };
const ROOTS = { roots: [{ uri: "file:///home/ada" }] };
const SAMPLED = { role: "assistant" as const, model: "m", content: { type: "text" as const, text: "a poem" } };
const ANSWERED = { action: "accept" as const, content: { name: "Ada" } };
const LEVEL_KEY = "io.modelcontextprotocol/logLevel";

async function openHttp(era: Era): Promise<LiveClient> {
  const server = await serve();
  const { client, seen } = makeClient(era);
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", server.url)));
  return live({ home: server.home, seen, call: callerOf(client, era) }, [() => client.close(), () => server.close()]);
}

async function openStdio(era: Era): Promise<LiveClient> {
  const home = await temporaryHome();
  const path = fileURLToPath(new URL("./stdio_server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...flags, path, home.path],
    stderr: "inherit",
  });
  const { client, seen } = makeClient(era);
  await client.connect(transport);
  return live({ home: home.path, seen, call: callerOf(client, era) }, [
    () => client.close(),
    () => home[Symbol.asyncDispose](),
  ]);
}

async function openSse(): Promise<LiveClient> {
  const server = await serve();
  const seen: Seen = { logs: [], asked: [] };
  const client = new FirstClient({ name: "older", version: "1.0.0" }, { capabilities: CAPABILITIES });
  const note = <T>(what: string, answer: T) => () => (seen.asked.push(what), answer);
  client.setRequestHandler(ElicitRequestSchema, note("elicit", ANSWERED));
  client.setRequestHandler(CreateMessageRequestSchema, note("sample", SAMPLED));
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }: { params: Seen["logs"][number] }) => void seen.logs.push(params),
  );
  const transport = new SSEClientTransport(new URL("/sse", server.url));
  const send = transport.send.bind(transport);
  // the SDK asks for its newest revision, and takes an older one
  transport.send = (message: Parameters<typeof send>[0]) => send(withOldestVersion(message));
  await client.connect(transport);
  const call: LiveClient["call"] = async (name, args, { level, ...options } = {}) => {
    await client.setLoggingLevel(level ?? "info");
    return await client.callTool({ name, arguments: args }, undefined, options) as unknown as ToolResult;
  };
  return live({ home: server.home, seen, call }, [() => client.close(), () => server.close()]);
}

function withOldestVersion<M>(message: M): M {
  const { method, params } = message as { method?: string; params?: JsonObject };
  return method === "initialize" ? { ...message, params: { ...params, protocolVersion: "2024-11-05" } } : message;
}

function makeClient(era: Era): { client: Client; seen: Seen } {
  const seen: Seen = { logs: [], asked: [] };
  const client = new Client({ name: "live", version: "1.0.0" }, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  client.setRequestHandler("elicitation/create", () => (seen.asked.push("elicit"), ANSWERED));
  client.setRequestHandler("sampling/createMessage", () => (seen.asked.push("sample"), SAMPLED));
  client.setRequestHandler("roots/list", () => ROOTS);
  client.setNotificationHandler("notifications/message", ({ params }) => void seen.logs.push(params));
  return { client, seen };
}

function callerOf(client: Client, era: Era): LiveClient["call"] {
  return async (name, args, { level = "info", ...options } = {}) => {
    if (era === "2025") await client.setLoggingLevel(level);
    const _meta = era === "2026" ? { [LEVEL_KEY]: level } : {};
    return await client.callTool({ name, arguments: args, _meta }, options) as unknown as ToolResult;
  };
}

async function serve(): Promise<{ readonly url: string; readonly home: string; close(): Promise<void> }> {
  const home = await temporaryHome();
  const running = await startKernel({ home: home.path, plugins: [scripts] });
  const app = createApp(running.kernel, { name: "scripts", version: "1.0.0" });
  const server = await listen((request) => app.fetch(request));
  return {
    url: server.url,
    home: home.path,
    async close() {
      await app.close();
      await server.close();
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function live(
  parts: Pick<LiveClient, "home" | "seen" | "call">,
  closing: readonly (() => Promise<void>)[],
): LiveClient {
  return {
    ...parts,
    async register(name, code, more = {}) {
      const script = { name, description: `Tool ${name}`, interpreter: "python3", code, ...more };
      const result = await parts.call("register_script", script);
      assert.ok(!result.isError, JSON.stringify(result));
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing) await close();
    },
  };
}
