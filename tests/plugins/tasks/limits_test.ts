import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode } from "../../../kernel/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import { aborted, defer, soon, until } from "../../support/wait.ts";
import { askText, callTask, ENDED, principalOf, startServer, taskIn } from "./kit.ts";

describe("limits of tasks", () => {
  test("a principal runs no more than so many at one time, however fast it asks", async () => {
    const gate = defer();
    await using server = await startServer({
      config: { max_running: 5 },
      tools: { wait: { execution: "async", run: () => gate.promise as never } },
    });
    const asked = Array.from({ length: 20 }, () => server.modern("tools/call", { name: "wait", arguments: {} }));
    const answers = await Promise.all(asked);
    const ids = answers.flatMap(({ result }) => result?.taskId ?? []);
    assert.equal(ids.length, 5);
    const { error } = answers.find((it) => it.error !== undefined)!;
    assert.equal(error?.code, ErrorCode.internalError);
    assert.equal(error?.message, "Cannot start a task: 5 are running, which is the limit; wait for one, or cancel it");
    await callTask(server, "wait", { principal: principalOf("another") });
    gate.resolve();
    for (const id of ids) await taskIn(server, id, { is: ENDED });
    await callTask(server, "wait");
  });

  test("a principal keeps no more than so many, and can forget them", async () => {
    await using server = await startServer({
      config: { max_tasks: 3 },
      tools: { run: { execution: "async", run: () => "ran" } },
    });
    for (let i = 0; i < 3; i++) await taskIn(server, await callTask(server, "run"), { is: ENDED });
    const { error } = await server.modern("tools/call", { name: "run", arguments: {} });
    assert.match(error!.message, /^Cannot start a task: 3 are kept, .* jobs_cleanup/);
    await callTask(server, "run", { principal: principalOf("another") });
    await server.modern("tools/call", { name: "jobs_cleanup", arguments: { older_than_hours: 0 } });
    await callTask(server, "run");
  });

  test("a call that would become a task in the middle goes on as it is", async () => {
    const gate = defer();
    await using server = await startServer({
      config: { max_running: 1 },
      tools: {
        wait: { execution: "async", run: () => gate.promise as never },
        detach: { run: async (_, call) => String(await call.detach()) },
      },
    });
    await callTask(server, "wait");
    const { result } = await server.modern("tools/call", { name: "detach", arguments: {} });
    assert.equal(result.content[0].text, "false");
    assert.match(server.log.take("warn")[0]!.message, /goes on without a task: Cannot start a task: 1 are running/);
    gate.resolve();
  });

  test("a task whose time is over ends, and nothing is left of it", async () => {
    const store = memoryStore({ log: fakeLog() });
    const reason = defer<unknown>();
    {
      await using server = await startServer({
        store,
        tools: {
          wait: { run: (_, call) => aborted(call.signal).catch((it) => reason.resolve(it)) as never },
          run: { run: () => "ran" },
          ask: { run: (_, call) => askText(call, "Name?") },
        },
      });
      const session = await server.session({ capabilities: { elicitation: {} } });
      const begin = async (name: string, ttl: number) =>
        (await session.request("tools/call", { name, arguments: {}, task: { ttl } })).result.task.taskId;
      const ids = [await begin("wait", 200), await begin("run", 200), await begin("ask", 200)];
      const waiting = session.request("tasks/result", { taskId: ids[2] });
      assert.match(String(await soon(reason.promise)), /the time that the task had to live is over/);
      for (const taskId of ids) {
        const ask = async () => (await session.request("tasks/get", { taskId })).error;
        await until(async () => await ask() !== undefined, "the end of its time");
        assert.deepEqual(await ask(), { code: ErrorCode.invalidParams, message: "Task not found" });
      }
      assert.equal((await waiting).error?.code, ErrorCode.invalidParams);
    }
    assert.deepEqual((await store.namespaces()).items, []);
    await store.close();
  });

  test("a result that cannot be kept fails its task, and says why", async () => {
    await using server = await startServer({
      tools: { flood: { execution: "async", run: () => "x".repeat(17 * 1024 * 1024) } },
    });
    const { status, error } = await taskIn(server, await callTask(server, "flood"), { is: ENDED });
    assert.equal(status, "failed");
    assert.match(error.message, /^Cannot keep the result: /);
  });
});
