import assert from "node:assert/strict";
import { test } from "node:test";
import { createCall, messageOf } from "../../../kernel/mod.ts";
import { createWorkers } from "../../../kernel/platform/workers.ts";
import type { Program } from "../../../plugins/wasm/run/runtime.ts";
import { pause, soon, until } from "../../support/wait.ts";
import { dataOf, fail, startWasm, succeed } from "./kit.ts";
import { addBundle, addModule, ASK, ECHO, LOOP } from "./run_kit.ts";
import { assemble } from "./wat_text.ts";
import { startRuntime, watch } from "./watched_workers.ts";

test("a module that never ends is ended, while others are answered, and calls after it work", async () => {
  await using kit = await startWasm({ config: { workers: { most: 2 } } });
  await addModule(kit, "loop", { text: LOOP, manifest: { grants: { timeout_ms: 1_500 } } });
  await addModule(kit, "echo", { text: ECHO });
  const endless = Array.from({ length: 3 }, () => kit.call("loop"));
  await pause(200);
  const [first, second, third] = await Promise.all(endless);
  for (const result of [first!, second!, third!]) {
    assert.equal(
      fail(result),
      'Tool "loop" did not answer within its time limit (1500 ms) and was ended; one that needs longer sets timeout_ms',
    );
  }
  const running = kit.call("loop");
  assert.equal(dataOf(await kit.call("echo", { n: 1 }))["n"], 1);
  fail(await running);
  for (let n = 0; n < 5; n++) assert.equal(dataOf(await kit.call("echo", { n }))["n"], n);
});

test("200 calls at once are all answered", async () => {
  await using kit = await startWasm();
  await addModule(kit, "echo", { text: ECHO });
  const results = await Promise.all(Array.from({ length: 200 }, (_, n) => kit.call("echo", { n })));
  assert.deepEqual(results.map((it) => dataOf(it)["n"]), Array.from({ length: 200 }, (_, n) => n));
});

test("200 modules at once that each call another are all answered, by fewer workers", async () => {
  await using kit = await startWasm({ config: { workers: { most: 3 } } });
  await addModule(kit, "child", { text: ECHO });
  await addModule(kit, "parent", { text: ASK });
  const args = (n: number) => ({ method: "tools/call", params: { name: "child", arguments: { n } } });
  const results = await soon(Promise.all(Array.from({ length: 200 }, (_, n) => kit.call("parent", args(n)))));
  assert.deepEqual(
    results.map((it) => dataOf(it)["result"]),
    Array.from({ length: 200 }, (_, n) => ({ output: { n } })),
  );
});

test("modules that call each other as deep as the kernel lets them come to an end", async () => {
  await using kit = await startWasm({ config: { workers: { most: 1 } } });
  const names = Array.from({ length: 18 }, (_, n) => `level_${n}`);
  for (const name of names) await addModule(kit, name, { text: ASK });
  const nested = names.reduceRight<object>(
    (inner, name) => ({ method: "tools/call", params: { name, arguments: inner } }),
    { method: "log", params: { message: "the deepest" } },
  ) as { readonly params: { readonly arguments: object } };
  const text = succeed(await soon(kit.call(names[0]!, nested.params.arguments)));
  assert.match(text, /16 calls are nested already/);
});

test("a call that is cancelled ends its module, in the queue as well", async () => {
  await using kit = await startWasm({ config: { workers: { most: 1 } } });
  await addModule(kit, "loop", { text: LOOP });
  await addModule(kit, "echo", { text: ECHO });
  const running = new AbortController();
  const queued = new AbortController();
  const first = kit.call("loop", {}, { signal: running.signal }).then(fail, messageOf);
  const second = kit.call("loop", {}, { signal: queued.signal }).then(fail, messageOf);
  const third = kit.call("echo", { n: 3 });
  await pause(300);
  queued.abort(new Error("not any more"));
  assert.match(await soon(second), /Cancelled/);
  running.abort(new Error("changed my mind"));
  assert.match(await soon(first), /Cancelled/);
  assert.equal(dataOf(await soon(third))["n"], 3);
});

