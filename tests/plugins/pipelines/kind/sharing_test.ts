import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharing from "../../../../plugins/sharing/mod.ts";
import { dataOf, fail, startPipelines, succeed } from "../tool/kit.ts";

const STEPS = [
  { name: "loud", tool: "upper", args: { text: "$input.text" }, retry: { max_attempts: 2 } },
  { for_each: { items: ["a", "b"], as: "it", steps: [{ tool: "echo", args: { it: "$it", loud: "$loud" } }] } },
];
const OUTPUT = { all: "$prev", first: "$prev[0].it" };

test("a pipeline is exported and imported whole, under a name of its own", async () => {
  await using kit = await startPipelines({ plugins: [sharing] });
  await kit.create("loudly", STEPS, { output: OUTPUT, tags: ["demo"] });
  const to = join(kit.home, "loudly.zip");
  succeed(await kit.call("export_tool", { tool_name: "loudly", to }));
  succeed(await kit.pipeline({ action: "delete", name: "loudly" }));
  succeed(await kit.call("import_tool", { source: to, name: "again" }));
  const got = dataOf(await kit.pipeline({ action: "get", name: "again" }));
  assert.deepEqual([got["steps"], got["output"], got["tags"]], [STEPS, OUTPUT, ["demo"]]);
  assert.deepEqual((await kit.call("again", { text: "hi" })).structuredContent, {
    all: [{ it: "a", loud: "HI" }, { it: "b", loud: "HI" }],
    first: "a",
  });
});

test("what is imported and would call itself, or has steps that are wrong, is refused", async () => {
  await using kit = await startPipelines({ plugins: [sharing] });
  await kit.create("inner", [{ tool: "echo" }]);
  await kit.create("outer", [{ tool: "inner" }]);
  const to = join(kit.home, "outer.zip");
  succeed(await kit.call("export_tool", { tool_name: "outer", to }));
  // under the name of what it calls
  const refused = fail(await kit.call("import_tool", { source: to, name: "inner", overwrite: true }));
  assert.match(refused, /would call itself in a circle: "inner" → "inner"/);
  const folder = join(kit.home, "wrong");
  await mkdir(folder);
  const steps = [{ tool: "echo", args: { x: "$later" } }, { name: "later", tool: "echo" }];
  const manifest = { name: "wrong", description: "x", tool_type: "pipeline", version: "1.0.0", pipeline_steps: steps };
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  assert.match(fail(await kit.call("import_tool", { source: folder })), /"\$later": steps\[1\] runs later/);
  assert.equal(kit.kernel.tools.get("wrong"), undefined);
});
