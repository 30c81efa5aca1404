import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Call, ErrorCode, ProtocolError, ToolError } from "../../../kernel/mod.ts";
import { eventsOf, type Message, type RawSession } from "../../support/raw.ts";
import { aborted, defer, soon, until } from "../../support/wait.ts";
import { askText, callTask, principalOf, startServer, type TaskServer } from "./kit.ts";

const RELATED = "io.modelcontextprotocol/related-task";
const ASKS = { elicitation: {} };

interface Listed {
  readonly name: string;
  readonly execution?: { readonly taskSupport: string };
}

/** Calls a tool as a task, and gives the task. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
async function begin(session: RawSession, name: string, task: unknown = {}): Promise<any> {
  const { result, error } = await session.request("tools/call", { name, arguments: {}, task });
  assert.equal(error, undefined, JSON.stringify(error));
  return result.task;
}

/** Waits for a state that `tasks/get` tells. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
async function stateOf(session: RawSession, taskId: string, ...is: string[]): Promise<any> {
  let message: Message = {};
  await until(async () => {
    message = await session.request("tasks/get", { taskId });
    assert.equal(message.error, undefined, JSON.stringify(message.error));
    return is.includes(message.result.status);
  }, is.join(" or "));
  return message.result;
}

/** Connects a client of the first SDK generation. */
async function sdkClient(server: TaskServer, prepare?: (client: Client) => void): Promise<Client> {
  const client = new Client({ name: "first", version: "1.0.0" }, { capabilities: { elicitation: {} } });
  prepare?.(client);
  const fetch = (url: string | URL, init?: RequestInit) => server.http.fetch(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }) as never);
  return client;
}