test("a kernel that stops ends what runs", async () => {
  const kit = await startWasm();
  await addModule(kit, "loop", { text: LOOP });
  const running = kit.call("loop").then((result) => fail(result), String);
  await pause(300);
  await soon(Promise.resolve(kit[Symbol.asyncDispose]()));
  assert.match(await soon(running), /Cancelled|stop/i);
});

// ---- what cannot be seen through the kernel: how many workers there are ----

async function programOf(text: string, more: Partial<Program> = {}): Promise<Program> {
  const bytes = await assemble(text);
  return {
    ...{ name: "tool", kind: "module", digest: text, args: {}, env: {}, secrets: [], folders: [], isJsonWanted: false },
    ...{ load: () => Promise.resolve(bytes), memoryBytes: 2 ** 24, timeoutMs: 20_000, outputBytes: 2 ** 20 },
    ...more,
  };
}

test("workers are started by calls, used again, and ended when they are idle", async () => {
  using watched = watch(createWorkers());
  const runtime = startRuntime(watched, { idleMs: 300 });
  assert.equal(watched.started, 0);
  const echo = await programOf(ECHO);
  for (let n = 0; n < 5; n++) await runtime.run(echo, createCall());
  assert.equal(watched.started, 1);
  await until(() => watched.alive.size === 0, "the idle worker to end");
  await runtime.run(echo, createCall());
  assert.equal(watched.started, 2);
  await runtime.close();
  assert.equal(watched.alive.size, 0);
});

test("nested runs have workers beyond the most, which end after use", async () => {
  using watched = watch(createWorkers());
  const runtime = startRuntime(watched, { most: 2 });
  const loop = await programOf(LOOP, { timeoutMs: 2_000 });
  const parents = [1, 2, 3].map(() => runtime.run(loop, createCall({ path: ["tool"] })).catch(() => {}));
  await until(() => watched.alive.size === 2, "the parents to start");
  await runtime.run(await programOf(ECHO), createCall({ path: ["tool", "echo"] }));
  assert.equal(watched.started, 3);
  await until(() => watched.alive.size <= 2, "the worker of the nested run to end");
  await Promise.all(parents);
  await runtime.close();
  assert.equal(watched.alive.size, 0);
});

test("a worker that dies fails its run alone", async () => {
  using watched = watch(createWorkers());
  const runtime = startRuntime(watched, {});
  const running = runtime.run(await programOf(LOOP), createCall());
  await until(() => watched.alive.size === 1);
  const failed = assert.rejects(soon(running), /^ToolError: Tool "tool" was ended, since its worker failed/);
  for (const worker of watched.alive) await worker.terminate();
  await failed;
  assert.deepEqual(await runtime.run(await programOf(ECHO, { args: { n: 1 } }), createCall()), { value: { n: 1 } });
  await runtime.close();
});

test("a module is read and compiled once, and again when the cache has no room for it", async () => {
  using watched = watch(createWorkers());
  const runtime = startRuntime(watched, { cacheBytes: 2_000 });
  let reads = 0;
  const bytes = await assemble(ECHO);
  const echo = await programOf(ECHO, { load: () => (reads++, Promise.resolve(bytes)) });
  await Promise.all(Array.from({ length: 5 }, () => runtime.run(echo, createCall())));
  assert.equal(reads, 1);
  for (const digest of ["a", "b", "c", "d"]) await runtime.run(await programOf(ECHO, { digest }), createCall());
  await runtime.run(echo, createCall());
  assert.equal(reads, 2);
  await runtime.close();
});

test("a bundle that never ends is ended, and one that waits for ever too", async () => {
  await using kit = await startWasm();
  const manifest = { grants: { timeout_ms: 1_000 } };
  await addBundle(kit, "spin", { code: "() => { for (;;); }", manifest });
  await addBundle(kit, "wait", { code: "() => new Promise(() => {})", manifest });
  await addBundle(kit, "fine", { code: "(input) => ({ ...input, fine: true })" });
  for (const result of await Promise.all([kit.call("spin"), kit.call("wait")])) {
    assert.match(
      fail(result),
      /did not answer within its time limit \(1000 ms\)|trapped: the time limit was reached|never/,
    );
  }
  assert.deepEqual(dataOf(await kit.call("fine", { n: 1 })), { n: 1, fine: true });
});
