import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import * as v from "valibot";
import { Toolbox } from "../../kernel/mod.ts";
import { addTool, callText, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { pause } from "../support/wait.ts";

for (const timeoutMs of [2 ** 31, Number.MAX_SAFE_INTEGER, Infinity]) {
  test(`timeoutMs ${timeoutMs} is a long time, and not none`, async () => {
    const plugin = small("it", {
      setup: (ctx) =>
        void ctx.tool({
          name: "slow",
          description: "s",
          input: v.object({}),
          timeoutMs,
          async run() {
            await pause(20);
            return "done";
          },
        }),
    });
    await using kernel = await quietKernel().kernel.use(plugin).start();
    assert.equal(await callText(kernel, "slow"), "done");
  });
}

test("many nested calls share one listener on the signal of the call that made them", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  let [listeners, most] = [0, 0];
  const nests = small("nests", {
    requires: { tools: Toolbox },
    setup: (ctx) =>
      void addTool(ctx, "nests", async (_, call) => {
        const { signal } = call;
        const { addEventListener, removeEventListener } = signal;
        signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
          most = Math.max(most, ++listeners);
          addEventListener.apply(signal, args);
        };
        signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
          listeners--;
          removeEventListener.apply(signal, args);
        };
        const results = await Promise.all(Array.from({ length: 40 }, () => ctx.deps.tools.call("wait", {}, call)));
        return String(results.length);
      }),
  });
  try {
    await using kernel = await quietKernel().kernel.use(nests).use(toolPlugin("wait", () => pause(10))).start();
    assert.equal(await callText(kernel, "nests"), "40");
    await pause(10);
    assert.ok(most <= 1, `${most} listeners at one time`);
    assert.deepEqual(warnings, []);
  } finally {
    process.off("warning", note);
  }
});

test("an abort reaches every nested call", async () => {
  let aborts = 0;
  const nests = small("nests", {
    requires: { tools: Toolbox },
    setup: (ctx) =>
      void addTool(ctx, "nests", async (_, call) => {
        await Promise.all(Array.from({ length: 20 }, () => ctx.deps.tools.call("wait", {}, call)));
      }),
  });
  const waits = toolPlugin("wait", async (_, { signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    aborts++;
  });
  await using kernel = await quietKernel().kernel.use(nests).use(waits).start();
  const controller = new AbortController();
  const call = kernel.call("nests", {}, { signal: controller.signal });
  await pause(10);
  controller.abort();
  await call;
  await pause(0);
  assert.equal(aborts, 20);
});
