import assert from "node:assert/strict";
import { test } from "node:test";
import { type Contract, contract, type Event, event, type PluginContext } from "../../kernel/mod.ts";
import { Scope } from "../../kernel/scope.ts";
import { addTool, quietKernel, small } from "../support/plugins.ts";
import { defer, pause } from "../support/wait.ts";

const A: Contract<string> = contract("a");
const Rang: Event<string> = event("bell:rang");

test("Scope.close() runs clean-ups last in first out, each awaited", async () => {
  const scope = new Scope("it");
  const order: string[] = [];
  for (const [name, ms] of [["slow", 10], ["quick", 0], ["middle", 5]] as const) {
    scope.own(name, async () => {
      order.push(`+${name}`);
      await pause(ms);
      order.push(`-${name}`);
    });
  }
  assert.deepEqual(scope.labels, ["slow", "quick", "middle"]);
  await scope.close();
  assert.deepEqual(order, ["+middle", "-middle", "+quick", "-quick", "+slow", "-slow"]);
  assert.deepEqual(scope.labels, []);
});

test("a disposable runs its clean-up once, early or at close", async () => {
  const scope = new Scope("it");
  let runs = 0;
  const early = scope.own("early", () => void runs++);
  {
    await using _ = scope.own("in a block", () => void runs++);
  }
  assert.equal(runs, 1);
  await early.dispose();
  await early.dispose();
  assert.equal(runs, 2);
  await scope.close();
  await early.dispose();
  assert.equal(runs, 2);
});

test("a clean-up may dispose of another one", async () => {
  const scope = new Scope("it");
  const order: string[] = [];
  const inner = scope.own("inner", () => void order.push("inner"));
  scope.own("other", () => void order.push("other"));
  scope.own("outer", async () => {
    order.push("outer");
    await inner.dispose();
  });
  await scope.close();
  assert.deepEqual(order, ["outer", "inner", "other"]);
});

test("Scope.close() gathers what failed, and tells whoever closes it again", async () => {
  const scope = new Scope("it");
  scope.own("bad", () => Promise.reject(new Error("broke")));
  scope.own("worse", () => {
    throw "a string";
  });
  await assert.rejects(scope.close(), (thrown) => {
    assert.ok(thrown instanceof AggregateError);
    assert.deepEqual(thrown.errors.map((it: Error) => it.message), [
      'Cannot clean up "worse" of plugin "it"',
      'Cannot clean up "bad" of plugin "it"',
    ]);
    return true;
  });
  await assert.rejects(scope.close(), AggregateError);
});

test("closing twice at once waits for the same clean-ups", async () => {
  const scope = new Scope("it");
  const gate = defer();
  let done = false;
  scope.own("slow", async () => {
    await gate.promise;
    done = true;
  });
  const first = scope.close();
  const second = scope.close().then(() => done);
  gate.resolve();
  await first;
  assert.equal(await second, true);
});

test("every use of a context after unload throws SCOPE_CLOSED, and changes nothing", async () => {
  let kept: PluginContext<undefined> | undefined;
  let tool: ReturnType<typeof addTool> | undefined;
  const { kernel } = quietKernel();
  await kernel.use(small("it", {
    provides: [A],
    setup(ctx) {
      kept = ctx;
      tool = addTool(ctx, "t");
      ctx.provide(A, "x");
    },
  })).start();
  await kernel.unload("it");
  const ctx = kept!;
  const uses: Record<string, () => unknown> = {
    tool: () => addTool(ctx, "late"),
    resource: () => ctx.resource({ uri: "a://b", name: "b", read: () => "" }),
    prompt: () => ctx.prompt({ name: "p", description: "p", render: () => "" }),
    updated: () => ctx.updated("a://b"),
    provide: () => ctx.provide(A, "y"),
    on: () => ctx.on(Rang, () => {}),
    emit: () => ctx.emit(Rang, ""),
    intercept: () => ctx.intercept((_, next) => next()),
    own: () => ctx.own("late", () => {}),
    update: () => tool!.update({ description: "new" }),
  };
  for (const [name, use] of Object.entries(uses)) {
    assert.throws(use, { code: "SCOPE_CLOSED", plugin: "it", message: /"it": it is unloaded/ }, name);
  }
  await tool!.dispose();
  assert.deepEqual([kernel.tools.size, kernel.resources.size, kernel.prompts.size, kernel.listenerCount], [0, 0, 0, 0]);
  assert.equal(kernel.get(A), undefined);
  await kernel.stop();
});
