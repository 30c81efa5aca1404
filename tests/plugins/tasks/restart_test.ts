import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, type Plugin, ToolError } from "../../../kernel/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { scanAll, type Store } from "../../../plugins/store/contract.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import type { TaskRecord } from "../../../plugins/tasks/record.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { aborted, defer, pause, soon, until } from "../../support/wait.ts";
import {
  accepted,
  callTask,
  ENDED,
  notificationsOf,
  startServer,
  taskIn,
  type TaskServer,
  type TestTool,
  toolsOf,
} from "./kit.ts";
import { LEASE_MS, startOn, startOther } from "./shared_home.ts";

const INTERRUPTED = "Interrupted: the server was restarted while the task was running";

async function jobOf(server: TaskServer, job_id: string): Promise<JsonObject> {
  const { result } = await server.modern("tools/call", { name: "jobs_get_status", arguments: { job_id } });
  return result.structuredContent;
}

describe("tasks of a server that is killed", { timeout: 60_000 }, () => {
  test("are interrupted, or taken up where they may be repeated", async () => {
    await using folder = await temporaryFolder();
    const other = startOther(folder.path);
    const [wait, count, ask] = [await other.begin("wait"), await other.begin("count"), await other.begin("ask_again")];
    await other.kill();
    await using home = await startOn(folder.path);
    const { server, said } = home;
    const counted = await taskIn(server, count, { is: ENDED });
    assert.deepEqual([counted.status, counted.result.content[0].text], ["completed", "counted"]);
    assert.deepEqual(said, ["count for local"]);
    const waited = await taskIn(server, wait, { is: ENDED });
    assert.deepEqual([waited.status, waited.statusMessage, waited.error], ["failed", INTERRUPTED, {
      code: -32603,
      message: INTERRUPTED,
    }]);
    const job = await jobOf(server, wait);
    assert.deepEqual([job["status"], job["error"]], ["interrupted", INTERRUPTED]);
    // a client that has answered a key will not look at it again
    await until(async () =>
      "name_2" in ((await taskIn(server, ask, { is: ["working", "input_required"] })).inputRequests ?? {})
    );
    await server.modern("tasks/update", { taskId: ask, inputResponses: { name_2: accepted({ text: "Ada" }) } });
    assert.equal((await taskIn(server, ask, { is: ENDED })).result.content[0].text, "Ada");
  });
});

describe("two servers on one home", { timeout: 60_000 }, () => {
  test("the tasks of one are seen, answered and cancelled by the other, and never taken from it", async () => {
    await using folder = await temporaryFolder();
    await using home = await startOn(folder.path);
    const { server, said } = home;
    const other = startOther(folder.path);
    const [wait, count, ask] = [await other.begin("wait"), await other.begin("count"), await other.begin("ask")];
    await pause(3 * LEASE_MS);
    for (const id of [wait, count]) {
      assert.equal((await taskIn(server, id, { is: ["working", ...ENDED] })).status, "working");
    }
    assert.deepEqual(said, []);

    const stream = notificationsOf(await server.start("subscriptions/listen", { notifications: { taskIds: [ask] } }));
    assert.deepEqual((await stream.next()).value?.params.notifications, { taskIds: [ask] });
    const session = await server.session();
    const result = session.request("tasks/result", { taskId: ask });
    await taskIn(server, ask, { is: ["input_required"] });
    await server.modern("tasks/update", { taskId: ask, inputResponses: { name: accepted({ text: "Ada" }) } });
    assert.equal((await result).result.content[0].text, "Ada");
    let told = "";
    while (told !== "completed") told = (await stream.next()).value!.params.status;

    await server.modern("tasks/cancel", { taskId: wait });
    assert.equal((await taskIn(server, wait, { is: ENDED })).status, "cancelled");
    await until(() => other.said.includes("aborted wait: Cancelled by the client"), "the end of the call");

    // stopped in order, it leaves what may be repeated to the other at once
    await other.stop();
    assert.ok(other.said.some((it) => it.startsWith("aborted count: Interrupted")));
    assert.equal((await taskIn(server, count, { is: ENDED })).result.content[0].text, "counted");
    assert.deepEqual(said, ["count for local"]);
  });
});

