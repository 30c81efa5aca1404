/**
 * The kit: a started kernel with one plugin, and a real MCP client in front of it.
 *
 * @module
 */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { messageOf } from "../errors.ts";
import { Kernel } from "../kernel.ts";
import type { Plugin } from "../plugin.ts";
import { createHttpHandler, type HttpHandler } from "../transports/http.ts";
import { type FakeLog, fakeLog } from "./fakes.ts";
import { makeSurroundings, type PluginUse, type Surroundings, usePlugin } from "./surroundings.ts";

/** Protocol eras a test client can speak: `2025` is revision 2025-11-25, `2026` is 2026-07-28. */
export type TestEra = "2025" | "2026";

/** What a plugin under test is started with. */
export interface TestOptions {
  /** Providers of what the plugin requires, and others it should meet; a pair brings its configuration. */
  readonly with?: readonly PluginUse[];
  /** A platform in place of the fakes. What nobody provides is faked: files in memory, processes that know nothing. */
  readonly platform?: Plugin<void>;
}

/** What the test client is like. */
export interface TestClientOptions {
  /** `2025` by default. */
  readonly era?: TestEra;
  /** Options of the client, such as its `capabilities`. */
  readonly client?: ClientOptions;
  /** Runs before the client connects: the place for its request handlers. */
  readonly prepare?: (client: Client) => void;
}

/** A plugin under test. Disposing of it fails when the plugin left something behind, or an error was logged. */
export interface TestKit extends AsyncDisposable {
  /** The started kernel. */
  readonly kernel: Kernel;
  /** A real client; its requests go to the handler, through no port and no process. */
  readonly client: Client;
  /** What was logged. Errors that a test expects are taken out of it by `log.take("error")`. */
  readonly log: FakeLog;
}

/**
 * Starts a kernel with a plugin and connects a client to it.
 *
 * @param plugin The plugin under test.
 * @param config Its configuration, as a user of the plugin writes it.
 * @throws {KernelError} when the kernel does not start with it.
 *
 * @example Call a tool as a client does
 * ```ts
 * import { definePlugin } from "collet";
 * import { testPlugin } from "collet/testing";
 * import * as v from "valibot";
 *
 * const echo = definePlugin({
 *   name: "echo",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({ name: "echo", description: "Say it again", input: v.object({ text: v.string() }), run: (it) => it.text }),
 * });
 * await using kit = await testPlugin(echo);
 * const result = await kit.client.callTool({ name: "echo", arguments: { text: "hi" } });
 * if (JSON.stringify(result.content) !== '[{"type":"text","text":"hi"}]') throw new Error("unexpected");
 * ```
 */
export async function testPlugin<C>(
  plugin: Plugin<C>,
  config?: C,
  options: TestOptions & TestClientOptions = {},
): Promise<TestKit> {
  const log = fakeLog();
  const given = [...(options.platform === undefined ? [] : [options.platform]), ...options.with ?? []];
  const surroundings = makeSurroundings(given, plugin);
  const kernel = new Kernel({ log, exposeErrors: true });
  for (const use of surroundings.plugins) usePlugin(kernel, use);
  usePlugin(kernel, [plugin, config]);
  await kernel.start();
  const http = createHttpHandler(kernel, { name: "collet-testing", version: "1.0.0" });
  const kit: RunningKit = { kernel, http, log, surroundings, name: plugin.name, client: undefined };
  try {
    const client = kit.client = await connectClient(http, options);
    return { kernel, client, log, [Symbol.asyncDispose]: () => closeKit(kit) };
  } catch (thrown) {
    await closeKit(kit).catch(() => {});
    throw thrown;
  }
}

/** Connects a client to a handler, without a port. */
async function connectClient(http: HttpHandler, options: TestClientOptions): Promise<Client> {
  const client = new Client({ name: "collet-testing", version: "1.0.0" }, {
    ...options.client,
    versionNegotiation: { mode: options.era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  options.prepare?.(client);
  const transport = new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), {
    fetch: (url, init) => http.fetch(new Request(url, init)),
  });
  await client.connect(transport);
  return client;
}

interface RunningKit {
  readonly kernel: Kernel;
  readonly http: HttpHandler;
  readonly log: FakeLog;
  readonly surroundings: Surroundings;
  readonly name: string;
  client: Client | undefined;
}

async function closeKit({ kernel, http, log, surroundings, name, client }: RunningKit): Promise<void> {
  const problems: string[] = [];
  const attempt = async (work: () => Promise<unknown> | undefined) => {
    await Promise.resolve().then(work).catch((thrown) => problems.push(...explain(thrown)));
  };
  await attempt(() => client?.close());
  await attempt(() => http.close());
  const isLoaded = kernel.inspect().some((it) => it.name === name);
  if (isLoaded) await attempt(() => kernel.unload(name));
  problems.push(...surroundings.findLeaks(kernel).map((it) => `left behind: ${it}`));
  await attempt(() => kernel.stop());
  if (kernel.listenerCount > 0) problems.push(`left behind: ${kernel.listenerCount} event listeners`);
  for (const { name, message } of log.entries.filter((it) => it.level === "error")) {
    problems.push(`logged an error: ${name}: ${message}`);
  }
  if (problems.length > 0) throw new Error(`Plugin "${name}" did not end cleanly:\n- ${problems.join("\n- ")}`);
}

/** Lists the messages of an error and of what it gathers, down to the causes. */
function explain(thrown: unknown): string[] {
  if (thrown instanceof AggregateError) return thrown.errors.flatMap(explain);
  const causes = thrown instanceof Error && thrown.cause !== undefined ? explain(thrown.cause) : [];
  return [[messageOf(thrown), ...causes].join(": ")];
}
