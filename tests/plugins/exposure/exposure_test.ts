import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { definePlugin, Kernel, type Plugin } from "../../../kernel/mod.ts";
import exposure, { START_TOOLS } from "../../../plugins/exposure/mod.ts";
import { type StoredTool, ToolLibrary } from "../../../plugins/library/contract.ts";

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
