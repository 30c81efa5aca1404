import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { isKernelError, type Kernel, type PluginContext, RegistryChanged } from "../../kernel/mod.ts";
import { addTool, callText, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { defer, pause, until } from "../support/wait.ts";

/** Starts a kernel with one plugin, and gives its context to the test. */
async function start(): Promise<{ kernel: Kernel; ctx: PluginContext<undefined> }> {
  let given: PluginContext<undefined> | undefined;
  const kernel = await quietKernel().kernel.use(small("it", { setup: (ctx) => void (given = ctx) })).start();
  return { kernel, ctx: given! };
}

test("a taken name is NAME_TAKEN and names the owner, for tools, resources and prompts", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  addTool(ctx, "same");
  ctx.resource({ uri: "a://same", name: "same", read: () => "" });
  ctx.prompt({ name: "same", description: "same", render: () => "" });
  const second = (register: (ctx: PluginContext<undefined>) => void) =>
    kernel.load(small("second", { setup: register }));
  for (
    const [kind, register] of [
      ['tool "same"', (ctx) => void addTool(ctx, "same")],
      ['resource "a://same"', (ctx) => void ctx.resource({ uri: "a://same", name: "x", read: () => "" })],
      ['prompt "same"', (ctx) => void ctx.prompt({ name: "same", description: "x", render: () => "" })],
    ] satisfies [string, (ctx: PluginContext<undefined>) => void][]
  ) {
    await assert.rejects(second(register), (thrown) => {
      assert.ok(isKernelError(thrown));
      assert.equal(thrown.code, "NAME_TAKEN");
      assert.match(thrown.message, new RegExp(`Cannot register ${kind} of plugin "second": .*taken by plugin "it"`));
      return true;
    });
  }
  assert.equal(await callText(kernel, "same"), "ok");
});

test("a name that clients do not share is NAME_INVALID", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  for (const name of ["", "has space", "dots.too", "ünï", "a".repeat(65), "../x", "a/b", "__proto__ "]) {
    assert.throws(() => addTool(ctx, name), { code: "NAME_INVALID" }, name);
    assert.throws(() => ctx.prompt({ name, description: "", render: () => "" }), { code: "NAME_INVALID" }, name);
  }
  for (const uri of ["", "no-scheme", "/path", "://x", "1a://b", "{scheme}://x"]) {
    assert.throws(() => ctx.resource({ uri, name: "r", read: () => "" }), { code: "NAME_INVALID" }, uri);
  }
  assert.equal(kernel.tools.size + kernel.resources.size + kernel.prompts.size, 0);
  for (const name of ["a", "A-b_9", "a".repeat(64), "__proto__", "constructor"]) addTool(ctx, name);
  assert.equal(await callText(kernel, "__proto__"), "ok");
  await assert.rejects(kernel.call("toString", {}), { message: "Unknown tool: toString" });
});

test("entries are sorted by name, whatever the order of registration", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  for (const name of ["b", "a", "B", "_", "a1", "a-1"]) addTool(ctx, name);
  assert.deepEqual(kernel.tools.entries().map((it) => it.key), ["B", "_", "a", "a-1", "a1", "b"]);
  const list = kernel.tools.entries();
  assert.equal(kernel.tools.entries(), list, "the array is the same until something changes");
});

test("the version of a registry rises with each change", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  const before = kernel.tools.version;
  const added = addTool(ctx, "a");
  const afterAdd = kernel.tools.version;
  added.update({ description: "new" } as never);
  const afterUpdate = kernel.tools.version;
  await added.dispose();
  assert.ok(before < afterAdd && afterAdd < afterUpdate && afterUpdate < kernel.tools.version);
});

test("update() replaces in place: new calls run the new handler, calls in flight keep the old one", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  const gate = defer();
  const tool = ctx.tool({
    name: "t",
    description: "old",
    input: v.object({}),
    run: async () => {
      await gate.promise;
      return "old";
    },
  });
  const inFlight = callText(kernel, "t");
  await pause(0);
  tool.update({ description: "new", run: () => "new" });
  assert.equal(await callText(kernel, "t"), "new");
  gate.resolve();
  assert.equal(await inFlight, "old");
  assert.deepEqual(kernel.tools.get("t")?.definition.description, "new");
  assert.deepEqual(kernel.inspect()[0]?.owns, ["tool t"]);
});

test("update() keeps what it does not name, and takes a new schema", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  const tool = ctx.tool({
    name: "t",
    description: "d",
    title: "T",
    input: v.object({}),
    run: (it) => JSON.stringify(it),
  });
  tool.update({ input: v.object({ a: v.number() }) } as never);
  assert.equal(kernel.tools.get("t")?.definition.title, "T");
  assert.equal(await callText(kernel, "t", { a: 1 }), '{"a":1}');
  assert.ok((await kernel.call("t", {})).isError);
});

test("an update that does not compile leaves the item as it was", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  const tool = addTool(ctx, "t");
  assert.throws(() => tool.update({ input: { type: "no such type" } } as never), { code: "SCHEMA_INVALID" });
  assert.equal(await callText(kernel, "t"), "ok");
});

test("update() of what was disposed does not bring it back", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  const tool = addTool(ctx, "t");
  await tool.dispose();
  tool.update({ description: "back" } as never);
  assert.equal(kernel.tools.size, 0);
  addTool(ctx, "t", () => "another");
  tool.update({ description: "back" } as never);
  await tool.dispose();
  assert.equal(await callText(kernel, "t"), "another");
});

test("however many changes happen in a turn, one RegistryChanged of a kind follows", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  await pause(5);
  const seen: string[] = [];
  kernel.on(RegistryChanged, ({ kind }) => void seen.push(kind));
  for (const name of ["a", "b", "c"]) addTool(ctx, name);
  ctx.prompt({ name: "p", description: "p", render: () => "" });
  ctx.prompt({ name: "q", description: "q", render: () => "" });
  await Promise.resolve();
  addTool(ctx, "d");
  assert.deepEqual(seen, [], "nothing is said within the turn");
  await until(() => seen.length > 0);
  await pause(5);
  assert.deepEqual(seen.sort(), ["prompt", "tool"]);
});

test("a change made by a listener of RegistryChanged is announced in a turn of its own", async () => {
  const { kernel, ctx } = await start();
  await using _ = kernel;
  await pause(5);
  const seen: number[] = [];
  kernel.on(RegistryChanged, () => {
    seen.push(kernel.tools.size);
    if (kernel.tools.size === 1) addTool(ctx, "second");
  });
  addTool(ctx, "first");
  await until(() => seen.length === 2);
  await pause(5);
  assert.deepEqual(seen, [1, 2]);
});

test("loading and unloading a plugin of many tools is one change each", async () => {
  const { kernel } = quietKernel();
  await kernel.start();
  await using _ = kernel;
  let changes = 0;
  kernel.on(RegistryChanged, () => void changes++);
  const many = small("many", {
    setup(ctx) {
      for (let i = 0; i < 50; i++) addTool(ctx, `t${i}`);
    },
  });
  await kernel.load(many);
  await until(() => changes === 1);
  await kernel.unload("many");
  await until(() => changes === 2);
  await pause(5);
  assert.equal(changes, 2);
});

test("a name is free again once its plugin is unloaded", async () => {
  const { kernel } = quietKernel();
  await kernel.use(toolPlugin("one", () => "1")).start();
  await using _ = kernel;
  await kernel.unload("one");
  await kernel.load(small("two", { setup: (ctx) => void addTool(ctx, "one", () => "2") }));
  assert.equal(await callText(kernel, "one"), "2");
});
