/**
 * Servers with everything that ships, behind real sockets, and users whose clients answer questions as a test says.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { Kernel, type Plugin, textOf, type ToolResult } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type FakeLog, fakeLog, type TestEra } from "../../../kernel/testing.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import type { CeilingConfig } from "../../../plugins/grants/ceiling.ts";
import { shipped } from "../../../plugins/mod.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import { listen } from "../../support/listen.ts";
import { temporaryHome } from "../library/kit.ts";

/** What a user answers: a decision, or that there is none. */
export type Answer = "always" | "once" | "no" | "decline";

/** One user's client. */
export interface User {
  readonly client: Client;
  /** The questions that it was asked. */
  readonly questions: string[];
  /** Every message that came from the server, as JSON. */
  readonly wire: string[];
  call(name: string, args?: object, options?: UserCall): Promise<ToolResult>;
  /** Registers a script, and fails when that fails. */
  register(script: Script): Promise<ToolResult>;
  close(): Promise<void>;
}

/** A registration, as far as it is needed. */
export type Script = Readonly<Record<string, unknown>> & { readonly name: string; readonly code: string };

/** How a call is made. */
export interface UserCall {
  readonly onprogress?: (progress: { readonly message?: string | undefined }) => void;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** How a user connects. */
export interface ConnectOptions {
  readonly era?: TestEra;
  /** Answers a question; a client without cannot ask. */
  readonly answer?: Answer | ((question: string) => Answer);
}

/** A server. */
export interface GrantingServer extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  readonly home: string;
  /** Where it is served. */
  readonly url: URL;
  connect(options?: ConnectOptions): Promise<User>;
}

/** How a server is started. */
export interface ServerOptions {
  /** A home that is there already; a temporary one by default. */
  readonly home?: string;
  readonly ceiling?: CeilingConfig;
  /** Settings of plugins, by name. */
  readonly config?: Readonly<Record<string, object>>;
  readonly plugins?: readonly Plugin[];
}

export const ERAS: readonly TestEra[] = ["2025", "2026"];

/** Starts all plugins that ship, and serves them on a loopback port. */
export async function startGranting(
  { home, ceiling = {}, config = {}, plugins = shipped }: ServerOptions = {},
): Promise<GrantingServer> {
  const temporary = home === undefined ? await temporaryHome() : undefined;
  const path = home ?? temporary!.path;
  const log = fakeLog();
  const kernel = new Kernel({ log, exposeErrors: true }).use(await detectPlatform({ home: path }));
  for (const plugin of plugins) {
    kernel.use<unknown>(plugin, plugin.name === "grants" ? { ceiling } : config[plugin.name]);
  }
  await kernel.start();
  const app = createApp(kernel, { name: "granting", version: "1.0.0" });
  const server = await listen(app);
  const url = new URL("/mcp", server.url);
  const users: User[] = [];
  return {
    ...{ kernel, log, url, home: path },
    async connect(options) {
      const user = await connectUser(url, options);
      users.push(user);
      return user;
    },
    async [Symbol.asyncDispose]() {
      for (const user of users) await user.close();
      await app.close();
      await server.close();
      await kernel.stop();
      await temporary?.[Symbol.asyncDispose]();
    },
  };
}

/** Gives how the folder of a tool is called where its script runs. */
export async function toolInside({ kernel, home }: GrantingServer, name: string): Promise<string> {
  return await kernel.get(Sandbox)?.canMove() ? `/tools/${name}` : `${home}/tools/${name}`;
}

/** Makes a client that answers as it is told, and keeps the questions. */
export function clientOf(
  { era = "2025", answer }: ConnectOptions,
  questions: string[],
): Client {
  const client = new Client({ name: "user", version: "1.0.0" }, {
    capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  if (answer === undefined) return client;
  client.setRequestHandler("elicitation/create", ({ params }) => {
    questions.push(params.message);
    const given = typeof answer === "string" ? answer : answer(params.message);
    return given === "decline" ? { action: given } : { action: "accept", content: { decision: given } };
  });
  return client;
}

const LEVEL_KEY = "io.modelcontextprotocol/logLevel";

async function connectUser(url: URL, options: ConnectOptions = {}): Promise<User> {
  const questions: string[] = [];
  const wire: string[] = [];
  const client = clientOf(options, questions);
  const transport = new StreamableHTTPClientTransport(url);
  await client.connect(transport);
  const heard = transport.onmessage!;
  transport.onmessage = (...message: Parameters<typeof heard>) => {
    wire.push(JSON.stringify(message[0]));
    heard(...message);
  };
  const isModern = options.era === "2026";
  if (!isModern) await client.setLoggingLevel("debug");
  const call: User["call"] = async (name, args = {}, { onprogress, meta = {} } = {}) => {
    const _meta = { ...meta, ...(isModern && { [LEVEL_KEY]: "debug" }) };
    return await client.callTool(
      { name, arguments: args as Record<string, unknown>, _meta },
      onprogress === undefined ? {} : { onprogress },
    ) as unknown as ToolResult;
  };
  return {
    ...{ client, questions, wire, call },
    async register(script) {
      const result = await call("register_script", { description: `Tool ${script.name}`, ...script });
      succeed(result);
      return result;
    },
    close: () => client.close(),
  };
}

/** Fails when a result failed, and gives its text. */
export function succeed(result: ToolResult): string {
  assert.notEqual(result.isError, true, textOf(result));
  return textOf(result);
}

/** Fails when a result did not fail, and gives its text. */
export function refused(result: ToolResult): string {
  assert.equal(result.isError, true, JSON.stringify(result));
  return textOf(result);
}

/** Reads what an error says to write into `collet.json`, as that file. */
export function ceilingOf(text: string): CeilingConfig {
  const [, line] = /("ceiling": \{.*\})$/m.exec(text) ?? [];
  assert.ok(line !== undefined, `no line of collet.json in: ${text}`);
  return (JSON.parse(`{${line}}`) as { ceiling: CeilingConfig }).ceiling;
}

/** The value of the secret `API_KEY`. */
export const KEY = "hunter2-hunter3-hunter4";
/** Variables with which a server has secrets. */
export const SECRETS = { COLLET_SECRET_API_KEY: KEY, SKILLZ_TOKEN: "token-of-the-tests" };

/** Tells of each name in its arguments where it found it, and whether the value is the right one. */
export const LOOKER = `
import hashlib, json, os, sys
request = json.loads(sys.stdin.readline())
names = request["params"]["arguments"].get("names", ["API_KEY"])
told = request["params"]["context"]["environment"]
def look(value):
    return None if value is None else hashlib.sha256(value.encode()).hexdigest()[:8]
found = {name: [look(os.environ.get(name)), look(told.get(name))] for name in names}
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"found": found}}), flush=True)
`;
/** What the looker tells of the right key. */
export const RIGHT = await fingerprint(KEY);

/** Gives what the looker tells of a value. */
export async function fingerprint(value: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 8);
}

/** Gives the registration of the looker, which asks for the key. */
export function looker(more: object = {}) {
  return { name: "looker", interpreter: "python3", code: LOOKER, grants: { secrets: ["API_KEY"] }, ...more };
}

/** Where the looker found each name: in its environment, and in its context. */
export type Found = Readonly<Record<string, readonly (string | null)[]>>;

/** Fails when the looker failed, and gives what it found. */
export function foundBy(result: ToolResult): Found {
  succeed(result);
  return (result.structuredContent as { found: Found }).found;
}
