import assert from "node:assert/strict";
import { test } from "node:test";
import { quietKernel, small } from "../support/plugins.ts";
import { defer, soon } from "../support/wait.ts";

test("stop() during start() waits for the plugin that is setting up, and loads none after it", async () => {
  const { kernel } = quietKernel();
  const [begun, gate] = [defer(), defer()];
  const seen: string[] = [];
  const slow = (name: string) =>
    small(name, {
      async setup() {
        seen.push(name);
        begun.resolve();
        await gate.promise;
        return () => void seen.push(`-${name}`);
      },
    });
  const starting = assert.rejects(kernel.use(slow("a")).use(slow("b")).use(slow("c")).start(), {
    code: "KERNEL_STATE",
  });
  await begun.promise;
  const stopping = kernel.stop();
  gate.resolve();
  await soon(stopping);
  await soon(starting);
  assert.deepEqual(seen, ["a", "-a"]);
  assert.deepEqual(kernel.inspect(), []);
  await assert.rejects(kernel.load(small("d")), { code: "KERNEL_STATE" });
});

test("a stop whose clean-up failed is told once: load() after it says that the kernel has stopped", async () => {
  const { kernel } = quietKernel();
  const fails = small("fails", {
    setup: () => () => {
      throw new Error("no");
    },
  });
  await kernel.use(fails).start();
  await assert.rejects(kernel.stop(), AggregateError);
  await assert.rejects(kernel.load(small("later")), { code: "KERNEL_STATE", message: /the kernel is stopped/ });
  await assert.rejects(kernel.unload("fails"), { code: "KERNEL_STATE" });
  await kernel.stop();
});
