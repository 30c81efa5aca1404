import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import {
  type Contract,
  contract,
  definePlugin,
  isKernelError,
  type KernelError,
  type Plugin,
} from "../../kernel/mod.ts";
import { addTool, callText, quietKernel, small } from "../support/plugins.ts";
import { defer, pause, until } from "../support/wait.ts";

const Thing: Contract<{ by: string }> = contract("thing");
const Other: Contract<{ by: string }> = contract("other");

async function startError(promise: Promise<unknown>): Promise<KernelError> {
  const thrown = await promise.then(() => assert.fail("expected a rejection"), (thrown: unknown) => thrown);
  assert.ok(isKernelError(thrown), String(thrown));
  return thrown;
}

test("a failing setup is PLUGIN_SETUP_FAILED with its cause", async () => {
  const cause = new Error("no disk");
  const { kernel, log } = quietKernel();
  const error = await startError(
    kernel.use(small("disk", {
      setup() {
        throw cause;
      },
    })).start(),
  );
  assert.deepEqual([error.code, error.plugin, error.cause], ["PLUGIN_SETUP_FAILED", "disk", cause]);
  assert.match(error.format(), /^error\[PLUGIN_SETUP_FAILED\] Cannot load plugin "disk".*\n {2}cause: no disk$/);
  assert.deepEqual(log.take(), []);
});

test("Kernel.start() is all or nothing: a failure undoes what was loaded, in reverse, and throws the first cause", async () => {
  const { kernel, log } = quietKernel();
  const order: string[] = [];
  const good = (name: string) =>
    small(name, {
      setup(ctx) {
        addTool(ctx, name);
        ctx.own("first", () => void order.push(`${name} first`));
        ctx.own("second", async () => {
          await pause(1);
          order.push(`${name} second`);
        });
      },
    });
  const bad = small("bad", {
    setup(ctx) {
      ctx.own("before the failure", () => void order.push("bad"));
      throw new Error("first cause");
    },
  });
  kernel.use(good("a")).use(good("b")).use(bad).use(good("never"));
  const error = await startError(kernel.start());
  assert.equal((error.cause as Error).message, "first cause");
  assert.deepEqual(order, ["bad", "b second", "b first", "a second", "a first"]);
  assert.deepEqual([kernel.tools.size, kernel.inspect().length, kernel.listenerCount], [0, 0, 0]);
  assert.deepEqual(log.take("error"), []);
  await kernel.stop();
});

test("a clean-up that fails after a failed start is logged, and the first cause still thrown", async () => {
  const { kernel, log } = quietKernel();
  kernel.use(small("dirty", {
    setup: () => () => {
      throw new Error("cannot clean");
    },
  }));
  kernel.use(small("bad", { setup: () => Promise.reject(new Error("first cause")) }));
  const error = await startError(kernel.start());
  assert.equal((error.cause as Error).message, "first cause");
  assert.equal(log.take("error").length, 1);
});

test("a setup that takes too long is PLUGIN_TIMEOUT, and what it does later is undone", async () => {
  const { kernel } = quietKernel({ setupTimeoutMs: 20 });
  const gate = defer();
  let late: unknown;
  let disposed = false;
  kernel.use(small("slow", {
    async setup(ctx) {
      addTool(ctx, "early");
      await gate.promise;
      try {
        addTool(ctx, "late");
      } catch (thrown) {
        late = thrown;
      }
      return () => void (disposed = true);
    },
  }));
  const error = await startError(kernel.start());
  assert.deepEqual([error.code, error.plugin], ["PLUGIN_TIMEOUT", "slow"]);
  assert.match(error.message, /within 20 ms/);
  assert.equal(kernel.tools.size, 0);
  gate.resolve();
  await until(() => disposed, "the late disposer");
  assert.ok(isKernelError(late) && late.code === "SCOPE_CLOSED");
  assert.equal(kernel.tools.size, 0);
});

test("a contract that is declared and not provided is CONTRACT_MISSING, and the plugin is undone", async () => {
  const { kernel } = quietKernel();
  let undone = false;
  kernel.use(small("forgetful", { provides: [Thing], setup: () => () => void (undone = true) }));
  const error = await startError(kernel.start());
  assert.equal(error.code, "CONTRACT_MISSING");
  assert.match(error.message, /"forgetful": it declares contract "thing" and did not provide it/);
  assert.ok(undone);
});

