import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, ProtocolError, ToolError } from "../../../kernel/mod.ts";
import { conformance } from "../../../kernel/testing.ts";
import store from "../../../plugins/store/mod.ts";
import tasks from "../../../plugins/tasks/mod.ts";
import type { RawSession } from "../../support/raw.ts";
import { aborted, defer, soon, until } from "../../support/wait.ts";
import { askText, principalOf, startServer } from "./kit.ts";

const ASYNC = { dcc: { async: true } };

/** Calls a tool and gives its result. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
async function call(session: RawSession, name: string, args: JsonObject = {}, _meta: JsonObject = {}): Promise<any> {
  const { result, error } = await session.request("tools/call", { name, arguments: args, _meta });
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

async function begin(session: RawSession, name: string, _meta: JsonObject = ASYNC): Promise<string> {
  return (await call(session, name, {}, _meta)).structuredContent.job_id;
}

/** Waits until a job has ended, and gives its state. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
async function ended(session: RawSession, job_id: string, more: JsonObject = {}): Promise<any> {
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  let job: any;
  await until(async () => {
    job = (await call(session, "jobs_get_status", { job_id, ...more })).structuredContent;
    return job.status !== "running";
  }, "the end of the job");
  return job;
}

describe("jobs, for clients that know no tasks", () => {
  test("a call that asks for it is answered at once, and its result is there later", async () => {
    const gate = defer();
    await using server = await startServer({
      tools: {
        work: {
          async run(_, call) {
            await call.progress(1, 4, "cutting");
            await gate.promise;
            return { cut: true };
          },
        },
      },
    });
    const session = await server.session({ version: "2025-06-18" });
    const { structuredContent, content, isError } = await call(session, "work", {}, {
      dcc: { async: true, parentJobId: "p1" },
    });
    const { job_id } = structuredContent;
    assert.deepEqual(structuredContent, {
      job_id,
      status: "pending",
      parent_job_id: "p1",
      _meta: { status: "pending", dcc: { jobId: job_id, parentJobId: "p1" } },
    });
    assert.equal(isError, undefined);
    assert.ok(content[0].text.includes(job_id));
    const statusOf = async () => (await call(session, "jobs_get_status", { job_id })).structuredContent;
    await until(async () => (await statusOf()).progress !== null, "progress");
    const { created_at, started_at, updated_at, ...running } = await statusOf();
    assert.deepEqual(running, {
      job_id,
      parent_job_id: "p1",
      tool: "work",
      status: "running",
      completed_at: null,
      progress: { current: 1, total: 4, message: "cutting" },
      error: null,
    });
    assert.ok(created_at <= started_at && started_at <= updated_at);
    gate.resolve();
    const done = await ended(session, job_id);
    assert.deepEqual([done.status, done.result, done.error], ["completed", { cut: true }, null]);
    assert.ok(done.completed_at >= created_at);
    assert.equal("result" in await ended(session, job_id, { include_result: false }), false);
  });

  test("a tool that has to be a task is a job for whoever knows none", async () => {
    const output = { type: "object", properties: { rows: { type: "number" } } };
    await using server = await startServer({
      tools: {
        must: { execution: "required", run: () => "ran" },
        promise: { execution: "required", output: output as never, run: () => ({ rows: 1 }) as never },
      },
    });
    const session = await server.session();
    const { structuredContent } = await call(session, "must");
    assert.equal(structuredContent.status, "pending");
    assert.equal((await ended(session, structuredContent.job_id)).result, "ran");
    // its client would take any other structured content for a broken promise
    const promised = await call(session, "promise");
    assert.deepEqual([promised.isError, promised.structuredContent], [true, undefined]);
    const [job_id] = /\S+-[0-9a-f]{32}/.exec(promised.content[0].text)!;
    assert.deepEqual((await ended(session, job_id)).result, { rows: 1 });
  });

  test("a tool that says sync is called at once, whatever is asked", async () => {
    await using server = await startServer({ tools: { now: { execution: "sync", run: () => "ran" } } });
    assert.equal((await call(await server.session(), "now", {}, ASYNC)).content[0].text, "ran");
  });

  test("failures are told as errors of the job", async () => {
    await using server = await startServer({
      tools: {
        refuse: {
          run() {
            throw new ToolError("No such row");
          },
        },
        break: {
          run() {
            throw new ProtocolError(-32050, "Out of rows");
          },
        },
        ask: { run: (_, call) => askText(call, "Name?") },
      },
    });
    const session = await server.session({ capabilities: { elicitation: {} } });
    for (
      const [name, message] of [["refuse", /^No such row$/], ["break", /^Out of rows$/], [
        "ask",
        /nobody to ask/,
      ]] as const
    ) {
      const { status, error, result } = await ended(session, await begin(session, name));
      assert.deepEqual([status, result], ["failed", undefined]);
      assert.match(error, message);
    }
  });

  test("cancelling a job ends its call, and the jobs below it", async () => {
    const reasons: unknown[] = [];
    await using server = await startServer({
      tools: { wait: { run: (_, call) => aborted(call.signal).catch((it) => reasons.push(it)) as never } },
    });
    const session = await server.session();
    const parent = await begin(session, "wait");
    const child = await begin(session, "wait", { dcc: { async: true, parentJobId: parent } });
    const grandchild = await begin(session, "wait", { dcc: { async: true, parentJobId: child } });
    const other = await begin(session, "wait", { dcc: { async: true, parentJobId: "another" } });
    const cancel = async (job_id: string) => (await call(session, "jobs_cancel", { job_id })).structuredContent;
    assert.deepEqual(await cancel(parent), { job_id: parent, status: "cancelled" });
    await soon(until(() => reasons.length === 3));
    for (const id of [parent, child, grandchild]) assert.equal((await ended(session, id)).status, "cancelled");
    assert.equal((await call(session, "jobs_get_status", { job_id: other })).structuredContent.status, "running");
    assert.deepEqual(await cancel(parent), { job_id: parent, status: "cancelled" });
  });

  test("jobs_cleanup forgets what has ended, of whoever calls it", async () => {
    const gate = defer();
    await using server = await startServer({
      tools: { run: { run: () => "ran" }, wait: { run: () => gate.promise as never } },
    });
    const ada = await server.session({ principal: principalOf("ada") });
    const eve = await server.session({ principal: principalOf("eve") });
    const jobs = [await begin(ada, "run"), await begin(ada, "run")];
    for (const job of jobs) await ended(ada, job);
    const waiting = await begin(ada, "wait");
    const foreign = await begin(eve, "run");
    await ended(eve, foreign);
    const cleanUp = async (args: JsonObject) => (await call(ada, "jobs_cleanup", args)).structuredContent;
    assert.deepEqual(await cleanUp({}), { removed: 0, older_than_hours: 24 });
    assert.deepEqual(await cleanUp({ older_than_hours: 0 }), { removed: 2, older_than_hours: 0 });
    for (const job_id of jobs) {
      const { isError, content } = await call(ada, "jobs_get_status", { job_id });
      assert.equal(isError, true);
      assert.ok(content[0].text.includes(job_id));
    }
    gate.resolve();
    assert.equal((await ended(ada, waiting)).status, "completed");
    assert.equal((await ended(eve, foreign)).status, "completed");
  });
});

conformance(tasks, undefined, { with: [[store, { engine: "memory" }]] });
