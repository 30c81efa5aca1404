import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import {
  definePlugin,
  isKernelError,
  isPlugin,
  Kernel,
  KernelStarted,
  KernelStopping,
  PluginLoaded,
  PluginUnloaded,
} from "../../kernel/mod.ts";
import { addTool, callText, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { defer } from "../support/wait.ts";

test("definePlugin() refuses a name that is not lower_snake_case", () => {
  for (const name of ["", "Words", "words-count", "1st", "wörter", "a".repeat(65)]) {
    assert.throws(() => definePlugin({ name, version: "1.0.0", setup() {} }), { code: "PLUGIN_INVALID" });
  }
});

test("definePlugin() gives a frozen plugin that isPlugin() knows by its shape", () => {
  const plugin = small("shape");
  assert.ok(Object.isFrozen(plugin));
  assert.ok(isPlugin(plugin));
  assert.ok(isPlugin({ name: "x", version: "1", setup() {} }));
  for (const other of [undefined, null, "x", {}, { name: "x", version: "1" }, () => {}]) {
    assert.equal(isPlugin(other), false);
  }
});

test("Kernel.use() refuses a name that is planned, and any plugin once started", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("one"));
  assert.throws(() => kernel.use(small("one")), { code: "PLUGIN_DUPLICATE", plugin: "one" });
  await kernel.start();
  assert.throws(() => kernel.use(small("two")), { code: "KERNEL_STATE" });
  await kernel.stop();
  assert.throws(() => kernel.use(small("two")), { code: "KERNEL_STATE" });
});

test("Kernel.start() works once, and not after stop()", async () => {
  const { kernel } = quietKernel();
  assert.equal(await kernel.start(), kernel);
  await assert.rejects(kernel.start(), { code: "KERNEL_STATE" });
  await kernel.stop();
  await assert.rejects(kernel.start(), { code: "KERNEL_STATE" });
  const { kernel: unstarted } = quietKernel();
  await unstarted.stop();
  await assert.rejects(unstarted.start(), { code: "KERNEL_STATE" });
});

test("Kernel.start() with no plugins is a kernel that lists nothing", async () => {
  await using kernel = await quietKernel().kernel.start();
  assert.deepEqual(kernel.inspect(), []);
  assert.deepEqual([kernel.tools.size, kernel.resources.size, kernel.prompts.size], [0, 0, 0]);
});

test("a plugin's setup sees parsed config with defaults, its name and version", async () => {
  let seen: unknown;
  const plugin = definePlugin({
    name: "configured",
    version: "2.1.0",
    config: v.strictObject({ depth: v.optional(v.number(), 3), tags: v.optional(v.array(v.string())) }),
    setup: (ctx) => void (seen = { ...ctx.plugin, config: ctx.config, frozen: Object.isFrozen(ctx) }),
  });
  await using _ = await quietKernel().kernel.use(plugin, { tags: ["a"] }).start();
  assert.deepEqual(seen, { name: "configured", version: "2.1.0", config: { depth: 3, tags: ["a"] }, frozen: true });
});

