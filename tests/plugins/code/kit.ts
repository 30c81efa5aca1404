/**
 * Starts servers that run code, and connects clients to them.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { after, before } from "node:test";
import type { JsonObject, ToolResult } from "../../../kernel/mod.ts";
import { type CallPatch, Kernel, type Plugin } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type FakeLog, fakeLog, type PluginUse, provide, type TestEra } from "../../../kernel/testing.ts";
import { usePlugin } from "../../../kernel/testing/surroundings.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import type { CodeConfig } from "../../../plugins/code/config.ts";
import code from "../../../plugins/code/mod.ts";
import library from "../../../plugins/library/mod.ts";
import { Store } from "../../../plugins/store/contract.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import wasm from "../../../plugins/wasm/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { listen } from "../../support/listen.ts";
import { type Done, sampleTools } from "./sample_tools.ts";

export const ERAS: readonly TestEra[] = ["2025", "2026"];

/** What a server is started with. */
export interface CodeOptions {
  readonly config?: CodeConfig;
  /** What is loaded beside: the library and `wasm` by default. */
  readonly plugins?: readonly PluginUse[];
  /** One in memory by default; `null` for none. */
  readonly store?: Store | null;
  /** Prepares the home folder. */
  prepare?(home: string): Promise<void>;
}

/** What somebody answers who is asked: the content of the form, or an action without one. */
export type Answer = JsonObject | "decline" | "cancel";

/** How a client is. */
export interface ClientOptions {
  readonly era?: TestEra;
  /** Answers questions; a client without it cannot ask. */
  answer?(question: { readonly message: string; readonly requestedSchema?: unknown }): Answer | Promise<Answer>;
}

/** A client that runs code. */
export interface CodeClient extends AsyncDisposable {
  readonly client: Client;
  /** Runs code, JavaScript by default. */
  run(code: string, more?: JsonObject, options?: { readonly signal?: AbortSignal }): Promise<ToolResult>;
}

/** A server that runs code. */
export interface CodeKit extends AsyncDisposable {
  /** The home folder. */
  readonly home: string;
  readonly kernel: Kernel;
  readonly log: FakeLog;
  readonly done: Done;
  /** Runs code, JavaScript by default, past any client. */
  run(code: string, more?: JsonObject, call?: CallPatch): Promise<ToolResult>;
  /** Connects a client over HTTP, on a port. */
  connect(options?: ClientOptions): Promise<CodeClient>;
}

/** Starts a server with sample tools. */
export async function startCode(
  { config = {}, plugins = [library, wasm], store, prepare }: CodeOptions = {},
): Promise<CodeKit> {
  const home = await temporaryFolder();
  await prepare?.(home.path);
  const log = fakeLog();
  const own = store === undefined ? memoryStore({ log }) : undefined;
  const kernel = new Kernel({ log, exposeErrors: true }).use(await detectPlatform({ home: home.path }));
  if (store !== null) kernel.use(provide(Store, own ?? store!) as Plugin<void>);
  for (const use of plugins) usePlugin(kernel, use);
  const { plugin, done } = sampleTools();
  await kernel.use(code, config).use(plugin).start();
  const app = createApp(kernel, { name: "code", version: "1.0.0" });
  const listening = await listen(app);
  return {
    home: home.path,
    kernel,
    log,
    done,
    run: (text, more = {}, call = {}) =>
      kernel.call("execute_code", { language: "javascript", ...more, code: text }, call),
    connect: (options) => connectClient(new URL("/mcp", listening.url), options),
    async [Symbol.asyncDispose]() {
      await app.close();
      await listening.close();
      await kernel.stop();
      await own?.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Starts a server for all tests of a suite; gives what gives it. */
export function sharedCode(options?: CodeOptions): () => CodeKit {
  let kit: CodeKit | undefined;
  before(async () => void (kit = await startCode(options)));
  after(() => kit?.[Symbol.asyncDispose]());
  return () => kit!;
}

async function connectClient(url: URL, options: ClientOptions = {}): Promise<CodeClient> {
  const client = makeClient(options);
  await client.connect(new StreamableHTTPClientTransport(url));
  return clientOf(client);
}

/** Makes a client that answers questions. */
export function makeClient({ era = "2025", answer }: ClientOptions): Client {
  const client = new Client({ name: "coder", version: "1.0.0" }, {
    ...(answer && { capabilities: { elicitation: { form: {} } } }),
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  if (answer !== undefined) {
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      const given = await answer(params as { readonly message: string });
      return typeof given === "string" ? { action: given } : { action: "accept", content: given as never };
    });
  }
  return client;
}

/** Lets a client that is connected run code. */
export function clientOf(client: Client): CodeClient {
  return {
    client,
    run: async (text, more = {}, options = {}) => {
      const args = { language: "javascript", ...more, code: text };
      return await client.callTool({ name: "execute_code", arguments: args }, options) as unknown as ToolResult;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
