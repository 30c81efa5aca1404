/**
 * Servers with tasks for tests: tools that the test writes, and clients of both revisions at the door.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as v from "valibot";
import {
  type Call,
  type JsonObject,
  Kernel,
  type Plugin,
  type Principal,
  type ToolDefinition,
  type ToolReturn,
} from "../../../kernel/mod.ts";
import { type FakeLog, fakeLog, type PluginUse, provide } from "../../../kernel/testing.ts";
import { usePlugin } from "../../../kernel/testing/surroundings.ts";
import { createHttpHandler, type HttpHandler } from "../../../kernel/transports/mod.ts";
import { Store } from "../../../plugins/store/contract.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import tasks, { type TasksConfig } from "../../../plugins/tasks/mod.ts";
import { small } from "../../support/plugins.ts";
import { answerOf, eventsOf, type Message, modern, post, RawSession } from "../../support/raw.ts";
import { until } from "../../support/wait.ts";

export const TASKS = "io.modelcontextprotocol/tasks";
/** What a client of 2026-07-28 declares that knows tasks and asks its user. */
export const KNOWS_TASKS: JsonObject = { elicitation: {}, sampling: {}, roots: {}, extensions: { [TASKS]: {} } };

/** A tool, as briefly as a test says it. */
export type TestTool = Partial<Omit<ToolDefinition<never, never>, "run" | "name">> & {
  run(input: { readonly text?: string }, call: Call): ToolReturn<undefined> | Promise<ToolReturn<undefined>>;
};

/** Makes a plugin with tools, by name. */
export function toolsOf(tools: Readonly<Record<string, TestTool>>, name = "test_tools"): Plugin<void> {
  return small(name, {
    setup(ctx) {
      for (const [name, { run, ...more }] of Object.entries(tools)) {
        ctx.tool({
          description: `Runs ${name}`,
          ...more,
          name,
          input: v.object({ text: v.exactOptional(v.string()) }),
          run: (input, call) => run(input, call),
        });
      }
    },
  });
}

/** Who asks by a request of 2026-07-28. */
export interface Asking {
  readonly principal?: Principal;
  readonly capabilities?: JsonObject;
  readonly meta?: JsonObject;
}

/** A started server. Disposing of it fails when an error was logged. */
export interface TaskServer extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  readonly http: HttpHandler;
  /** Sends a request of 2026-07-28, and gives the response before it is read. */
  start(method: string, params: JsonObject, asking?: Asking): Promise<Response>;
  /** Sends a request of 2026-07-28; gives its result or its error. */
  modern(method: string, params: JsonObject, asking?: Asking): Promise<Message>;
  /** Opens a session of a revision before it. */
  session(options?: SessionOptions): Promise<RawSession>;
}

/** Who opens a session. */
export interface SessionOptions {
  readonly version?: string;
  readonly capabilities?: JsonObject;
  readonly principal?: Principal;
}

/** What a server is started with. */
export interface ServerOptions {
  readonly tools?: Readonly<Record<string, TestTool>>;
  readonly config?: TasksConfig;
  /** In memory by default, for this server alone. */
  readonly store?: Store;
  readonly plugins?: readonly PluginUse[];
}

/** Starts a server. */
export async function startServer(
  { tools = {}, config = {}, store, plugins = [] }: ServerOptions,
): Promise<TaskServer> {
  const log = fakeLog();
  const own = store === undefined ? memoryStore({ log }) : undefined;
  const kernel = new Kernel({ log, exposeErrors: true }).use(provide(Store, own ?? store!)).use(tasks, config);
  for (const use of plugins) usePlugin(kernel, use);
  await kernel.use(toolsOf(tools)).start();
  const http = createHttpHandler(kernel, { name: "tasks", version: "1.0.0" });
  const start: TaskServer["start"] = (method, params, { principal, capabilities = KNOWS_TASKS, meta = {} } = {}) => {
    const { body, headers } = modern(method, params, { capabilities, meta });
    return post((request) => http.fetch(request, principal === undefined ? {} : { principal }), body, { headers });
  };
  return {
    kernel,
    log,
    http,
    start,
    modern: async (...request) => await answerOf(await start(...request)),
    session: ({ principal, ...options } = {}) =>
      RawSession.open((request) => http.fetch(request, principal === undefined ? {} : { principal }), options),
    async [Symbol.asyncDispose]() {
      await http.close();
      await kernel.stop();
      await own?.close();
      assert.deepEqual(log.take("error"), [], "no errors are logged");
      assert.equal(kernel.listenerCount, 0);
    },
  };
}

/** Calls a tool of 2026-07-28 and gives the task that it became. */
export async function callTask(server: TaskServer, name: string, asking?: Asking): Promise<string> {
  const { result, error } = await server.modern("tools/call", { name, arguments: {} }, asking);
  assert.equal(error, undefined);
  assert.equal(result.resultType, "task");
  return result.taskId;
}

/** Waits until `tasks/get` of 2026-07-28 tells one of these states, and gives what it tells. */
export async function taskIn(
  server: TaskServer,
  taskId: string,
  { is, ...asking }: Asking & { readonly is: readonly string[] },
  // deno-lint-ignore no-explicit-any -- tests look into it freely
): Promise<any> {
  let message: Message = {};
  await until(async () => {
    message = await server.modern("tasks/get", { taskId }, asking);
    assert.equal(message.error, undefined, JSON.stringify(message.error));
    return is.includes(message.result.status);
  }, `task ${taskId} to be ${is.join(" or ")}`);
  return message.result;
}

/** The states in which nothing more becomes of a task. */
export const ENDED: readonly string[] = ["completed", "failed", "cancelled"];

/** Reads the notifications of a stream as they come. */
export async function* notificationsOf(response: Response): AsyncGenerator<Message, void> {
  for await (const { data } of eventsOf(response)) {
    if (data !== "") yield JSON.parse(data);
  }
}

/** A user's answer to a form. */
export function accepted(content: JsonObject): JsonObject {
  return { action: "accept", content };
}

/** Asks the user for one text. */
export async function askText(call: Call, message: string, key?: string): Promise<string> {
  const requestedSchema = { type: "object", properties: { text: { type: "string" } } };
  const { action, content } = await call.elicit({ message, requestedSchema, ...(key !== undefined && { key }) });
  return action === "accept" ? String(content?.["text"]) : action;
}

export function principalOf(id: string): Principal {
  return { id, scopes: [] };
}
