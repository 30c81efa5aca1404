import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disposer } from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";

const FAILING: readonly [string, Disposer][] = [
  ["throws", () => {
    throw new Error("cannot unwatch");
  }],
  ["rejects", () => Promise.reject(new Error("cannot unwatch"))],
];

for (const [how, stop] of FAILING) {
  test(`a watcher that ${how} at its end is logged, and ends all the same`, async () => {
    const { kernel, log } = quietKernel();
    const plugin = small("it", {
      setup: (ctx) => void ctx.resource({ uri: "a://b", name: "b", read: () => "", subscribe: () => stop }),
    });
    await using _ = await kernel.use(plugin).start();
    const end = kernel.subscribe("a://b");
    await end();
    await end();
    const [entry, ...more] = log.take("error");
    assert.equal(more.length, 0);
    assert.match(entry?.message ?? "", /"a:\/\/b".*cannot unwatch/);
  });
}