describe("tasks of 2025-11-25", () => {
  test("a client of the first SDK calls a tool as a task and is asked in the middle", async () => {
    await using server = await startServer({
      config: { poll_interval_ms: 20 },
      tools: { greet: { execution: "required", run: async (_, call) => `Hello, ${await askText(call, "Name?")}!` } },
    });
    const related: unknown[] = [];
    const client = await sdkClient(server, (it) => {
      it.setRequestHandler(
        ElicitRequestSchema,
        ({ params }: { params: { _meta?: Record<string, unknown> | undefined } }) => {
          related.push(params._meta?.[RELATED]);
          return { action: "accept", content: { text: "Ada" } };
        },
      );
    });
    try {
      const { tools } = await client.listTools();
      assert.deepEqual((tools as Listed[]).find((it) => it.name === "greet")?.execution, { taskSupport: "required" });
      const types: string[] = [];
      let taskId = "";
      for await (const message of client.experimental.tasks.callToolStream({ name: "greet", arguments: {} })) {
        types.push(message.type);
        if (message.type === "taskCreated") taskId = message.task.taskId;
        if (message.type === "error") throw message.error;
        if (message.type === "result") {
          assert.deepEqual(message.result.content, [{ type: "text", text: "Hello, Ada!" }]);
        }
      }
      assert.deepEqual([types[0], types.at(-1)], ["taskCreated", "result"]);
      assert.deepEqual(related, [{ taskId }]);
      assert.equal((await client.experimental.tasks.getTask(taskId)).status, "completed");
      const again = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
      assert.deepEqual(again._meta?.[RELATED], { taskId });
      const { tasks: listed } = await client.experimental.tasks.listTasks();
      assert.deepEqual((listed as { taskId: string }[]).map((it) => it.taskId), [taskId]);
    } finally {
      await client.close();
    }
  });

  test("the server declares what it can, to clients of that revision alone", async () => {
    await using server = await startServer({});
    const capabilitiesOf = async (version: string) =>
      (await server.session({ version })).initialized.result.capabilities.tasks;
    assert.deepEqual(await capabilitiesOf("2025-11-25"), { list: {}, cancel: {}, requests: { tools: { call: {} } } });
    assert.equal(await capabilitiesOf("2025-06-18"), undefined);
  });

  test("tools that say nothing may be called as tasks, and those that are sync may not", async () => {
    await using server = await startServer({
      tools: {
        silent: { run: () => "ran" },
        may: { execution: "async", run: () => "ran" },
        never: { execution: "sync", run: () => "ran" },
      },
    });
    const session = await server.session();
    for (const name of ["silent", "may"]) {
      assert.equal((await begin(session, name)).status, "working");
      assert.equal((await session.request("tools/call", { name, arguments: {} })).result.content[0].text, "ran");
    }
    const refused = await session.request("tools/call", { name: "never", arguments: {}, task: {} });
    assert.equal(refused.error?.code, ErrorCode.methodNotFound);
    const unknown = await session.request("tools/call", { name: "nobody", arguments: {}, task: {} });
    assert.equal(unknown.error?.code, ErrorCode.invalidParams);
    const older = await server.session({ version: "2025-06-18" });
    const ignored = await older.request("tools/call", { name: "silent", arguments: {}, task: {} });
    assert.equal(ignored.result.content[0].text, "ran");
  });

  test("a tool that has to be a task is refused otherwise to a client that knows tasks", async () => {
    await using server = await startServer({ tools: { must: { execution: "required", run: () => "ran" } } });
    const session = await server.session({ capabilities: { tasks: {} } });
    const { error } = await session.request("tools/call", { name: "must", arguments: {} });
    assert.equal(error?.code, ErrorCode.methodNotFound);
  });

  test("tasks/result waits for the end, and answers what the call would have", async () => {
    const gate = defer();
    await using server = await startServer({
      tools: {
        wait: {
          async run() {
            await gate.promise;
            return { rows: 2 };
          },
        },
        refuse: {
          run() {
            throw new ToolError("No such row");
          },
        },
        break: {
          run() {
            throw new ProtocolError(-32050, "Out of rows", { rows: 0 });
          },
        },
      },
    });
    const session = await server.session();
    const { taskId } = await begin(session, "wait");
    const results = [1, 2].map(() => session.request("tasks/result", { taskId }));
    gate.resolve();
    for (const { result } of await Promise.all(results)) {
      assert.deepEqual(result, {
        content: [{ type: "text", text: '{"rows":2}' }],
        structuredContent: { rows: 2 },
        _meta: { [RELATED]: { taskId } },
      });
    }
    const refused = await begin(session, "refuse");
    const { result } = await session.request("tasks/result", refused);
    assert.deepEqual([result.isError, result.content[0].text], [true, "No such row"]);
    const { status, statusMessage } = await stateOf(session, refused.taskId, "failed");
    assert.deepEqual([status, statusMessage], ["failed", "No such row"]);
    const { error } = await session.request("tasks/result", await begin(session, "break"));
    assert.deepEqual(error, { code: -32050, message: "Out of rows", data: { rows: 0 } });
  });

  test("tasks/cancel ends the call, and is refused once the task has ended", async () => {
    const ended = defer<unknown>();
    await using server = await startServer({
      tools: { wait: { run: (_, call) => aborted(call.signal).catch((reason) => ended.resolve(reason)) as never } },
    });
    const session = await server.session();
    const { taskId } = await begin(session, "wait");
    const waiting = session.request("tasks/result", { taskId });
    const { result } = await session.request("tasks/cancel", { taskId });
    assert.deepEqual([result.taskId, result.status, result.statusMessage], [
      taskId,
      "cancelled",
      "Cancelled by the client",
    ]);
    await soon(ended.promise);
    assert.equal((await waiting).error?.code, ErrorCode.internalError);
    const again = await session.request("tasks/cancel", { taskId });
    assert.deepEqual(again.error, {
      code: ErrorCode.invalidParams,
      message: "Cannot cancel the task: it is cancelled already",
    });
  });

  test("the life that is asked for is granted up to the longest, and what is no number is refused", async () => {
    await using server = await startServer({
      config: { ttl_ms: 5_000, max_ttl_ms: 60_000 },
      tools: { run: { run: () => "" } },
    });
    const session = await server.session();
    const ttlOf = async (task: unknown) => (await begin(session, "run", task)).ttl;
    assert.deepEqual(
      [await ttlOf({}), await ttlOf({ ttl: 10_000 }), await ttlOf({ ttl: 1e12 }), await ttlOf({ ttl: null })],
      [5_000, 10_000, 60_000, 60_000],
    );
    for (const task of [7, { ttl: -1 }, { ttl: "soon" }, []]) {
      const { error } = await session.request("tools/call", { name: "run", arguments: {}, task });
      assert.equal(error?.code, ErrorCode.invalidParams, JSON.stringify(task));
    }
  });

  test("tasks/list tells the newest first, page by page, and those of nobody else", async () => {
    await using server = await startServer({ config: { max_running: 250 }, tools: { run: { run: () => "" } } });
    const session = await server.session({ principal: principalOf("ada") });
    const ids: string[] = [];
    for (let i = 0; i < 205; i++) ids.push((await begin(session, "run")).taskId);
    const other = await server.session({ principal: principalOf("eve") });
    await begin(other, "run");
    const listed: string[] = [];
    let cursor: string | undefined;
    const sizes: number[] = [];
    do {
      const { result } = await session.request("tasks/list", cursor === undefined ? {} : { cursor });
      listed.push(...result.tasks.map((it: { taskId: string }) => it.taskId));
      sizes.push(result.tasks.length);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(sizes, [100, 100, 5]);
    assert.deepEqual(listed, [...ids].sort().reverse());
    assert.equal((await other.request("tasks/list")).result.tasks.length, 1);
    for (const cursor of ["", "x", btoa("x")]) {
      assert.equal((await session.request("tasks/list", { cursor })).error?.code, ErrorCode.invalidParams);
    }
  });

  test("a question of a task is asked again when whoever was asked has left", async () => {
    await using server = await startServer({ tools: { ask: { run: (_, call) => askText(call, "Name?") } } });
    const session = await server.session({ capabilities: ASKS });
    const { taskId } = await begin(session, "ask");
    await stateOf(session, taskId, "input_required");
    const first = questionsOf(await session.start("tasks/result", { taskId }));
    const asked = (await first.next()).value;
    assert.equal(asked?.method, "elicitation/create");
    assert.deepEqual(asked?.params._meta, { [RELATED]: { taskId } });
    // the request is the second of the session, after initialize and the call
    const requestId = Number((await session.request("ping")).id) - 1;
    await session.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
    const second = questionsOf(await session.start("tasks/result", { taskId }));
    const again = (await second.next()).value;
    await session.send({ jsonrpc: "2.0", id: again?.id, result: { action: "accept", content: { text: "Ada" } } });
    const answer = (await second.next()).value;
    assert.equal(answer?.result.content[0].text, "Ada");
  });

  test("a client that refuses a question refuses it to the tool", async () => {
    await using server = await startServer({ tools: { ask: { run: (_, call) => askText(call, "Name?") } } });
    const session = await server.session({ capabilities: ASKS });
    const { taskId } = await begin(session, "ask");
    const stream = questionsOf(await session.start("tasks/result", { taskId }));
    const asked = (await stream.next()).value;
    await session.send({ jsonrpc: "2.0", id: asked?.id, error: { code: -1, message: "Nobody is here" } });
    const { result } = (await stream.next()).value ?? {};
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /^Cannot ask the user: .*Nobody is here/);
  });

  test("a session that cannot ask leaves the question to one that can", async () => {
    await using server = await startServer({ tools: { ask: { run: (_, call) => askText(call, "Name?") } } });
    const able = await server.session({ capabilities: ASKS });
    const unable = await server.session();
    const { taskId } = await begin(able, "ask");
    const waiting = unable.request("tasks/result", { taskId });
    const stream = questionsOf(await able.start("tasks/result", { taskId }));
    const asked = (await stream.next()).value;
    await able.send({ jsonrpc: "2.0", id: asked?.id, result: { action: "decline" } });
    assert.equal((await waiting).result.content[0].text, "decline");
    const { result } = await unable.request("tasks/result", await begin(unable, "ask"));
    assert.match(result.content[0].text, /has not declared that capability/);
  });

  test("sessions of whoever it belongs to hear of the changes of a task", async () => {
    const gate = defer<Call>();
    const end = defer();
    await using server = await startServer({
      tools: {
        work: {
          async run(_, call) {
            await call.progress(1, 2, "half");
            gate.resolve(call);
            await end.promise;
            return "done";
          },
        },
      },
    });
    const session = await server.session();
    const listening = new AbortController();
    const stream = questionsOf(await session.bodyless("GET", {}, listening.signal));
    const { taskId } = await begin(session, "work");
    const statuses: string[] = [];
    for await (const { method, params } of stream) {
      assert.equal(method, "notifications/tasks/status");
      assert.equal(params.taskId, taskId);
      statuses.push(`${params.status} ${params.statusMessage ?? ""}`.trim());
      if (params.statusMessage === "half") end.resolve();
      if (params.status === "completed") break;
    }
    listening.abort();
    assert.deepEqual(statuses, ["working half", "completed"]);
  });

  test("tasks of 2026-07-28 are seen by sessions of the same principal", async () => {
    await using server = await startServer({ tools: { run: { execution: "async", run: () => "ran" } } });
    const taskId = await callTask(server, "run");
    const session = await server.session();
    assert.equal((await session.request("tasks/result", { taskId })).result.content[0].text, "ran");
  });
});

/** Reads the messages of a stream, as they come. */
async function* questionsOf(response: Response): AsyncGenerator<Message, void> {
  for await (const { data } of eventsOf(response)) if (data !== "") yield JSON.parse(data);
}
