import assert from "node:assert/strict";
import { test } from "node:test";
import { type Contract, contract, type Event, event, optional, PluginUnloaded, Toolbox } from "../../kernel/mod.ts";
import { addTool, callText, failure, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { aborted, defer, pause, soon, until } from "../support/wait.ts";

type Named = { by: string };
const A: Contract<Named> = contract("a");
const B: Contract<Named> = contract("b");
const Rang: Event<string> = event("bell:rang");

test("Kernel.unload() unloads users before their provider, through chains, and returns the names", async () => {
  const { kernel } = quietKernel();
  const order: string[] = [];
  kernel.on(PluginUnloaded, ({ plugin }) => void order.push(plugin));
  kernel.use(small("other"));
  kernel.use(small("base", { provides: [A] }));
  kernel.use(small("middle", { provides: [B], requires: { a: A } }));
  kernel.use(small("top", { requires: { b: B } }));
  kernel.use(small("fan", { requires: { a: optional(A) } }));
  await kernel.start();
  assert.deepEqual(await kernel.unload("base"), ["fan", "top", "middle", "base"]);
  assert.deepEqual(order, ["fan", "top", "middle", "base"]);
  assert.deepEqual(kernel.inspect().map((it) => it.name), ["other"]);
  assert.equal(kernel.get(A), undefined);
  await kernel.stop();
});

test("Kernel.unload() spares a plugin that was loaded before the contract it would have liked", async () => {
  const { kernel } = quietKernel();
  await kernel.use(small("fan", { requires: { a: optional(A) } })).start();
  await kernel.load(small("base", { provides: [A] }));
  assert.deepEqual(await kernel.unload("base"), ["base"]);
  assert.deepEqual(kernel.inspect().map((it) => it.name), ["fan"]);
  await kernel.stop();
});

test("Kernel.unload() takes everything of the plugin away, and nothing of others", async () => {
  const { kernel } = quietKernel();
  const heard: string[] = [];
  const everything = small("everything", {
    provides: [A],
    setup(ctx) {
      addTool(ctx, "a_tool");
      ctx.resource({ uri: "a://resource", name: "r", read: () => "" });
      ctx.prompt({ name: "a_prompt", description: "p", render: () => "" });
      ctx.provide(A, { by: "everything" });
      ctx.on(Rang, (payload) => void heard.push(payload));
      ctx.intercept(async (invocation, next) => {
        heard.push(invocation.name);
        return await next();
      });
    },
  });
  await kernel.use(toolPlugin("kept", () => "kept")).use(everything).start();
  kernel.emit(Rang, "one");
  await kernel.call("kept", {});
  assert.deepEqual(heard, ["one", "kept"]);
  await kernel.unload("everything");
  kernel.emit(Rang, "two");
  await kernel.call("kept", {});
  assert.deepEqual(heard, ["one", "kept"]);
  assert.deepEqual([kernel.tools.size, kernel.resources.size, kernel.prompts.size, kernel.listenerCount], [1, 0, 0, 0]);
  await kernel.stop();
});

test("a plugin's signal aborts when unloading begins, before its clean-ups run", async () => {
  const { kernel } = quietKernel();
  let wasAborted: boolean | undefined;
  let signal: AbortSignal | undefined;
  await kernel.use(small("it", {
    setup(ctx) {
      signal = ctx.signal;
      return () => void (wasAborted = ctx.signal.aborted);
    },
  })).start();
  assert.equal(signal?.aborted, false);
  await kernel.unload("it");
  assert.equal(wasAborted, true);
  await kernel.stop();
});

test("unloading ends calls in flight: their signal aborts, the client is told, the clean-up waits for the handler", async () => {
  const { kernel, log } = quietKernel();
  const order: string[] = [];
  const started = defer();
  await kernel.use(small("it", {
    setup(ctx) {
      addTool(ctx, "wait", async (_, call) => {
        started.resolve();
        await aborted(call.signal).catch(() => {});
        await pause(10);
        order.push("handler ended");
      });
      return () => void order.push("cleaned up");
    },
  })).start();
  const call = kernel.call("wait", {});
  await started.promise;
  assert.equal(kernel.inspect()[0]?.callsInFlight, 1);
  await soon(kernel.unload("it"));
  assert.deepEqual(order, ["handler ended", "cleaned up"]);
  assert.match(failure(await call), /"it" is being unloaded/);
  assert.deepEqual(log.entries, []);
  await kernel.stop();
});

test("a call that does not end within the grace period is abandoned, which is logged", async () => {
  const { kernel, log } = quietKernel({ graceMs: 20 });
  const never = defer();
  await kernel.use(toolPlugin("deaf", () => never.promise)).start();
  const call = kernel.call("deaf", {});
  await pause(0);
  await soon(kernel.unload("deaf"));
  assert.ok((await call).isError);
  const [warning] = log.take("warn");
  assert.deepEqual(warning?.name, "deaf");
  assert.match(warning.message, /1 calls? did not end within 20 ms/);
  never.resolve();
  await kernel.stop();
});

test("while a plugin unloads new calls of it are refused", async () => {
  const { kernel } = quietKernel();
  const gate = defer();
  await kernel.use(small("it", {
    setup(ctx) {
      addTool(ctx, "t");
      ctx.resource({ uri: "a://b", name: "b", read: () => "" });
      ctx.prompt({ name: "p", description: "p", render: () => "" });
      // registered last, so it is cleaned up first: the items are still there meanwhile
      ctx.own("gate", () => gate.promise);
    },
  })).start();
  const unloading = kernel.unload("it");
  await until(() => kernel.inspect()[0]?.state === "unloading");
  assert.match(failure(await kernel.call("t", {})), /is being unloaded/);
  await assert.rejects(kernel.read("a://b"), { name: "ProtocolError", message: /is being unloaded/ });
  await assert.rejects(kernel.render("p", {}), { name: "ProtocolError", message: /is being unloaded/ });
  gate.resolve();
  await unloading;
  await assert.rejects(kernel.call("t", {}), { name: "ProtocolError", message: "Unknown tool: t" });
  await kernel.stop();
});

test("failing clean-ups are gathered in an AggregateError, and all others still run", async () => {
  const { kernel } = quietKernel();
  const ran: string[] = [];
  await kernel.use(small("it", {
    setup(ctx) {
      ctx.own("one", () => void ran.push("one"));
      ctx.own("two", () => Promise.reject(new Error("two broke")));
      ctx.own("three", () => {
        throw new Error("three broke");
      });
      addTool(ctx, "t");
    },
  })).start();
  await assert.rejects(kernel.unload("it"), (thrown) => {
    assert.ok(thrown instanceof AggregateError);
    const [inner] = thrown.errors;
    assert.ok(inner instanceof AggregateError);
    assert.match(inner.message, /"it": 2 failed/);
    assert.deepEqual(inner.errors.map((it: Error) => [it.message, (it.cause as Error).message]), [
      ['Cannot clean up "three" of plugin "it"', "three broke"],
      ['Cannot clean up "two" of plugin "it"', "two broke"],
    ]);
    return true;
  });
  assert.deepEqual([ran, kernel.tools.size, kernel.inspect()], [["one"], 0, []]);
  await kernel.load(small("it"));
  await kernel.stop();
});

test("Kernel.stop() unloads all, and then throws what failed", async () => {
  const { kernel } = quietKernel();
  let ran = false;
  await kernel.use(small("good", { setup: () => () => void (ran = true) }))
    .use(small("bad", { setup: () => () => Promise.reject(new Error("broke")) })).start();
  await assert.rejects(kernel.stop(), AggregateError);
  assert.ok(ran);
  assert.deepEqual(kernel.inspect(), []);
  await kernel.stop();
});

test("a nested call ends when the plugin of the inner tool unloads, and the outer tool goes on", async () => {
  const { kernel } = quietKernel();
  const started = defer();
  await kernel.use(toolPlugin("inner", async (_, call) => {
    started.resolve();
    await aborted(call.signal);
  })).use(small("outer", {
    requires: { tools: Toolbox },
    setup(ctx) {
      addTool(ctx, "outer", async (_, call) => `inner said: ${failure(await ctx.deps.tools.call("inner", {}, call))}`);
    },
  })).start();
  const text = callText(kernel, "outer");
  await started.promise;
  await soon(kernel.unload("inner"));
  assert.match(await text, /inner said: .*"inner" is being unloaded/);
  await kernel.stop();
});
