import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode, ProtocolError, ToolError } from "../../../kernel/mod.ts";
import { answerOf, modern, post } from "../../support/raw.ts";
import { aborted, defer, soon, until } from "../../support/wait.ts";
import {
  accepted,
  askText,
  callTask,
  ENDED,
  KNOWS_TASKS,
  notificationsOf,
  principalOf,
  startServer,
  taskIn,
  TASKS,
} from "./kit.ts";

describe("tasks of 2026-07-28", () => {
  test("a tool with execution async is answered by a task that can be read at once", async () => {
    const gate = defer();
    await using server = await startServer({
      tools: {
        wait: {
          execution: "async",
          async run() {
            await gate.promise;
            return { waited: true };
          },
        },
      },
    });
    const { result } = await server.modern("tools/call", { name: "wait", arguments: {} });
    const { taskId, createdAt, lastUpdatedAt, resultType, _meta, ...rest } = result;
    assert.deepEqual(rest, { status: "working", ttlMs: 86_400_000, pollIntervalMs: 1_000 });
    assert.equal(resultType, "task");
    assert.equal(new Date(createdAt).toISOString(), createdAt);
    assert.equal(lastUpdatedAt, createdAt);
    const { result: working } = await server.modern("tasks/get", { taskId });
    assert.deepEqual([working.resultType, working.status, "result" in working], ["complete", "working", false]);
    gate.resolve();
    const completed = await taskIn(server, taskId, { is: ENDED });
    assert.equal(completed.status, "completed");
    assert.deepEqual(completed.result.structuredContent, { waited: true });
    assert.equal(completed.result._meta, undefined);
  });

  test("a tool is called at once for a client without the extension, unless it has to be a task", async () => {
    await using server = await startServer({
      tools: {
        may: { execution: "async", run: () => "now" },
        must: { execution: "required", run: () => "never" },
        never: { execution: "sync", run: () => "now" },
        silent: { run: () => "now" },
      },
    });
    const call = (name: string, capabilities = {}) =>
      server.modern("tools/call", { name, arguments: {}, task: { ttl: 1_000 } }, { capabilities });
    assert.equal((await call("may")).result.content[0].text, "now");
    const { error } = await call("must");
    assert.equal(error?.code, ErrorCode.missingClientCapability);
    assert.deepEqual(error?.data, { requiredCapabilities: { extensions: { [TASKS]: {} } } });
    for (const name of ["never", "silent"]) {
      assert.equal((await call(name, KNOWS_TASKS)).result.content[0].text, "now");
    }
    assert.equal((await call("must", KNOWS_TASKS)).result.resultType, "task");
    assert.match((await call("unknown", KNOWS_TASKS)).error!.message, /Unknown tool/);
  });

  test("a result with isError completes a task, and a protocol error fails it", async () => {
    await using server = await startServer({
      tools: {
        refuse: {
          execution: "async",
          run() {
            throw new ToolError("No such row");
          },
        },
        break: {
          execution: "async",
          run() {
            throw new ProtocolError(-32050, "Out of rows", { rows: 0 });
          },
        },
      },
    });
    const refused = await taskIn(server, await callTask(server, "refuse"), { is: ENDED });
    assert.deepEqual([refused.status, refused.result.isError], ["completed", true]);
    const broken = await taskIn(server, await callTask(server, "break"), { is: ENDED });
    assert.deepEqual([broken.status, broken.result, broken.statusMessage], ["failed", undefined, "Out of rows"]);
    assert.deepEqual(broken.error, { code: -32050, message: "Out of rows", data: { rows: 0 } });
  });

  test("cancelling ends the call, drops its late result, and is acknowledged each time", async () => {
    const ended = defer<unknown>();
    const late = defer();
    await using server = await startServer({
      tools: {
        wait: {
          execution: "async",
          async run(_, call) {
            await aborted(call.signal).catch((reason) => ended.resolve(reason));
            await late.promise;
            return "late";
          },
        },
      },
    });
    const taskId = await callTask(server, "wait");
    const acknowledge = async () => {
      const { _meta, ...result } = (await server.modern("tasks/cancel", { taskId })).result;
      assert.deepEqual(result, { resultType: "complete" });
    };
    await acknowledge();
    assert.match(String(await soon(ended.promise)), /Cancelled by the client/);
    late.resolve();
    await acknowledge();
    const { status, statusMessage, result } = await taskIn(server, taskId, { is: ENDED });
    assert.deepEqual([status, statusMessage, result], ["cancelled", "Cancelled by the client", undefined]);
  });

  test("questions are told by key, answered one by one, and a malformed answer leaves its question open", async () => {
    await using server = await startServer({
      tools: {
        ask: {
          execution: "async",
          async run(_, call) {
            const [first, second, roots] = await Promise.all([
              askText(call, "First?", "first"),
              askText(call, "Second?"),
              call.roots(),
            ]);
            return `${first} ${second} ${roots.length}`;
          },
        },
      },
    });
    const taskId = await callTask(server, "ask");
    const keysOf = async () =>
      Object.keys((await taskIn(server, taskId, { is: ["input_required", ...ENDED] })).inputRequests ?? {}).sort();
    await until(async () => (await keysOf()).length === 3, "three questions");
    assert.deepEqual(await keysOf(), ["elicitation", "first", "roots"]);
    const { inputRequests } = await taskIn(server, taskId, { is: ["input_required"] });
    assert.deepEqual(inputRequests.first, {
      method: "elicitation/create",
      params: { message: "First?", requestedSchema: { type: "object", properties: { text: { type: "string" } } } },
    });
    const update = async (inputResponses: unknown) => {
      const { result, error } = await server.modern("tasks/update", { taskId, inputResponses });
      return error?.code ?? result.resultType;
    };
    assert.equal(
      await update({ first: { action: "perhaps" }, roots: { roots: [{}] }, other: accepted({}) }),
      "complete",
    );
    assert.deepEqual(await keysOf(), ["elicitation", "first", "roots"]);
    assert.equal(await update([]), ErrorCode.invalidParams);
    assert.equal(
      await update({ first: accepted({ text: "one" }), roots: { roots: [{ uri: "file:///a" }] } }),
      "complete",
    );
    assert.deepEqual(await keysOf(), ["elicitation"]);
    // an answer that was given counts, whatever is sent again
    assert.equal(await update({ first: accepted({ text: "again" }), elicitation: { action: "decline" } }), "complete");
    const { status, result } = await taskIn(server, taskId, { is: ENDED });
    assert.deepEqual([status, result.content[0].text], ["completed", "one decline 1"]);
  });

  test("a question that is withdrawn is told no more, and its tool goes on", async () => {
    const enough = new AbortController();
    const rest = defer();
    const question = { key: "name", message: "Name?", requestedSchema: { type: "object", properties: {} } };
    await using server = await startServer({
      tools: {
        ask: {
          execution: "async",
          async run(_, call) {
            const why = await call.elicit(question, enough).catch((thrown: unknown) => thrown);
            await rest.promise;
            return String(why);
          },
        },
      },
    });
    const taskId = await callTask(server, "ask");
    await taskIn(server, taskId, { is: ["input_required"] });
    enough.abort("enough");
    const { inputRequests } = await taskIn(server, taskId, { is: ["working"] });
    assert.equal(inputRequests, undefined);
    rest.resolve();
    const { result } = await taskIn(server, taskId, { is: ENDED });
    assert.equal(result.content[0].text, "enough");
  });

  test("a key is never used twice, since a client answers it once", async () => {
    await using server = await startServer({
      tools: {
        ask: {
          execution: "async",
          run: async (_, call) => `${await askText(call, "1?", "name")} ${await askText(call, "2?", "name")}`,
        },
      },
    });
    const taskId = await callTask(server, "ask");
    for (const [key, text] of [["name", "a"], ["name_2", "b"]] as const) {
      await until(async () => {
        const { inputRequests = {} } = await taskIn(server, taskId, { is: ["input_required", "working"] });
        return key in inputRequests;
      }, key);
      await server.modern("tasks/update", { taskId, inputResponses: { [key]: accepted({ text }) } });
    }
    const { result } = await taskIn(server, taskId, { is: ENDED });
    assert.equal(result.content[0].text, "a b");
  });

  test("a question that the client cannot answer fails the task as it would fail the call", async () => {
    await using server = await startServer({
      tools: { ask: { execution: "async", run: (_, call) => askText(call, "Name?") } },
    });
    const capabilities = { extensions: { [TASKS]: {} } };
    const { status, error } = await taskIn(server, await callTask(server, "ask", { capabilities }), {
      is: ENDED,
      capabilities,
    });
    assert.deepEqual([status, error.code], ["failed", ErrorCode.missingClientCapability]);
  });

  test("a tool that asks first and detaches then is asked about by its call, and goes on as a task", async () => {
    const detached: boolean[] = [];
    await using server = await startServer({
      tools: {
        greet: {
          async run(_, call) {
            const name = await askText(call, "Name?", "name");
            detached.push(await call.detach(), await call.detach());
            return `${name} ${await askText(call, "Colour?", "colour")}`;
          },
        },
      },
    });
    const params = { name: "greet", arguments: {} };
    const { result: asked } = await server.modern("tools/call", params);
    assert.deepEqual([asked.resultType, Object.keys(asked.inputRequests)], ["input_required", ["name"]]);
    const { result: created } = await server.modern("tools/call", {
      ...params,
      inputResponses: { name: accepted({ text: "Ada" }) },
      requestState: asked.requestState,
    });
    assert.equal(created.resultType, "task");
    assert.equal("requestState" in created, false);
    const { taskId } = created;
    await taskIn(server, taskId, { is: ["input_required"] });
    await server.modern("tasks/update", { taskId, inputResponses: { colour: accepted({ text: "red" }) } });
    assert.equal((await taskIn(server, taskId, { is: ENDED })).result.content[0].text, "Ada red");
    assert.deepEqual(detached, [true, true]);
  });

  test("detaching does nothing where the client knows no tasks, or the tool says that it is none", async () => {
    const run = async (_: unknown, call: { detach(): Promise<boolean> }) => String(await call.detach());
    await using server = await startServer({ tools: { open: { run }, sync: { execution: "sync", run } } });
    const call = async (name: string, capabilities: Record<string, unknown>) =>
      (await server.modern("tools/call", { name, arguments: {} }, { capabilities })).result;
    assert.equal((await call("open", {})).content[0].text, "false");
    assert.equal((await call("sync", KNOWS_TASKS)).content[0].text, "false");
    const { taskId, resultType } = await call("open", KNOWS_TASKS);
    assert.equal(resultType, "task");
    assert.equal((await taskIn(server, taskId, { is: ENDED })).result.content[0].text, "true");
  });

  test("a call whose client leaves before it is a task ends with its request, afterwards it does not", async () => {
    const states: string[] = [];
    const step = defer();
    await using server = await startServer({
      tools: {
        wait: {
          async run(_, call) {
            await call.detach();
            await step.promise;
            states.push(String(call.signal.aborted));
            return "done";
          },
        },
      },
    });
    const response = await server.start("tools/call", { name: "wait", arguments: {} });
    const { result } = await response.json();
    step.resolve();
    assert.equal((await taskIn(server, result.taskId, { is: ENDED })).status, "completed");
    assert.deepEqual(states, ["false"]);
  });

  test("progress becomes the message of the status, and log messages are dropped", async () => {
    const gate = defer();
    await using server = await startServer({
      tools: {
        climb: {
          execution: "async",
          async run(_, call) {
            for (let i = 1; i <= 1_000; i++) await call.progress(i, 1_000);
            call.log("info", "half way");
            await gate.promise;
            return "up";
          },
        },
      },
    });
    const taskId = await callTask(server, "climb", { meta: { progressToken: 1 } });
    await until(async () => {
      const { statusMessage } = await taskIn(server, taskId, { is: ["working"] });
      return statusMessage === "1000 of 1000";
    }, "the last step");
    gate.resolve();
    assert.equal((await taskIn(server, taskId, { is: ENDED })).statusMessage, undefined);
  });

  test("clients that listen to a task hear of its changes, to the end", async () => {
    await using server = await startServer({
      tools: { ask: { execution: "async", run: (_, call) => askText(call, "Name?", "name") } },
    });
    const taskId = await callTask(server, "ask");
    await taskIn(server, taskId, { is: ["input_required"] });
    const notifications = { taskIds: [taskId, "forged"] };
    const stream = notificationsOf(await server.start("subscriptions/listen", { notifications }));
    const acknowledged = (await stream.next()).value;
    assert.deepEqual(acknowledged?.params.notifications, { taskIds: [taskId] });
    await server.modern("tasks/update", { taskId, inputResponses: { name: accepted({ text: "Ada" }) } });
    const seen: string[] = [];
    for await (const { method, params } of stream) {
      assert.equal(method, "notifications/tasks");
      assert.equal(params.taskId, taskId);
      seen.push(params.status);
      if (params.status === "completed") {
        assert.equal(params.result.content[0].text, "Ada");
        break;
      }
    }
    assert.equal(seen.at(-1), "completed");
  });

  test("nobody listens to a task of another, nor without the extension", async () => {
    await using server = await startServer({ tools: { run: { execution: "async", run: () => "ran" } } });
    const [ada, eve] = [principalOf("ada"), principalOf("eve")];
    const taskId = await callTask(server, "run", { principal: ada });
    const listen = async (asking: Parameters<typeof server.start>[2]) => {
      const response = await server.start("subscriptions/listen", { notifications: { taskIds: [taskId] } }, asking);
      const first = (await notificationsOf(response).next()).value;
      return first?.error?.code ?? first?.params.notifications;
    };
    assert.deepEqual(await listen({ principal: eve }), {});
    const response = await server.start("subscriptions/listen", { notifications: { taskIds: [taskId] } }, {
      principal: ada,
      capabilities: {},
    });
    assert.equal((await response.json()).error.code, ErrorCode.missingClientCapability);
  });

  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    test(`${method} is refused without the extension, without an id, and with another in its header`, async () => {
      await using server = await startServer({ tools: { run: { execution: "async", run: () => "ran" } } });
      const taskId = await callTask(server, "run");
      const params = { taskId, inputResponses: {} };
      const { error } = await server.modern(method, params, { capabilities: {} });
      assert.equal(error?.code, ErrorCode.missingClientCapability);
      assert.equal((await server.modern(method, params)).error, undefined);
      assert.equal((await server.modern(method, { inputResponses: {} })).error?.code, ErrorCode.invalidParams);
      const { body, headers } = modern(method, params, { capabilities: KNOWS_TASKS });
      const other = { ...headers, "mcp-name": "another" };
      const mismatch = await answerOf(await post((it) => server.http.fetch(it), body, { headers: other }));
      assert.equal(mismatch.error?.code, ErrorCode.headerMismatch);
    });
  }

  test("tasks/list and tasks/result are not there", async () => {
    await using server = await startServer({});
    for (const method of ["tasks/list", "tasks/result"]) {
      assert.equal((await server.modern(method, { taskId: "x" })).error?.code, ErrorCode.methodNotFound);
    }
  });

  test("the extension is told to every client", async () => {
    await using server = await startServer({});
    const { capabilities } = (await server.modern("server/discover", {})).result;
    assert.deepEqual([capabilities.extensions, capabilities.tasks], [{ [TASKS]: {} }, undefined]);
  });
});