test("the context can be taken apart", async () => {
  const plugin = definePlugin({
    name: "destructured",
    version: "1.0.0",
    setup({ tool, own, on, emit, log, signal }) {
      own("nothing", () => {});
      on(KernelStarted, () => log.info("started", { aborted: signal.aborted }));
      emit(KernelStopping, {});
      tool({ name: "t", description: "t", input: v.object({}), run: () => "t" });
    },
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.equal(await callText(kernel, "t"), "t");
});

test("Kernel.inspect() reports name, state, time and what a plugin owns, in load order", async () => {
  const first = toolPlugin("first", () => "");
  const second = small("second", {
    setup(ctx) {
      ctx.own("a socket", () => {});
      ctx.on(KernelStarted, () => {});
      ctx.resource({ uri: "a://b", name: "b", read: () => "" });
      ctx.prompt({ name: "p", description: "p", render: () => "" });
      ctx.intercept((_, next) => next());
      return () => {};
    },
  });
  await using kernel = await quietKernel().kernel.use(first).use(second).start();
  const [one, two] = kernel.inspect();
  assert.equal(one?.name, "first");
  assert.deepEqual(one.owns, ["tool first"]);
  assert.deepEqual([two?.state, two?.version, two?.callsInFlight], ["loaded", "1.0.0", 0]);
  assert.ok(two !== undefined && two.ms >= 0);
  assert.deepEqual(two.owns, [
    "a socket",
    "listener kernel:started",
    "resource a://b",
    "prompt p",
    "interceptor",
    "setup",
  ]);
});

test("Kernel.load() and unload() work while the kernel runs, and announce it", async () => {
  const { kernel } = quietKernel();
  const seen: string[] = [];
  kernel.on(PluginLoaded, ({ plugin, ms }) => void seen.push(`loaded ${plugin} ${ms >= 0}`));
  kernel.on(PluginUnloaded, ({ plugin }) => void seen.push(`unloaded ${plugin}`));
  kernel.on(KernelStarted, () => void seen.push("started"));
  kernel.on(KernelStopping, () => void seen.push("stopping"));
  await kernel.use(small("early")).start();
  await kernel.load(toolPlugin("late", () => "here"));
  assert.equal(await callText(kernel, "late"), "here");
  await assert.rejects(kernel.load(small("early")), { code: "PLUGIN_DUPLICATE" });
  assert.deepEqual(await kernel.unload("late"), ["late"]);
  assert.equal(kernel.tools.get("late"), undefined);
  await kernel.load(toolPlugin("late", () => "again"));
  assert.equal(await callText(kernel, "late"), "again");
  await kernel.stop();
  assert.deepEqual(seen, [
    "loaded early true",
    "started",
    "loaded late true",
    "unloaded late",
    "loaded late true",
    "stopping",
    "unloaded late",
    "unloaded early",
  ]);
});

test("Kernel.load() and unload() are refused before start and after stop", async () => {
  const { kernel } = quietKernel();
  await assert.rejects(kernel.load(small("x")), { code: "KERNEL_STATE" });
  await assert.rejects(kernel.unload("x"), { code: "KERNEL_STATE" });
  await kernel.start();
  await kernel.stop();
  await assert.rejects(kernel.load(small("x")), { code: "KERNEL_STATE" });
});

test("Kernel.load() that fails leaves the kernel as it was", async () => {
  await using kernel = await quietKernel().kernel.use(small("kept")).start();
  const broken = small("broken", {
    setup(ctx) {
      addTool(ctx, "half");
      throw new Error("no");
    },
  });
  await assert.rejects(kernel.load(broken), { code: "PLUGIN_SETUP_FAILED", plugin: "broken" });
  assert.equal(kernel.tools.size, 0);
  assert.deepEqual(kernel.inspect().map((it) => it.name), ["kept"]);
  await kernel.load(small("broken"));
});

test("loads and unloads that are asked for at once happen one after the other", async () => {
  await using kernel = await quietKernel().kernel.start();
  const order: string[] = [];
  const slow = (name: string) =>
    small(name, {
      async setup() {
        order.push(`+${name}`);
        await Promise.resolve();
        order.push(name);
      },
    });
  const twins = await Promise.allSettled([
    kernel.load(slow("a")),
    kernel.load(slow("a")),
    kernel.load(slow("b")),
    kernel.unload("a"),
  ]);
  assert.deepEqual(order, ["+a", "a", "+b", "b"]);
  assert.deepEqual(twins.map((it) => it.status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  assert.deepEqual(kernel.inspect().map((it) => it.name), ["b"]);
});

test("Kernel.unload() of an unknown plugin names the loaded ones", async () => {
  await using kernel = await quietKernel().kernel.use(small("one")).use(small("two")).start();
  await assert.rejects(kernel.unload("three"), (thrown) => {
    assert.ok(isKernelError(thrown));
    assert.equal(thrown.code, "PLUGIN_UNKNOWN");
    assert.match(thrown.message, /"three".*one, two/);
    return true;
  });
});

test("Kernel.stop() undoes in reverse load order, and stopping twice is harmless", async () => {
  const { kernel } = quietKernel();
  const order: string[] = [];
  for (const name of ["a", "b", "c"]) kernel.use(small(name, { setup: () => () => void order.push(name) }));
  await kernel.start();
  await Promise.all([kernel.stop(), kernel.stop()]);
  await kernel.stop();
  assert.deepEqual(order, ["c", "b", "a"]);
  assert.deepEqual(kernel.inspect(), []);
});

test("Kernel.stop() during start() waits for the setup, then undoes it", async () => {
  const { kernel } = quietKernel();
  const gate = defer();
  let undone = false;
  kernel.use(small("slow", {
    async setup() {
      await gate.promise;
      return () => void (undone = true);
    },
  }));
  const starting = kernel.start();
  const stopping = kernel.stop();
  gate.resolve();
  await assert.rejects(starting, { code: "KERNEL_STATE" });
  await stopping;
  assert.ok(undone);
  assert.deepEqual(kernel.inspect(), []);
});

test("await using stops the kernel", async () => {
  let stopped = false;
  {
    await using _kernel = await new Kernel({ log: quietKernel().log })
      .use(small("it", { setup: () => () => void (stopped = true) })).start();
  }
  assert.ok(stopped);
});
