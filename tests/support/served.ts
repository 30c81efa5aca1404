/**
 * Small plugins behind the HTTP app or over pipes in memory.
 *
 * @module
 */
import * as v from "valibot";
import { PassThrough } from "node:stream";
import type { Call, JsonObject, Kernel, KernelOptions, Plugin } from "../../kernel/mod.ts";
import type { FakeLog } from "../../kernel/testing.ts";
import { type AppOptions, createApp, type KernelApp } from "../../kernel/transports/mod.ts";
import { serveStdio, type StdioConnection, type StdioOptions } from "../../kernel/transports/stdio.ts";
import { quietKernel, small } from "./plugins.ts";
import { answerOf, type Message, modern, post } from "./raw.ts";
import { until } from "./wait.ts";

const INFO = { name: "served", version: "1.0.0" };

/** A kernel that is served. */
export interface Served extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
}

/** A kernel behind the HTTP app. */
export interface ServedApp extends Served {
  readonly app: KernelApp;
  /** Sends a request of revision 2026-07-28, and gives the response before it is read. */
  start(method: string, params: JsonObject, capabilities?: JsonObject): Promise<Response>;
  /** Sends a request of revision 2026-07-28, and reads its answer. */
  request(method: string, params: JsonObject, capabilities?: JsonObject): Promise<Message>;
}

/** Starts plugins, and makes the HTTP app in front of them. */
export async function serveApp(
  plugins: readonly Plugin<void>[],
  { kernel: kernelOptions, app: appOptions }: { readonly kernel?: KernelOptions; readonly app?: AppOptions } = {},
): Promise<ServedApp> {
  const { kernel, log } = await startKernel(plugins, kernelOptions);
  const app = createApp(kernel, INFO, appOptions);
  const start = (method: string, params: JsonObject, capabilities: JsonObject = {}) => {
    const { body, headers } = modern(method, params, { capabilities });
    return post(app.fetch, body, { headers });
  };
  return {
    kernel,
    log,
    app,
    start,
    request: async (...request) => await answerOf(await start(...request)),
    async [Symbol.asyncDispose]() {
      await app.close();
      await kernel.stop();
    },
  };
}

/** A kernel over pipes; nothing is read before `read()`. */
export interface ServedPipes extends Served {
  readonly connection: StdioConnection;
  readonly output: PassThrough;
  /** What was read so far. */
  readonly messages: readonly Message[];
  read(): void;
  write(message: object): void;
  /** Waits for the answer to an id. */
  answer(id: unknown): Promise<Message>;
}

/** Starts plugins, and serves them over pipes in memory. */
export async function servePipes(plugins: readonly Plugin<void>[], options: StdioOptions = {}): Promise<ServedPipes> {
  const { kernel, log } = await startKernel(plugins);
  const [input, output] = [new PassThrough(), new PassThrough()];
  const connection = serveStdio(kernel, INFO, { ...options, input, output });
  const messages: Message[] = [];
  let text = "";
  return {
    kernel,
    log,
    connection,
    output,
    messages,
    read() {
      output.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const lines = text.split("\n");
        text = lines.pop()!;
        messages.push(...lines.map((line) => JSON.parse(line)));
      });
    },
    write: (message) => void input.write(`${JSON.stringify(message)}\n`),
    async answer(id) {
      const find = () => messages.find((it) => it.id === id && it.method === undefined);
      await until(find, `an answer to ${JSON.stringify(id)}`);
      return find()!;
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await kernel.stop();
    },
  };
}

async function startKernel(plugins: readonly Plugin<void>[], options: KernelOptions = {}) {
  const { kernel, log } = quietKernel(options);
  for (const plugin of plugins) kernel.use(plugin);
  await kernel.start();
  return { kernel, log };
}

/** Makes a `tools/call` request of a revision before 2026-07-28. */
export function toolCall(id: number, name: string, { meta = {} }: { readonly meta?: JsonObject } = {}): JsonObject {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: {}, _meta: meta } };
}

/** Asks the user for a name. */
export async function askName(call: Pick<Call, "elicit">): Promise<string> {
  const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
  const { action, content } = await call.elicit({ message: "Name?", requestedSchema });
  return action === "accept" ? String(content?.["name"]) : action;
}

/** Makes a plugin with the tools `ask`, which asks the user for a name, and `echo`. */
export function asking({ timeoutMs }: { readonly timeoutMs?: number } = {}): Plugin<void> {
  return small("asking", {
    setup(ctx) {
      ctx.tool({
        name: "ask",
        description: "Ask for a name",
        input: v.object({}),
        ...(timeoutMs !== undefined && { timeoutMs }),
        run: (_, call) => askName(call),
      });
      ctx.tool({ name: "echo", description: "Say hi", input: v.object({}), run: () => "hi" });
    },
  });
}

/** Makes a plugin with a template of resources `watched://{id}`, and counts who watches them. */
export function watched(): { readonly plugin: Plugin<void>; readonly counts: { started: number; stopped: number } } {
  const counts = { started: 0, stopped: 0 };
  const plugin = small("watched", {
    setup: (ctx) =>
      void ctx.resource({
        uri: "watched://{id}",
        name: "watched",
        read: () => "",
        subscribe() {
          counts.started++;
          return () => void counts.stopped++;
        },
      }),
  });
  return { plugin, counts };
}
