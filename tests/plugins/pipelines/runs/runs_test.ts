/**
 * What becomes of runs, on one server and on several that share a store.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, type JsonObject, LOCAL_PRINCIPAL, ToolError } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import type { RunLimits, RunSummary } from "../../../../plugins/pipelines/runs/runs.ts";
import type { Namespace } from "../../../../plugins/store/contract.ts";
import { memoryStore } from "../../../../plugins/store/mod.ts";
import { aborted, defer, pause, until } from "../../../support/wait.ts";
import { LOCAL, MortalStore, type TestPipeline, TestServer, type TestTool } from "./kit.ts";

const ADA = createCall({ principal: { id: "ada", scopes: [] }, path: ["pipe_main"] });

/** Servers that share a store, and tools that wait until they are let go. */
class Shared {
  readonly store = memoryStore({ log: fakeLog() });
  readonly calls: string[] = [];
  /** Names of tools that fail. */
  readonly broken = new Set<string>();
  #letGo: (() => void)[] = [];
  // those that do not die
  readonly #servers: TestServer[] = [];

  readonly tools: Record<string, TestTool> = {
    again: (args) => this.#answer("again", args),
    once: (args) => this.#answer("once", args),
    once_wait: (args, call) => this.#wait("once_wait", args, call.signal),
    again_wait: (args, call) => this.#wait("again_wait", args, call.signal),
    again_ask: async (_, call) => (await call.elicit({ message: "Well?", requestedSchema: {} })).action,
  };

  server(
    pipelines: Record<string, TestPipeline["steps"]>,
    more: {
      limits?: Partial<RunLimits>;
      now?: () => number;
      store?: MortalStore;
    } = {},
  ): TestServer {
    const named = Object.fromEntries(Object.entries(pipelines).map(([name, steps]) => [name, { steps }]));
    const server = new TestServer({ store: this.store, tools: this.tools, pipelines: named, ...more });
    if (more.store === undefined) this.#servers.push(server);
    return server;
  }

