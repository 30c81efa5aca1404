/**
 * Starts kernels with memory for tests: with a client in front of it, on a home folder, or behind an app with users.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { type Call, Kernel, type ToolResult } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import {
  type FakeLog,
  fakeLog,
  type PluginUse,
  type TestEra,
  type TestKit,
  testPlugin,
} from "../../../kernel/testing.ts";
import { usePlugin } from "../../../kernel/testing/surroundings.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import { Memory } from "../../../plugins/memory/contract.ts";
import memory, { type MemoryConfig } from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";

/** What the tool answered. */
export interface Answered {
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly data: any;
  readonly isError: boolean;
}

/** Calls the tool with arguments; those of `notes` unless they name another. */
export type Ask = (args: Readonly<Record<string, unknown>>) => Promise<Answered>;

/** A plugin under test, and the way to its tool. */
export interface MemoryKit extends TestKit {
  readonly ask: Ask;
}

/** Starts memory over a store in memory, with a client of an era. */
export async function startMemory(config: MemoryConfig = {}, era: TestEra = "2025"): Promise<MemoryKit> {
  const kit = await testPlugin(memory, config, { with: [[store, { engine: "memory" }]], era });
  return { ...kit, ask: askBy(kit.client) };
}

/** Makes the way to the tool of a client. */
export function askBy(client: Client): Ask {
  return async (args) => {
    const given = { tool_name: "notes", ...args };
    return answered(await client.callTool({ name: "memory", arguments: given }) as unknown as ToolResult);
  };
}

/** Reads a result of the tool. */
export function answered({ content, structuredContent, isError }: ToolResult): Answered {
  const [block] = content;
  assert.ok(content.length === 1 && block?.type === "text", JSON.stringify(content));
  return { text: block.text, data: structuredContent, isError: isError === true };
}

/** Fails when an answer is an error, and gives its data. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
export async function dataOf(asked: Promise<Answered>): Promise<any> {
  const { text, data, isError } = await asked;
  assert.equal(isError, false, text);
  return data;
}

/** Fails when an answer is no error, and gives its text. */
export async function errorOf(asked: Promise<Answered>): Promise<string> {
  const { text, isError } = await asked;
  assert.equal(isError, true, text);
  return text;
}

/** A kernel with memory on a home folder. */
export interface HomeKit extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  readonly memory: Memory;
  ask(args: Readonly<Record<string, unknown>>, call?: Partial<Call>): Promise<Answered>;
}

/** Starts memory over SQLite in a home folder. */
export async function startHome(
  home: string,
  { config = {}, plugins = [] }: { readonly config?: MemoryConfig; readonly plugins?: readonly PluginUse[] } = {},
): Promise<HomeKit> {
  const log = fakeLog();
  const kernel = new Kernel({ log, exposeErrors: true }).use(await detectPlatform({ home })).use(store).use(
    memory,
    config,
  );
  for (const use of plugins) usePlugin(kernel, use);
  await kernel.start();
  return {
    kernel,
    log,
    memory: kernel.get(Memory)!,
    ask: async (args, call = {}) => answered(await kernel.call("memory", { tool_name: "notes", ...args }, call)),
    [Symbol.asyncDispose]: () => kernel.stop(),
  };
}

/** Users of one app; `local` is whoever has no name. */
export interface Users extends AsyncDisposable {
  readonly kernel: Kernel;
  /** Connects a client as a user. */
  connect(user: string): Promise<Client>;
}

/** Starts memory behind an app that tells its users apart by a header. */
export async function startUsers(plugins: readonly PluginUse[] = []): Promise<Users> {
  const kernel = new Kernel({ log: fakeLog() }).use(createEdgePlatform()).use(store, { engine: "memory" }).use(
    memory,
    {},
  );
  for (const use of plugins) usePlugin(kernel, use);
  await kernel.start();
  const app = createApp(kernel, { name: "users", version: "1.0.0" }, {
    authenticate: (request) => ({ id: request.headers.get("x-user") ?? "local", scopes: [] }),
  });
  const clients: Client[] = [];
  return {
    kernel,
    async connect(user) {
      const client = new Client({ name: user, version: "1.0.0" }, { versionNegotiation: { mode: "legacy" } });
      const transport = new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), {
        fetch: (url, init) => Promise.resolve(app.fetch(new Request(url, init))),
        requestInit: { headers: { "x-user": user } },
      });
      await client.connect(transport);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await app.close();
      await kernel.stop();
    },
  };
}
