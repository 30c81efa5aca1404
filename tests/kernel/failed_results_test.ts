import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { type JsonObject, ToolError, toolResult } from "../../kernel/mod.ts";
import { failure, quietKernel, small } from "../support/plugins.ts";

/** A tool that counts rows, or does what the test says. */
function counting(run: () => unknown) {
  return small("rows", {
    setup: (ctx) =>
      void ctx.tool({
        name: "rows",
        description: "Count rows",
        input: v.object({}),
        output: v.object({ rows: v.number() }),
        run: () => run() as { rows: number },
      }),
  });
}

test("a failure whose data does not fit the output schema is told without it, one whose data fits with it", async () => {
  let data: JsonObject = {};
  const plugin = counting(() => {
    throw new ToolError("No such table", { data });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  for (data of [{ table: "users" }, { rows: "none" }, {}]) {
    const result = await kernel.call("rows", {});
    assert.equal(failure(result), "No such table");
    assert.equal("structuredContent" in result, false, JSON.stringify(data));
  }
  data = { rows: 0 };
  const result = await kernel.call("rows", {});
  assert.deepEqual([failure(result), result.structuredContent], ["No such table", { rows: 0 }]);
});

test("a whole result that says it failed is held to the output schema as well", async () => {
  const content = [{ type: "text" as const, text: "No such table" }];
  const plugin = counting(() => toolResult({ content, isError: true, structuredContent: { table: "users" } }));
  await using kernel = await quietKernel().kernel.use(plugin).start();
  const result = await kernel.call("rows", {});
  assert.equal(failure(result), "No such table");
  assert.equal("structuredContent" in result, false);
});

test("the log tells where a result does not fit its output schema, and not what it was", async () => {
  const { kernel, log } = quietKernel();
  await using _ = await kernel.use(counting(() => ({ rows: "hunter2" }))).start();
  assert.match(failure(await kernel.call("rows", {})), /does not match its output schema/);
  const [entry, ...more] = log.take("error");
  assert.equal(more.length, 0);
  assert.deepEqual(entry?.data, { at: ["rows"] });
  assert.equal(JSON.stringify([entry, ...log.entries]).includes("hunter2"), false);
});
