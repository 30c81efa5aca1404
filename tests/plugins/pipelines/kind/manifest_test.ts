import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { temporaryHome } from "../../library/kit.ts";
import { dataOf, fail, startPipelines, succeed } from "../tool/kit.ts";

async function writeManifest(home: string, manifest: JsonObject): Promise<void> {
  const folder = join(home, "tools", String(manifest["name"]));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

// as skillz writes it: no format, null for what is not given, a schema that is none
const OF_SKILLZ = {
  name: "shout_twice",
  version: "1.0.0",
  description: "Shout it, and again if it is short",
  tool_type: "pipeline",
  input_schema: { type: "" },
  output_schema: null,
  annotations: null,
  dependencies: [],
  pipeline_steps: [
    { name: "words", tool: "count", args: { text: "$input.text" }, continue_on_error: false, condition: null },
    {
      name: null,
      tool: "upper",
      args: { text: "$input.text" },
      continue_on_error: false,
      condition: "$words.words == 1",
    },
    { name: "bad", tool: "fail", args: {}, continue_on_error: true, condition: "$input.text != quiet" },
  ],
  tags: ["demo"],
  created_at: "2025-12-28T00:00:00Z",
};

test("a pipeline folder of skillz loads and runs unchanged", async () => {
  await using home = await temporaryHome();
  await writeManifest(home.path, OF_SKILLZ);
  const before = await readFile(join(home.path, "tools/shout_twice/manifest.json"), "utf8");
  await using kit = await startPipelines({ home: home.path });
  assert.match(succeed(await kit.pipeline({ action: "list" })), /- \*\*shout_twice\*\* \(3 steps\) \[demo\]: Shout it/);
  const args = { text: "hello" };
  const called = await kit.call("call_tool", { tool_name: "shout_twice", arguments: args });
  // the last step failed, and may
  assert.equal(succeed(called), "(no output)");
  const run = dataOf(await kit.pipeline({ action: "run", name: "shout_twice", arguments: args }));
  assert.deepEqual(
    (run["steps"] as { status: string; output?: unknown }[]).map((it) => [it.status, it.output]),
    [["completed", { words: 1 }], ["completed", "HELLO"], ["failed", undefined]],
  );
  const skipped = dataOf(await kit.pipeline({ action: "run", name: "shout_twice", arguments: { text: "quiet" } }));
  assert.equal(skipped["output"], "QUIET");
  assert.equal((skipped["steps"] as { status: string }[])[2]?.status, "skipped");
  assert.equal(await readFile(join(home.path, "tools/shout_twice/manifest.json"), "utf8"), before);
});

test("a manifest whose steps are not well formed is broken, and says why", async () => {
  await using home = await temporaryHome();
  await writeManifest(home.path, {
    name: "wrong",
    description: "x",
    tool_type: "pipeline",
    pipeline_steps: [{ tol: 1 }],
  });
  await writeManifest(home.path, { name: "empty", description: "x", tool_type: "pipeline" });
  await using kit = await startPipelines({ home: home.path });
  const text = succeed(await kit.pipeline({ action: "list" }));
  assert.match(text, /\*\*wrong\*\* .*\(broken: its steps are not well formed:/);
  assert.match(text, /\*\*empty\*\* .*\(broken: its steps are not well formed: steps: expected a list of steps/);
  assert.match(fail(await kit.call("call_tool", { tool_name: "wrong" })), /the tool is broken: its steps/);
});

test("a pipeline whose tools are not there can be imported, and says so when it runs", async () => {
  await using home = await temporaryHome();
  const steps = [{ tool: "not_there" }];
  await writeManifest(home.path, { name: "early", description: "x", tool_type: "pipeline", pipeline_steps: steps });
  await using kit = await startPipelines({ home: home.path });
  assert.match(fail(await kit.call("early")), /steps\[0\].*Unknown tool "not_there"/);
});

test("the page of a pipeline draws it", async () => {
  await using kit = await startPipelines({ plugins: [(await import("../../../../plugins/guide/mod.ts")).default] });
  await kit.create("counter", [{ tool: "count", args: { text: "a" } }]);
  const { contents: [page] } = await kit.kernel.read("collet://tools/counter");
  assert.match(String((page as { text?: string }).text), /## Steps\n\n```mermaid\nflowchart TD/);
});
