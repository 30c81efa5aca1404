import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { addTool, callText, failure, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { aborted, defer, pause, soon, until } from "../support/wait.ts";

test("calls beyond maxCalls are refused, and accepted again once others end", async () => {
  const { kernel } = quietKernel({ maxCalls: 2 });
  const gate = defer();
  const items = small("items", {
    setup(ctx) {
      addTool(ctx, "wait", () => gate.promise);
      ctx.resource({ uri: "a://b", name: "b", read: () => gate.promise.then(() => "") });
      ctx.prompt({ name: "p", description: "p", render: () => "" });
    },
  });
  await kernel.use(items).start();
  await using _ = kernel;
  const busy = [kernel.call("wait", {}), kernel.read("a://b")];
  const limit = { name: "ProtocolError", code: -32603, message: /2 are in flight, which is the limit/ };
  await assert.rejects(kernel.call("wait", {}), limit);
  await assert.rejects(kernel.read("a://b"), limit);
  await assert.rejects(kernel.render("p", {}), limit);
  gate.resolve();
  await Promise.all(busy);
  await kernel.render("p", {});
});

test("a call that fails gives its place back", async () => {
  const { kernel } = quietKernel({ maxCalls: 1 });
  await kernel.use(toolPlugin("bad", () => Promise.reject(new Error("no")))).start();
  await using _ = kernel;
  for (let i = 0; i < 3; i++) failure(await kernel.call("bad", {}));
  for (let i = 0; i < 3; i++) failure(await kernel.call("bad", { text: 1 }));
});

test("timeoutMs ends a call: the client is told, the handler's signal aborts", async () => {
  let signal: AbortSignal | undefined;
  const ended = defer();
  const plugin = small("it", {
    setup: (ctx) =>
      void ctx.tool({
        name: "slow",
        description: "s",
        input: v.object({}),
        timeoutMs: 20,
        async run(_, call) {
          signal = call.signal;
          await aborted(call.signal).finally(ended.resolve);
        },
      }),
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.equal(failure(await soon(kernel.call("slow", {}))), "Timed out after 0.02 s");
  assert.equal(signal?.aborted, true);
  await soon(ended.promise);
});

test("a call that ends in time leaves no timer that ends it later", async () => {
  let signal: AbortSignal | undefined;
  const plugin = small("it", {
    setup: (ctx) =>
      void ctx.tool({
        name: "quick",
        description: "q",
        input: v.object({}),
        timeoutMs: 10,
        run(_, call) {
          signal = call.signal;
          return "done";
        },
      }),
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.equal(await callText(kernel, "quick"), "done");
  await pause(30);
  assert.equal(signal?.aborted, false);
});

test("aborting a call ends it at once, also when its handler is deaf", async () => {
  const gate = defer();
  await using kernel = await quietKernel().kernel.use(toolPlugin("deaf", () => gate.promise)).start();
  const controller = new AbortController();
  const call = kernel.call("deaf", {}, { signal: controller.signal });
  await pause(0);
  controller.abort();
  assert.match(failure(await soon(call)), /Cancelled/);
  assert.equal(kernel.inspect()[0]?.callsInFlight, 1, "the handler still runs");
  gate.resolve();
  await until(() => kernel.inspect()[0]?.callsInFlight === 0);
});

test("a call whose client is gone already does not start", async () => {
  let ran = false;
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => void (ran = true))).start();
  assert.match(failure(await kernel.call("t", {}, { signal: AbortSignal.abort() })), /Cancelled/);
  assert.equal(ran, false);
});

test("many calls with one signal leave no listeners on it", async () => {
  let listeners = 0;
  const { signal } = new AbortController();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => "")).start();
  for (let i = 0; i < 10; i++) await kernel.call("t", {}, { signal });
  assert.equal(listeners, 0);
});
