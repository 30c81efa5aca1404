import assert from "node:assert/strict";
import process from "node:process";
import { after, test } from "node:test";
import { clearImmediate, setImmediate } from "node:timers";
import {
  type CallPatch,
  createCall,
  type JsonObject,
  type Toolbox,
  ToolError,
  toolResult,
} from "../../../../kernel/mod.ts";
import { createWorkers } from "../../../../kernel/platform/workers.ts";
import type { CodeRun } from "../../../../plugins/wasm/contract.ts";
import { pause, soon, until } from "../../../support/wait.ts";
import { startRuntime, watch, type Watched } from "../watched_workers.ts";

const MIB = 2 ** 20;
/** On a machine that is busy, a run may be too slow to end by itself, and another worker runs the next one. */
const TRIES = 5;
// workers by themselves keep no program running
const keptAlive = setInterval(() => {}, 60_000);
after(() => clearInterval(keptAlive));

/** A runtime, by default with one worker at a time. */
interface Kit extends AsyncDisposable {
  readonly watched: Watched;
  /** The arguments of every call of the tool `later`. */
  readonly called: JsonObject[];
  run(code: string, limits?: Partial<CodeRun["limits"]>, call?: CallPatch): Promise<unknown>;
  fails(code: string, limits?: Partial<CodeRun["limits"]>, call?: CallPatch): Promise<string>;
}

function start(most = 1): Kit {
  const watched = watch(createWorkers());
  const called: JsonObject[] = [];
  const toolbox = {
    async call(_name: string, args: JsonObject) {
      called.push(args);
      await pause(Number(args["ms"] ?? 0));
      return toolResult({ content: [], structuredContent: args });
    },
  } as unknown as Toolbox;
  const runtime = startRuntime(watched, { most, idleMs: 60_000, toolbox });
  const run: Kit["run"] = async (code, limits, call = {}) => {
    const outcome = await runtime.runCode({
      ...{ name: "code", language: "javascript", code, tools: [{ name: "later", identifier: "later" }], toolbox },
      clock: "coarse",
      limits: { timeoutMs: 10_000, memoryBytes: 32 * MIB, outputBytes: MIB, calls: 1_000, ...limits },
    }, createCall(call));
    return outcome.value;
  };
  return {
    ...{ watched, called, run },
    async fails(code, limits, call) {
      const thrown = await run(code, limits, call).then((value) => assert.fail(`it gave ${value}`), (error) => error);
      assert.ok(thrown instanceof ToolError, `${thrown?.stack}`);
      return thrown.message;
    },
    async [Symbol.asyncDispose]() {
      await runtime.close();
      watched[Symbol.dispose]();
    },
  };
}

/** Cancels a call a little later. */
function cancelled(): CallPatch {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("not any more")), 100);
  return { signal: controller.signal };
}

test("a worker whose code went beyond a limit, threw or was cancelled runs the next one", async () => {
  await using kit = start();
  const ends: readonly [RegExp, string, Partial<CodeRun["limits"]>?, (() => CallPatch)?][] = [
    [/more memory/, "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length);"],
    [/time limit/, "for (;;);", { timeoutMs: 100 }],
    [/time limit/, "await later({ ms: 300 }); for (;;);", { timeoutMs: 100 }],
    [/time limit/, "for (;;) new Promise(() => { for (;;); });", { timeoutMs: 100 }],
    // who waits for a person has no deadline of its own
    [/time limit/, "for (;;);", { timeoutMs: 100, waitedMs: () => 0 }],
    [/time limit/, "setInterval(() => {}, 10); await new Promise(() => {});", { timeoutMs: 100, waitedMs: () => 0 }],
    [/2002 bytes/, "return 'x'.repeat(2000)", { outputBytes: 1_000 }],
    [/too deeply/, "const f = () => f() + 1; f()"],
    [/thrown/, "throw new Error('thrown')"],
    [/Cancelled/, "for (;;);", {}, cancelled],
    [/Cancelled/, "for (;;) await later({ ms: 10 });", {}, cancelled],
    [/Cancelled/, "setTimeout(() => {}, 5_000); await new Promise(() => {});", {}, cancelled],
  ];
  for (const [message, code, limits, call] of ends) {
    assert.match(await kit.fails(code, limits, call?.()), message, code);
    assert.equal(await kit.run("globalThis.n = (globalThis.n ?? 0) + 1; return n"), 1, code);
  }
  // on a machine that is busy, one may have been too slow to end by itself
  assert.ok(kit.watched.started <= 3, `${kit.watched.started} workers were started`);
});

test("others are served between the starts of workers that are needed at once", async () => {
  await using kit = start(4);
  let turn = 0;
  let turning: ReturnType<typeof setImmediate>;
  const count = () => {
    turn++;
    turning = setImmediate(count);
  };
  count();
  const startedAt: number[] = [];
  const { start: startWorker } = kit.watched.workers;
  Object.assign(kit.watched.workers, {
    start: (...given: Parameters<typeof startWorker>) => (startedAt.push(turn), startWorker(...given)),
  });
  const runs = Array.from({ length: 4 }, (_, n) => kit.run(`await later({ ms: 500 }); return ${n}`));
  assert.deepEqual(await Promise.all(runs), [0, 1, 2, 3]);
  clearImmediate(turning!);
  assert.equal(startedAt.length, 4);
  assert.equal(new Set(startedAt).size, 4, `they were started in the turns ${startedAt}`);
});

test("nothing of a run that was ended reaches the next one of its worker", async () => {
  await using kit = start();
  await kit.run("return 1");
  const limits = { timeoutMs: 150 };
  let started: number;
  do {
    started = kit.watched.started;
    assert.ok(started <= TRIES, `${started} workers were started`);
    await kit.fails("setInterval(() => later({ old: true }), 20); await later({ ms: 400, old: true });", limits);
    const told = kit.called.length;
    // answers to the calls of both have the same number
    const answers = await kit.run(
      "const a = [later({ ms: 500, n: 1 }), later({ n: 2 })]; await Promise.all(a); return await Promise.all(a)",
    );
    assert.deepEqual(answers, [{ ms: 500, n: 1 }, { n: 2 }]);
    assert.deepEqual(kit.called.slice(told), [{ ms: 500, n: 1 }, { n: 2 }]);
  } while (kit.watched.started > started);
});

test("memory returns soon after runs that took much, though the worker of others waits longer", async () => {
  await using kit = start();
  await using other = start();
  await Promise.all([kit.run("return 1"), other.run("return 1")]);
  const before = process.memoryUsage().rss;
  const code = "const a = []; for (;;) a.push(new Uint8Array(4e6).fill(1));";
  for (let n = 0; n < 2; n++) await kit.fails(code, { memoryBytes: 128 * MIB });
  await soon(until(() => kit.watched.alive.size === 0, "the large worker to end"));
  await soon(until(() => process.memoryUsage().rss < before + 64 * MIB, "its memory to return"));
  assert.deepEqual([kit.watched.started, other.watched.alive.size], [1, 1]);
});