test("a contract that is provided and not declared is CONTRACT_UNDECLARED", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("eager", { setup: (ctx) => void ctx.provide(Thing, { by: "eager" }) }));
  const error = await startError(kernel.start());
  assert.equal(error.code, "CONTRACT_UNDECLARED");
  assert.match(error.message, /"thing".*"eager"/);
});

test("a contract that is provided twice is CONTRACT_DUPLICATE", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("twice", {
    provides: [Thing],
    setup(ctx) {
      ctx.provide(Thing, { by: "1" });
      ctx.provide(Thing, { by: "2" });
    },
  }));
  assert.equal((await startError(kernel.start())).code, "CONTRACT_DUPLICATE");
});

test("a provided contract can be taken back and provided anew", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("renewed", {
    provides: [Thing],
    async setup(ctx) {
      await ctx.provide(Thing, { by: "old" }).dispose();
      ctx.provide(Thing, { by: "new" });
    },
  }));
  await kernel.start();
  assert.deepEqual(kernel.get(Thing), { by: "new" });
  await kernel.stop();
  assert.equal(kernel.get(Thing), undefined);
});

test("a plugin gets a KernelError of its own setup unwrapped", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("a", { setup: (ctx) => void addTool(ctx, "same") }));
  kernel.use(small("b", { setup: (ctx) => void addTool(ctx, "same") }));
  assert.equal((await startError(kernel.start())).code, "NAME_TAKEN");
});

test("CONFIG_INVALID names each path, and setup never runs", async () => {
  const { kernel } = quietKernel();
  let ran = false;
  const plugin = definePlugin({
    name: "strict",
    version: "1.0.0",
    config: v.strictObject({ port: v.number(), nested: v.strictObject({ names: v.array(v.string()) }) }),
    setup: () => void (ran = true),
  });
  kernel.use(plugin, { port: "80", nested: { names: ["a", 1] }, prot: 1 } as never);
  const error = await startError(kernel.start());
  assert.deepEqual([error.code, error.plugin, ran], ["CONFIG_INVALID", "strict", false]);
  assert.match(error.message, /Cannot configure plugin "strict"/);
  assert.match(error.message, /"port"/);
  assert.match(error.message, /nested\.names\[1\]/);
  assert.match(error.message, /prot/);
  assert.doesNotMatch(error.message, /never/, "an unknown key is told in words");
});

test("a plugin without a config schema takes none", async () => {
  const { kernel } = quietKernel();
  kernel.use(small("plain") as Plugin<unknown>, { a: 1 });
  assert.equal((await startError(kernel.start())).code, "CONFIG_INVALID");
});

test("an asynchronous config schema is awaited", async () => {
  const config = v.objectAsync({ a: v.pipeAsync(v.string(), v.transformAsync((text) => Promise.resolve(`${text}!`))) });
  let seen: unknown;
  const plugin = definePlugin({ name: "later", version: "1.0.0", config, setup: (ctx) => void (seen = ctx.config) });
  await using _ = await quietKernel().kernel.use(plugin, { a: "x" }).start();
  assert.deepEqual(seen, { a: "x!" });
});

test("dependencies are ready before setup, also for providers that set up slowly", async () => {
  const { kernel } = quietKernel();
  const seen: unknown[] = [];
  kernel.use(
    small("user", { requires: { thing: Thing, other: Other }, setup: ({ deps }) => void seen.push({ ...deps }) }),
  );
  kernel.use(small("slow", {
    provides: [Thing],
    async setup(ctx) {
      await pause(5);
      ctx.provide(Thing, { by: "slow" });
    },
  }));
  kernel.use(small("quick", { provides: [Other] }));
  await kernel.start();
  assert.deepEqual(seen, [{ thing: { by: "slow" }, other: { by: "quick" } }]);
  await kernel.stop();
});

test("a tool that a plugin registers can be called once its setup is done, not before", async () => {
  const { kernel } = quietKernel();
  const gate = defer();
  kernel.use(small("slow", {
    async setup(ctx) {
      addTool(ctx, "early");
      await gate.promise;
    },
  }));
  const starting = kernel.start();
  await until(() => kernel.tools.size === 1);
  await assert.rejects(kernel.call("early", {}), { name: "ProtocolError" });
  gate.resolve();
  await starting;
  assert.equal(await callText(kernel, "early"), "ok");
  await kernel.stop();
});
