import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { definePlugin, Kernel, type Plugin, type ViewChange, ViewChanged } from "../../../kernel/mod.ts";
import exposure, { START_TOOLS } from "../../../plugins/exposure/mod.ts";
import { type StoredTool, ToolLibrary } from "../../../plugins/library/contract.ts";
import { Activation, type ActivationChange } from "../../../plugins/skills/contract.ts";

const VIEWER = { sessionId: undefined, principal: undefined, client: undefined };

function toolsOf(name: string, tools: readonly string[]): Plugin<void> {
  return definePlugin({
    name,
    version: "1.0.0",
    setup(ctx) {
      for (const tool of tools) ctx.tool({ name: tool, description: "A tool", input: v.object({}), run: () => tool });
    },
  });
}

/** A library that knows some tools, in some state. */
function libraryOf(states: Readonly<Record<string, StoredTool["state"]>>): Plugin<void> {
  const get = (name: string) => {
    const state = states[name];
    return state && { name, manifest: undefined, state, reason: undefined };
  };
  return definePlugin({
    name: "library",
    version: "1.0.0",
    provides: [ToolLibrary],
    setup: ({ provide }) => void provide(ToolLibrary, { get } as unknown as ToolLibrary),
  });
}

/** Skills that show the tools of one plugin to everybody. */
function activationOf(owner: string, hidesMadeTools = false) {
  const listeners = new Set<(change: ActivationChange) => void>();
  const value: Activation = {
    hidesMadeTools,
    shows: () => ({ key: owner, has: (_, it) => it === owner }),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const plugin: Plugin<void> = definePlugin({
    name: "skills",
    version: "1.0.0",
    provides: [Activation],
    setup: ({ provide }) => void provide(Activation, value),
  });
  return { plugin, listeners };
}

function visible(kernel: Kernel): readonly string[] {
  const view = kernel.view(VIEWER);
  return kernel.tools.entries().filter(({ key, owner }) => view.has("tool", key, owner)).map(({ key }) => key);
}

describe("exposure", () => {
  test("lists the constant set, and tools made at run time that are ready", async () => {
    await using kernel = await new Kernel()
      .use(toolsOf("others", ["list_tools", "delete_tool", "adder", "broken"]))
      .use(libraryOf({ adder: "ready", broken: "unavailable" }))
      .use(exposure)
      .start();
    assert.deepEqual(visible(kernel), ["adder", "list_tools"]);
    assert.deepEqual((await kernel.call("delete_tool", {})).content, [{ type: "text", text: "delete_tool" }]);
  });

  test("does without a library", async () => {
    await using kernel = await new Kernel().use(toolsOf("others", ["memory", "version"])).use(exposure).start();
    assert.deepEqual(visible(kernel), ["memory"]);
  });

  test("lists what active skills show, and made tools unless they have to be active too", async () => {
    for (const hidesMadeTools of [false, true]) {
      await using kernel = await new Kernel()
        .use(toolsOf("others", ["list_tools", "adder", "version"]))
        .use(toolsOf("acme", ["acme_find"]))
        .use(libraryOf({ adder: "ready" }))
        .use(activationOf("acme", hidesMadeTools).plugin)
        .use(exposure)
        .start();
      const made = hidesMadeTools ? [] : ["adder"];
      assert.deepEqual(visible(kernel), ["acme_find", ...made, "list_tools"]);
      assert.match(kernel.view(VIEWER).key, /acme/);
    }
  });

  test("tells of a change of active skills whom it concerns, until it is unloaded", async () => {
    const { plugin, listeners } = activationOf("acme");
    await using kernel = await new Kernel().use(plugin).use(exposure).start();
    const changes: ViewChange[] = [];
    kernel.on(ViewChanged, (change) => void changes.push(change));
    for (const listener of listeners) listener({ principalId: "ada" });
    for (const listener of listeners) listener({ sessionId: "one" });
    assert.deepEqual(changes, [{ kind: "tool", principalId: "ada" }, { kind: "tool", sessionId: "one" }]);
    await kernel.unload("exposure");
    assert.equal(listeners.size, 0);
  });

  test("lists all resources and prompts", async () => {
    await using kernel = await new Kernel().use(exposure).start();
    const view = kernel.view(VIEWER);
    assert.equal(view.has("resource", "x://y", "others"), true);
    assert.equal(view.has("prompt", "x", "others"), true);
  });

  test("keeps the whole set below eleven tools", () => {
    assert.equal(new Set(START_TOOLS).size, 10);
  });
});