  letGo(): void {
    for (const go of this.#letGo.splice(0)) go();
  }

  /** Waits until a tool was called so often. */
  async called(tool: string, times = 1): Promise<void> {
    await until(() => this.calls.filter((it) => it === tool).length >= times, `${times} calls of ${tool}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.runs.close();
    await this.store.close();
  }

  #answer(name: string, args: JsonObject): unknown {
    this.calls.push(name);
    if (this.broken.has(name)) throw new ToolError(`${name} is broken`);
    return args;
  }

  #wait(name: string, args: JsonObject, signal: AbortSignal): Promise<unknown> {
    this.calls.push(name);
    return new Promise((resolve, reject) => {
      this.#letGo.push(() => resolve(args));
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }
}

/** A store whose writes of runs wait while it is held. */
class SlowStore extends MortalStore {
  isHeld = false;
  waiting = 0;
  readonly #go = defer();

  letGo(): void {
    this.isHeld = false;
    this.#go.resolve();
  }

  override namespace(name: string): Namespace {
    return new Proxy(super.namespace(name), {
      get: (target, property) => {
        const method = Reflect.get(target, property) as unknown;
        if (property !== "batch") return method;
        return async (...args: unknown[]) => {
          this.waiting += Number(this.isHeld);
          if (this.isHeld) await this.#go.promise;
          return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
        };
      },
    });
  }
}

/** Waits until a pipeline has a run, and gives it. */
async function runOf(server: TestServer, call = LOCAL): Promise<RunSummary> {
  let found: RunSummary | undefined;
  await until(async () => (found = (await server.runs.list({}, call)).items[0]) !== undefined, "a run");
  return found!;
}

const statusOf = async (server: TestServer, id: string) => (await server.runs.get(id, LOCAL)).status;

describe("Runs", { timeout: 60_000 }, () => {
  test("keep what a run was started with, its steps and their outputs", async () => {
    await using shared = new Shared();
    const text = "x".repeat(5_000);
    const steps = [
      { tool: "once", name: "big", args: { text, from: "$input.from" } },
      {
        for_each: { items: Array.from({ length: 11 }, (_, i) => i), steps: [{ tool: "again", args: { i: "$item" } }] },
      },
    ];
    const server = shared.server({ pipe_main: steps });
    const { run, output } = await server.start("pipe_main", { input: { from: "here" } });
    assert.equal(run.status, "completed");
    assert.deepEqual(await server.runs.output(run.id, { call: LOCAL }), output);
    const kept = await server.runs.get(run.id, LOCAL);
    assert.deepEqual(kept, run);
    assert.deepEqual([kept.pipeline, kept.attempt, kept.input, kept.plan.steps], [
      "pipe_main",
      1,
      { from: "here" },
      steps,
    ]);
    const page = await server.runs.steps(run.id, { call: LOCAL });
    assert.deepEqual(
      page.items.map(({ key }) => key),
      ["0", "1", ...Array.from({ length: 11 }, (_, i) => `1.for_each[${i}].0`)],
    );
    assert.deepEqual(await server.runs.output(run.id, { call: LOCAL, key: "0" }), { text, from: "here" });
    assert.deepEqual(await server.runs.output(run.id, { call: LOCAL, key: "1.for_each[10].0" }), { i: 10 });
    for (const key of ["7", "../made", "", "\0"]) {
      assert.equal(await server.runs.output(run.id, { call: LOCAL, key }), undefined);
    }
  });

  test("belong to whoever started them", async () => {
    await using shared = new Shared();
    const server = shared.server({ pipe_main: [{ tool: "again", args: {} }] });
    const { run: { id } } = await server.start("pipe_main");
    const { run: hers } = await server.start("pipe_main", { call: ADA });
    assert.deepEqual((await server.runs.list({}, ADA)).items.map(({ id }) => id), [hers.id]);
    for (const call of [ADA, createCall()]) {
      await assert.rejects(server.runs.get(id, call), /Cannot find run ".*": there is no such run/);
      await assert.rejects(server.resume(id, { call }), /there is no such run/);
      await assert.rejects(server.runs.cancel(id, call), /there is no such run/);
      await assert.rejects(server.runs.output(id, { call }), /there is no such run/);
    }
    for (const odd of [`${id}/../${id}`, "", 1, `${id}.000000000000`]) {
      await assert.rejects(server.runs.get(odd as string, LOCAL), /there is no such run/);
    }
  });

  test("are listed the newest first, by pages, pipeline and status", async () => {
    await using shared = new Shared();
    let now = Date.now();
    const steps = [{ tool: "once", args: {} }];
    const server = shared.server({ pipe_main: steps, pipe_other: steps }, { now: () => now });
    const ids: string[] = [];
    for (const name of ["pipe_main", "pipe_other", "pipe_main", "pipe_main", "pipe_main"]) {
      now += 10;
      if (ids.length === 4) shared.broken.add("once");
      ids.unshift((await server.start(name)).run.id);
    }
    const first = await server.runs.list({ limit: 2 }, LOCAL);
    const second = await server.runs.list({ limit: 3, cursor: first.cursor! }, LOCAL);
    assert.deepEqual([...first.items, ...second.items].map(({ id }) => id), ids);
    assert.equal(second.cursor, undefined);
    const of = async (filter: object) => (await server.runs.list(filter, LOCAL)).items.map(({ id }) => id);
    assert.deepEqual(await of({ pipeline: "pipe_other" }), [ids[3]]);
    assert.deepEqual(await of({ status: "failed" }), [ids[0]]);
    assert.deepEqual(await of({ status: "running" }), []);
  });

  test("go on at the step that failed, with the steps that they had", async () => {
    await using shared = new Shared();
    const steps = [{ tool: "again", name: "a", args: { n: 1 } }, { tool: "once", name: "b", args: { a: "$a.n" } }];
    const server = shared.server({ pipe_main: steps });
    shared.broken.add("once");
    const { run, failure } = await server.start("pipe_main");
    assert.deepEqual([run.status, run.failedStep], ["failed", "1"]);
    assert.match(String(failure), /once is broken/);
    assert.deepEqual((await server.runs.steps(run.id, { call: LOCAL })).items.map(({ status }) => status), [
      "completed",
      "failed",
    ]);
    shared.broken.clear();
    // the definition may have changed meanwhile
    const other = shared.server({ pipe_main: [] });
    const resumed = await other.resume(run.id);
    assert.deepEqual([resumed.run.status, resumed.run.attempt, resumed.output], ["completed", 2, { a: 1 }]);
    assert.equal(resumed.run.error, undefined);
    assert.deepEqual(shared.calls, ["again", "once", "once"]);
    await assert.rejects(server.resume(run.id), /Cannot resume run .*: it has completed/);
    await assert.rejects(server.runs.cancel(run.id, LOCAL), /Cannot cancel run .*: it has ended as completed/);
  });

  test("are waiting while the user is asked", async () => {
    await using shared = new Shared();
    const server = shared.server({ pipe_main: [{ tool: "again_ask", args: {} }] });
    const answer = defer<{ action: "accept" }>();
    const call = createCall({ principal: LOCAL_PRINCIPAL, path: ["pipe_main"], elicit: () => answer.promise });
    const running = server.start("pipe_main", { call });
    const { id } = await runOf(server);
    await until(async () => await statusOf(server, id) === "waiting");
    answer.resolve({ action: "accept" });
    assert.equal((await running).output, "accept");
    assert.equal(await statusOf(server, id), "completed");
  });

  test("that have ended stay what they are, when a question is answered later", async () => {
    for (const by of ["client", "time"] as const) {
      await using shared = new Shared();
      const steps = [{
        tool: "again_ask",
        args: {},
        ...(by === "time" && { timeout_ms: 20, continue_on_error: true }),
      }];
      // a tool that does not end when it is told to
      shared.tools["again_ask"] = (_, call) => {
        const { signal } = call;
        const asked = call.elicit({ message: "Well?", requestedSchema: {} });
        return Promise.race([asked, aborted(signal)]);
      };
      const server = shared.server({ pipe_main: steps });
      const answer = defer<{ action: "accept" }>();
      const client = new AbortController();
      const { signal } = client;
      const call = createCall({ ...LOCAL, signal, elicit: () => answer.promise });
      const running = server.start("pipe_main", { call });
      const { id } = await runOf(server);
      await until(async () => await statusOf(server, id) === "waiting");
      if (by === "client") client.abort(new ToolError("Cancelled by the client"));
      const { run: { status } } = await running;
      assert.equal(status, by === "client" ? "cancelled" : "completed");
      answer.resolve({ action: "accept" });
      await pause(20);
      assert.equal(await statusOf(server, id), status);
    }
  });

  test("write down what finished before the next step begins, also while that is being written already", async () => {
    await using shared = new Shared();
    const store = new SlowStore(shared.store);
    const server = shared.server({}, { store });
    const order: string[] = [];
    await server.runs.start({ name: "pipe_main", plan: { steps: [] } }, {
      input: {},
      call: LOCAL,
      async execute(_, { journal }) {
        await journal.begin({ key: "0", isRepeatable: true });
        store.isHeld = true;
        const times = { startedAt: 1, endedAt: 2, attempts: 1 };
        await journal.finish({ key: "0", status: "completed", output: 1, ...times });
        await until(() => store.waiting > 0, "the write of what finished");
        const begun = journal.begin({ key: "1", isRepeatable: true }).then(() => order.push("begun"));
        await pause(20);
        order.push("written");
        store.letGo();
        await begun;
        return null;
      },
    });
    assert.deepEqual(order, ["written", "begun"]);
    await server.runs.close();
  });

  test("are cancelled by their client, by the tool, and from another server", async () => {
    for (const by of ["client", "here", "there"] as const) {
      await using shared = new Shared();
      const server = shared.server({ pipe_main: [{ tool: "again_wait", args: {} }, { tool: "once", args: {} }] });
      const other = shared.server({});
      const client = new AbortController();
      const call = createCall({ principal: LOCAL_PRINCIPAL, path: ["pipe_main"], signal: client.signal });
      const running = server.start("pipe_main", { call });
      await shared.called("again_wait");
      const { id } = await runOf(other);
      if (by === "client") client.abort(new ToolError("Cancelled by the client"));
      else {
        const { status } = await (by === "here" ? server : other).runs.cancel(id, LOCAL);
        assert.equal(status, "cancelled");
      }
      assert.equal((await running).run.status, "cancelled");
      assert.equal(await statusOf(other, id), "cancelled");
      const resumed = other.resume(id);
      await shared.called("again_wait", 2);
      shared.letGo();
      assert.equal((await resumed).run.status, "completed");
      assert.deepEqual(shared.calls, ["again_wait", "again_wait", "once"]);
    }
  });

  test("say so when a step was ended that may not be repeated, however the run ended", async () => {
    for (const by of ["cancel", "close"] as const) {
      await using shared = new Shared();
      const server = shared.server({ pipe_main: [{ tool: "once_wait", name: "pay", args: {} }] });
      const running = server.start("pipe_main");
      await shared.called("once_wait");
      const { id } = await runOf(server);
      await (by === "cancel" ? server.runs.cancel(id, LOCAL) : server.runs.close());
      assert.equal((await running).run.status, by === "cancel" ? "cancelled" : "interrupted");
      const other = shared.server({});
      const { run, failure } = await other.resume(id);
      const text =
        'step "pay" (tool "once_wait") was in flight when the run was cut off, and nobody knows whether it did its work';
      assert.deepEqual([run.status, run.error, String((failure as Error).message)], ["interrupted", text, text]);
      const resumed = other.resume(id, { redo: true });
      await shared.called("once_wait", 2);
      shared.letGo();
      assert.equal((await resumed).run.status, "completed");
    }
  });

  test("go on past steps that were ended where another one had failed, and that was handled", async () => {
    const parallel = [{ tool: "once_wait", args: {} }, { tool: "again", args: {} }];
    for (const handled of [{ continue_on_error: true }, { on_error: [{ tool: "once", args: {} }] }]) {
      await using shared = new Shared();
      const server = shared.server({ pipe_main: [{ parallel, ...handled }, { tool: "again_wait", args: {} }] });
      shared.broken.add("again");
      const client = new AbortController();
      const running = server.start("pipe_main", { call: createCall({ ...LOCAL, signal: client.signal }) });
      await shared.called("again_wait");
      client.abort(new ToolError("Cancelled by the client"));
      const { run } = await running;
      const before = shared.calls.length;
      const resumed = server.resume(run.id);
      await shared.called("again_wait", 2);
      shared.letGo();
      assert.equal((await resumed).run.status, "completed");
      assert.deepEqual(shared.calls.slice(before), ["again_wait"]);
    }
  });

  test("go on past what was ended in an attempt that another one followed", async () => {
    await using shared = new Shared();
    let attempt = 0;
    shared.tools["again"] = async (_, { signal }) => {
      attempt++;
      await shared.called("once_wait", Math.min(attempt, 2));
      if (attempt === 1) throw new ToolError("not yet");
      if (attempt === 2) await aborted(signal);
      return "done";
    };
    const parallel = [{ tool: "once_wait", args: {} }, { tool: "again", args: {} }];
    const server = shared.server({ pipe_main: [{ parallel, retry: { max_attempts: 2, delay_ms: 0 } }] });
    const client = new AbortController();
    const running = server.start("pipe_main", { call: createCall({ ...LOCAL, signal: client.signal }) });
    await shared.called("once_wait", 2);
    const { id } = await runOf(server);
    shared.letGo();
    await until(async () => await server.runs.output(id, { call: LOCAL, key: "0~2.parallel.0" }) !== undefined);
    client.abort(new ToolError("Cancelled by the client"));
    await running;
    assert.deepEqual((await server.resume(id)).output, [{}, "done"]);
    assert.deepEqual([attempt, shared.calls], [3, ["once_wait", "once_wait"]]);
  });

  test("are taken up by one of two servers, and the other is told", async () => {
    await using shared = new Shared();
    const steps = [{ tool: "once", args: {} }, { tool: "again_wait", args: {} }];
    const dead = new MortalStore(shared.store);
    void shared.server({ pipe_main: steps }, { store: dead }).start("pipe_main");
    await shared.called("again_wait");
    await dead.die();
    const servers = [shared.server({}), shared.server({})] as const;
    const { id } = await runOf(servers[0]);
    assert.equal(await statusOf(servers[0], id), "interrupted");
    const both = servers.map((it) => it.resume(id));
    const refused = Promise.any(both.map((it) => it.then(() => assert.fail("nothing was let go"), (thrown) => thrown)));
    assert.match(
      (await refused).message,
      /Cannot resume run .*: server .* is running it; if that one .* in \d+ s at most/,
    );
    await shared.called("again_wait", 2);
    await assert.rejects(servers[0].resume(id), /is running it/);
    shared.letGo();
    const ended = (await Promise.allSettled(both)).filter((it) => it.status === "fulfilled");
    assert.deepEqual(ended.map(({ value: { run } }) => [run.status, run.attempt]), [["completed", 2]]);
    assert.deepEqual(shared.calls, ["once", "again_wait", "again_wait"]);
  });

  test("a server that hung and comes back changes nothing of a run that was taken up", async () => {
    for (const next of ["once", "pipe_part"]) {
      for (const isDeaf of [false, true]) {
        await using shared = new Shared();
        const pipelines = {
          pipe_main: [{ tool: "again_wait", args: {} }, { tool: next, args: { by: "$prev" } }],
          pipe_part: [{ tool: "once", args: {} }],
        };
        const store = new MortalStore(shared.store);
        store.isDeaf = isDeaf;
        const hung = shared.server(pipelines, { store });
        const running = hung.start("pipe_main");
        await shared.called("again_wait");
        // as if it had said nothing for longer than its lease
        await shared.store.namespace("pipelines/servers").deletePrefix("");
        const other = shared.server(pipelines);
        const { id } = await runOf(other);
        const resumed = other.resume(id);
        await shared.called("again_wait", 2);
        shared.letGo();
        const [lost, done] = await Promise.all([running, resumed]);
        assert.deepEqual([lost.run.status, done.run.status], ["interrupted", "completed"]);
        assert.match(lost.run.error!, /another server has taken the run up/);
        const kept = await other.runs.get(id, LOCAL);
        assert.deepEqual([kept.status, kept.attempt], ["completed", 2]);
        assert.deepEqual(shared.calls, ["again_wait", "again_wait", "once"]);
        await hung.runs.close();
      }
    }
  });

  test("a server that hung does not go on with a run within one that was taken up", async () => {
    await using shared = new Shared();
    const pipelines = {
      pipe_main: [{ parallel: [{ tool: "pipe_part", args: {} }, { tool: "once_wait", args: {} }] }],
      pipe_part: [{ tool: "again_wait", args: {} }, { tool: "once", args: {} }],
    };
    const store = new MortalStore(shared.store);
    store.isDeaf = true;
    const hung = shared.server(pipelines, { store });
    const running = hung.start("pipe_main");
    await shared.called("again_wait");
    await shared.called("once_wait");
    await shared.store.namespace("pipelines/servers").deletePrefix("");
    const other = shared.server(pipelines);
    const { id } = await runOf(other);
    assert.equal((await other.resume(id)).run.status, "interrupted");
    shared.letGo();
    assert.equal((await running).run.status, "interrupted");
    assert.ok(!shared.calls.includes("once"));
    await hung.runs.close();
  });

  test("within runs are parts of them, and go on with them", async () => {
    await using shared = new Shared();
    const pipelines = {
      pipe_main: [{ tool: "pipe_part", name: "part", args: { n: 1 } }, { tool: "again", args: { part: "$part" } }],
      pipe_part: [{ tool: "once", args: { n: "$input.n" } }, { tool: "again_wait", args: { n: "$prev.n" } }],
    };
    const dead = new MortalStore(shared.store);
    void shared.server(pipelines, { store: dead }).start("pipe_main");
    await shared.called("again_wait");
    await dead.die();
    const server = shared.server(pipelines);
    const { items: [main, ...others] } = await server.runs.list({}, LOCAL);
    assert.deepEqual([main!.pipeline, others], ["pipe_main", []]);
    const resumed = server.resume(main!.id);
    await shared.called("again_wait", 2);
    shared.letGo();
    assert.deepEqual((await resumed).output, { part: { n: 1 } });
    assert.deepEqual(shared.calls, ["once", "again_wait", "again_wait", "again"]);
  });

  test("within runs begin anew when their step is tried again, and go on when the outer run is resumed", async () => {
    await using shared = new Shared();
    const part = { tool: "pipe_part", args: {}, retry: { max_attempts: 2, delay_ms: 1 } };
    const server = shared.server({
      pipe_main: [part],
      pipe_part: [{ tool: "again", args: {} }, { tool: "once", args: {} }],
    });
    shared.broken.add("once");
    const { run } = await server.start("pipe_main");
    assert.equal(run.status, "failed");
    assert.deepEqual(shared.calls, ["again", "once", "again", "once"]);
    shared.broken.clear();
    assert.equal((await server.resume(run.id)).run.status, "completed");
    assert.deepEqual(shared.calls.slice(4), ["once"]);
  });

  test("no client makes its run a part of another one", async () => {
    await using shared = new Shared();
    const server = shared.server({
      pipe_main: [{ tool: "again_wait", args: {} }],
      pipe_other: [{ tool: "again", args: {} }],
    });
    const running = server.start("pipe_main");
    const { id } = await runOf(server);
    const step = { run: id, key: "0" };
    const marked = server.runs.callOf(step, LOCAL);
    // whatever is sent is JSON, and what a tool calls in its turn is deeper
    const sent = createCall({
      ...LOCAL,
      path: ["pipe_main", "pipe_other"],
      meta: JSON.parse(JSON.stringify(marked.meta)),
    });
    const deeper = marked.derive({ path: ["pipe_main", "again_wait", "pipe_other"] });
    for (const call of [sent, deeper]) assert.equal((await server.start("pipe_other", { call })).run.parent, undefined);
    const direct = marked.derive({ path: ["pipe_main", "pipe_other"] });
    assert.deepEqual((await server.start("pipe_other", { call: direct })).run.parent, step);
    shared.letGo();
    await running;
  });

  test("end at a quarter of what is kept of all, with the runs within them, and the oldest give way", async () => {
    await using shared = new Shared();
    let now = Date.now();
    const loop = (tool: string, args: JsonObject) => [
      { for_each: { items: "$input.items", steps: [{ tool, args }] }, output: "done" },
    ];
    const pipelines = {
      pipe_part: loop("again", { text: "$input.text" }),
      pipe_each: loop("pipe_part", { items: [1], text: "$input.text" }),
      pipe_small: [{ tool: "again", args: { text: "x".repeat(2_000) } }],
    };
    const server = shared.server(pipelines, { limits: { keptBytes: 40_000 }, now: () => now });
    for (const name of ["pipe_part", "pipe_each"]) {
      const input = { items: Array.from({ length: 10 }, (_, i) => i), text: "x".repeat(1_000) };
      const { run } = await server.start(name, { input });
      assert.equal(run.status, "failed");
      assert.match(run.error!, /Cannot keep the run: .* come to more than 10000 characters/);
    }
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      now += 10;
      ids.push((await server.start("pipe_small")).run.id);
    }
    const left = async () => (await server.runs.list({ limit: 100 }, LOCAL)).items.map(({ id }) => id);
    await until(async () => (await left()).length < 15, "removal");
    assert.deepEqual((await left()).slice(0, 4), ids.toReversed().slice(0, 4));
  });

  test("are removed when their time is over, and the oldest when there are too many", async () => {
    await using shared = new Shared();
    let now = Date.now();
    const pipelines = {
      pipe_main: [{ tool: "pipe_part", args: {} }],
      pipe_part: [{ tool: "once", args: { t: "x".repeat(3_000) } }],
    };
    const server = shared.server(pipelines, { limits: { keptMs: 1_000, keptRuns: 3 }, now: () => now });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      now += 10;
      ids.unshift((await server.start("pipe_main")).run.id);
    }
    const entries = shared.store.namespace("pipelines/runs");
    const countOf = async (id: string) => {
      const { items } = await entries.keys({ limit: 1_000 });
      return items.filter(({ key }) => key.includes(id)).length;
    };
    await until(async () => await countOf(ids[4]!) === 0, "removal");
    const { items } = await server.runs.list({}, LOCAL);
    assert.ok(items.length >= 3 && items.length <= 5, `${items.length} runs are kept`);
    now += 2_000;
    assert.deepEqual((await server.runs.list({}, LOCAL)).items, []);
    await server.start("pipe_main");
    await until(async () => (await entries.keys({ prefix: "head/run/" })).items.length === 1, "removal");
    assert.equal(await countOf(ids[0]!), 0);
  });
});