describe("tasks of a server that stops", () => {
  const repeatable = { execution: "async", annotations: { idempotentHint: true } } as const;
  const hold: TestTool["run"] = (_, call) => aborted(call.signal);

  /** Starts a server, uses it, and stops it. */
  async function during<T>(
    store: Store,
    tools: Record<string, TestTool>,
    run: (server: TaskServer) => Promise<T>,
    plugins: readonly Plugin[] = [],
  ): Promise<T> {
    await using server = await startServer({ store, tools, plugins });
    return await run(server);
  }

  test("end as interrupted, or go on when it starts again", async () => {
    const store = memoryStore({ log: fakeLog() });
    const ids = await during(
      store,
      { once: { execution: "async", run: hold }, again: { ...repeatable, run: hold } },
      async (server) => [await callTask(server, "once"), await callTask(server, "again")],
    );
    const [once, again] = (await recordsOf(store)).sort((a, b) => a.tool < b.tool ? 1 : -1);
    assert.deepEqual([once?.id, once?.status, once?.wasInterrupted, once?.args], [ids[0], "failed", true, undefined]);
    assert.deepEqual([again?.id, again?.status, again?.server, again?.args], [ids[1], "working", undefined, {}]);
    await during(store, { again: { ...repeatable, run: () => "done" } }, async (server) => {
      assert.equal((await taskIn(server, ids[1]!, { is: ENDED })).result.content[0].text, "done");
      assert.equal((await taskIn(server, ids[0]!, { is: ENDED })).status, "failed");
    });
    await store.close();
  });

  test("keep their arguments only while they may be repeated, and no longer than that", async () => {
    const store = memoryStore({ log: fakeLog() });
    await during(
      store,
      { once: { execution: "async", run: hold }, again: { ...repeatable, run: () => "done" } },
      async (server) => {
        for (const name of ["once", "again"]) {
          const { result } = await server.modern("tools/call", { name, arguments: { text: "secret" } });
          if (name === "again") await taskIn(server, result.taskId, { is: ENDED });
        }
        assert.ok((await recordsOf(store)).every((it) => it.args === undefined));
      },
    );
    await store.close();
  });

  test("are not repeated for ever, nor when their tool may not be repeated any more", async () => {
    const store = memoryStore({ log: fakeLog() });
    const [often, changed] = await during(
      store,
      { often: { ...repeatable, run: hold }, changed: { ...repeatable, run: hold } },
      async (server) => [await callTask(server, "often"), await callTask(server, "changed")],
    );
    const entries = store.namespace("tasks");
    for await (const { key, value } of scanAll(entries, { prefix: "task/" })) {
      const record = value as unknown as TaskRecord;
      // as servers leave it that died of it
      if (record.id === often) await entries.set(key, { ...record, server: "gone", resumed: 3 });
    }
    let runs = 0;
    const tools: Record<string, TestTool> = {
      often: { ...repeatable, run: () => String(++runs) },
      changed: { run: () => String(++runs) },
    };
    await during(store, tools, async (server) => {
      for (const id of [often!, changed!]) {
        assert.equal((await taskIn(server, id, { is: ENDED })).statusMessage, INTERRUPTED);
      }
      assert.equal(runs, 0);
      assert.match(server.log.take("warn")[0]!.message, /"changed" is not taken up: it may not be repeated/);
    });
    await store.close();
  });

  test("wait for a tool that is registered after the start", async () => {
    const store = memoryStore({ log: fakeLog() });
    const id = await during(store, { late: { ...repeatable, run: hold } }, (server) => callTask(server, "late"));
    await during(store, {}, async (server) => {
      await pause(50);
      assert.equal((await taskIn(server, id, { is: ["working", ...ENDED] })).status, "working");
      await server.kernel.load(toolsOf({ late: { ...repeatable, run: () => "came" } }, "late_tools"));
      assert.equal((await taskIn(server, id, { is: ENDED })).result.content[0].text, "came");
    });
    await store.close();
  });

  test("are taken up though nobody asks for them", async () => {
    const store = memoryStore({ log: fakeLog() });
    const ran = defer();
    await during(store, { again: { ...repeatable, run: hold } }, (server) => callTask(server, "again"));
    await during(store, { again: { ...repeatable, run: () => ran.resolve() } }, () => soon(ran.promise, "the call"));
    await store.close();
  });

  test("a call that is taken up has the principal and the client of the first, and is a task already", async () => {
    const store = memoryStore({ log: fakeLog() });
    const principal = { id: "ada", scopes: ["write"] };
    const id = await during(
      store,
      { look: { ...repeatable, run: hold } },
      (server) => callTask(server, "look", { principal }),
    );
    const look: TestTool["run"] = async (_, call) => {
      const { principal, client: { protocolVersion }, signal } = call;
      return { principal, protocolVersion, isTask: await call.detach(), isEnded: signal.aborted };
    };
    await during(store, { look: { ...repeatable, run: look } }, async (server) => {
      const { result } = await taskIn(server, id, { is: ENDED, principal });
      assert.deepEqual(result.structuredContent, {
        principal,
        protocolVersion: "2026-07-28",
        isTask: true,
        isEnded: false,
      });
    });
    await store.close();
  });

  test("tell their tool why they end", async () => {
    const reasons: unknown[] = [];
    const store = memoryStore({ log: fakeLog() });
    await during(
      store,
      { wait: { execution: "async", run: (_, call) => aborted(call.signal).catch((it) => reasons.push(it)) as never } },
      async (server) => {
        await callTask(server, "wait");
        const kernel = server.kernel;
        await kernel.unload("tasks");
        assert.equal(reasons.length, 1);
        assert.ok(reasons[0] instanceof ToolError);
      },
    );
    await store.close();
  });
});

async function recordsOf(store: Store): Promise<TaskRecord[]> {
  const records: TaskRecord[] = [];
  for await (const { value } of scanAll(store.namespace("tasks"), { prefix: "task/" })) {
    records.push(value as unknown as TaskRecord);
  }
  return records;
}
