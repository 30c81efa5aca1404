/**
 * The matrix of transports: in memory, over HTTP on a loopback port, over the pipes of a spawned process; each in the
 * protocol eras 2025 and 2026, with the SDK's client of the second generation.
 *
 * @module
 */
import {
  Client,
  type ClientOptions,
  type PriorDiscovery,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { test } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Kernel } from "../../kernel/mod.ts";
import { fakeLog, type TestEra } from "../../kernel/testing.ts";
import { type AppOptions, createApp } from "../../kernel/transports/mod.ts";
import everything, { type EverythingConfig, INFO } from "../fixtures/everything/mod.ts";
import { listen } from "./listen.ts";

export type TransportName = "memory" | "http" | "stdio";

/** What a connection begins with. */
export interface ConnectOptions {
  readonly config?: EverythingConfig;
  readonly client?: ClientOptions;
  /** Runs before the client connects: the place for its handlers. */
  readonly prepare?: (client: Client) => void;
}

/** A client that is connected to a server of its own. */
export interface Connection extends AsyncDisposable {
  readonly client: Client;
}

/** One field of the matrix. */
export interface TransportCase {
  readonly transport: TransportName;
  readonly era: TestEra;
  /** Starts a server with the plugin `everything` and connects a client to it. */
  connect(options?: ConnectOptions): Promise<Connection>;
}

/** Registers a test for each field of the matrix. */
export function forEachTransport(
  title: string,
  run: (field: TransportCase) => Promise<void>,
  { transports = ["memory", "http", "stdio"], eras = ["2025", "2026"] }: {
    readonly transports?: readonly TransportName[];
    readonly eras?: readonly TestEra[];
  } = {},
): void {
  for (const transport of transports) {
    for (const era of eras) {
      const connect = (options: ConnectOptions = {}) =>
        CONNECTORS[transport](makeClient(era, options), { ...options, era });
      test(`${title} (${transport}, ${era})`, () => run({ transport, era, connect }));
    }
  }
}

function makeClient(era: TestEra, { client: options, prepare }: ConnectOptions): Client {
  const client = new Client({ name: "matrix", version: "1.0.0" }, {
    ...options,
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  prepare?.(client);
  return client;
}

type Connector = (client: Client, options: ConnectOptions & { readonly era: TestEra }) => Promise<Connection>;

const CONNECTORS: Record<TransportName, Connector> = {
  async memory(client, { config }) {
    const { app, close } = await startApp(config);
    const fetch = (url: string | URL, init?: RequestInit) => Promise.resolve(app.fetch(new Request(url, init)));
    return await connected(
      client,
      new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }),
      close,
    );
  },
  async http(client, { config }) {
    const { app, close } = await startApp(config);
    const server = await listen(app);
    const transport = new StreamableHTTPClientTransport(new URL("/mcp", server.url));
    return await connected(client, transport, async () => {
      await close();
      await server.close();
    });
  },
  async stdio(client, { config, era }) {
    const transport = new StdioClientTransport({ ...starter(config), stderr: "inherit" });
    const connection = await connected(client, transport, () => {}, era === "2026" ? known : undefined);
    const discover = client.getDiscoverResult();
    if (discover !== undefined) known ??= { kind: "modern", discover };
    return connection;
  },
};

// a client that knows the server need not start a second process to ask it for its era
let known: PriorDiscovery | undefined;

async function connected(
  client: Client,
  transport: StreamableHTTPClientTransport | StdioClientTransport,
  close: () => void | Promise<void>,
  prior?: PriorDiscovery,
): Promise<Connection> {
  const end = async () => {
    await client.close();
    await close();
  };
  try {
    await client.connect(transport, prior === undefined ? {} : { prior });
  } catch (thrown) {
    await end();
    throw thrown;
  }
  return { client, [Symbol.asyncDispose]: end };
}

/** The command that starts `everything` as a process of this runtime, over stdin and stdout. */
export function starter(config: EverythingConfig = {}): { command: string; args: string[] } {
  const path = fileURLToPath(new URL("../fixtures/everything/stdio.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  return { command: process.execPath, args: [...flags, path, JSON.stringify(config)] };
}

/** A kernel with `everything` behind the HTTP app. */
export interface StartedApp extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly app: ReturnType<typeof createApp>;
  close(): Promise<void>;
}

/** Starts a kernel with `everything`, and makes the app in front of it; closing it fails for leaks of listeners. */
export async function startApp(config: EverythingConfig = {}, options: AppOptions = {}): Promise<StartedApp> {
  const kernel = await new Kernel({ log: fakeLog() }).use(everything, config).start();
  const app = createApp(kernel, INFO, options);
  const close = async () => {
    await app.close();
    await kernel.stop();
    if (kernel.listenerCount > 0) throw new Error(`${kernel.listenerCount} event listeners are left`);
  };
  return { kernel, app, close, [Symbol.asyncDispose]: close };
}
