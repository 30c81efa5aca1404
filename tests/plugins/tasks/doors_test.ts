import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, Plugin } from "../../../kernel/mod.ts";
import { provide } from "../../../kernel/testing.ts";
import { Store } from "../../../plugins/store/contract.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import tasks from "../../../plugins/tasks/mod.ts";
import { listen } from "../../support/listen.ts";
import { answerOf, initialize, type Message, modern, post, RawSession } from "../../support/raw.ts";
import { type ServedPipes, servePipes } from "../../support/served.ts";
import { until } from "../../support/wait.ts";
import { askText, ENDED, KNOWS_TASKS, startServer, toolsOf } from "./kit.ts";

// what tasks need of each door: answers of their own kind, methods, questions in the middle, notifications

const greet = {
  execution: "async",
  run: async (_: unknown, call: Parameters<typeof askText>[0]) => `Hello, ${await askText(call, "Name?", "name")}!`,
} as const;

/** Serves the tool over pipes, and runs. */
async function overPipes(run: (served: ServedPipes) => Promise<void>): Promise<void> {
  const store = memoryStore();
  {
    await using served = await servePipes([provide(Store, store), tasks as Plugin<void>, toolsOf({ greet })]);
    served.read();
    await run(served);
  }
  await store.close();
}

/** Asks until a task is in one of these states. */
async function untilStatus(ask: () => Promise<Message>, is: readonly string[]): Promise<JsonObject> {
  let answer: Message = {};
  await until(async () => {
    answer = await ask();
    assert.equal(answer.error, undefined);
    return is.includes(answer.result.status);
  }, is.join(" or "));
  return answer.result;
}

test("a task of 2026-07-28 over stdio: created, listened to, answered, read", () =>
  overPipes(async (served) => {
    let id = 0;
    const send = (method: string, params: JsonObject) => {
      const { body } = modern(method, params, { capabilities: KNOWS_TASKS, id: ++id });
      served.write(body);
      return id;
    };
    const ask = (method: string, params: JsonObject) => served.answer(send(method, params));
    const { taskId } = (await ask("tools/call", { name: "greet", arguments: {} })).result;
    send("subscriptions/listen", { notifications: { taskIds: [taskId] } });
    await until(() => served.messages.some((it) => it.method === "notifications/subscriptions/acknowledged"));
    await untilStatus(() => ask("tasks/get", { taskId }), ["input_required"]);
    await ask("tasks/update", { taskId, inputResponses: { name: { action: "accept", content: { text: "Ada" } } } });
    const told = () =>
      served.messages.find((it) => it.method === "notifications/tasks" && it.params.status === "completed");
    await until(told, "the notification");
    assert.equal(told()!.params.result.content[0].text, "Hello, Ada!");
    await untilStatus(() => ask("tasks/get", { taskId }), ENDED);
  }));

test("a task of 2025-11-25 over stdio: created, asked about by its result, told of", () =>
  overPipes(async (served) => {
    served.write(initialize("2025-11-25", { elicitation: {} }));
    await served.answer(1);
    served.write({ jsonrpc: "2.0", method: "notifications/initialized" });
    served.write({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "greet", arguments: {}, task: {} } });
    const { taskId } = (await served.answer(2)).result.task;
    served.write({ jsonrpc: "2.0", id: 3, method: "tasks/result", params: { taskId } });
    const question = () => served.messages.find((it) => it.method === "elicitation/create");
    await until(question, "the question");
    served.write({ jsonrpc: "2.0", id: question()!.id, result: { action: "accept", content: { text: "Ada" } } });
    assert.equal((await served.answer(3)).result.content[0].text, "Hello, Ada!");
    const statuses = served.messages.filter((it) => it.method === "notifications/tasks/status").map((it) =>
      it.params.status
    );
    assert.ok(statuses.includes("input_required"));
    await until(() => served.messages.some((it) => it.params?.status === "completed"), "the last status");
  }));

test("tasks of both revisions over HTTP on a port", async () => {
  await using server = await startServer({ tools: { greet } });
  await using port = await listen((request) => server.http.fetch(request));
  const fetchAt = (request: Request) => fetch(new Request(new URL("/mcp", port.url), request));
  const ask = async (method: string, params: JsonObject) => {
    const { body, headers } = modern(method, params, { capabilities: KNOWS_TASKS });
    return await answerOf(await post(fetchAt, body, { headers }));
  };
  const { taskId } = (await ask("tools/call", { name: "greet", arguments: {} })).result;
  await untilStatus(() => ask("tasks/get", { taskId }), ["input_required"]);
  await ask("tasks/update", { taskId, inputResponses: { name: { action: "accept", content: { text: "Ada" } } } });
  await untilStatus(() => ask("tasks/get", { taskId }), ENDED);
  const session = await RawSession.open(fetchAt);
  const { result } = await session.request("tasks/result", { taskId });
  assert.equal(result.content[0].text, "Hello, Ada!");
});
