import assert from "node:assert/strict";
import { test } from "node:test";
import { isProtocolError } from "../../../../kernel/mod.ts";
import { firstText, type PipelinesKit, startPipelines } from "../tool/kit.ts";

async function read(kit: PipelinesKit, uri: string): Promise<string> {
  const { contents: [contents] } = await kit.kernel.read(uri);
  return (contents as { readonly text: string }).text;
}

const STEPS = [
  { name: "words", tool: "count", args: { text: "$input.text" } },
  { for_each: { items: [1, 2], steps: [{ tool: "echo", args: { n: "$item" } }] } },
];

test("collet://runs and its children tell of runs, steps and outputs, also as skillz://", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS);
  const id = String((await kit.call("counter", { text: "a b" }))._meta?.["collet/run_id"]);
  for (const scheme of ["collet", "skillz"]) {
    const { runs } = JSON.parse(await read(kit, `${scheme}://runs`));
    assert.deepEqual(runs.map((it: { run_id: string; status: string }) => [it.run_id, it.status]), [[id, "completed"]]);
    const run = JSON.parse(await read(kit, `${scheme}://runs/${id}`));
    assert.deepEqual([run.pipeline, run.status, run.input, run.plan.steps], [
      "counter",
      "completed",
      { text: "a b" },
      STEPS,
    ]);
    const keys = run.steps.map((it: { key: string }) => it.key);
    assert.deepEqual(keys.sort(), ["0", "1", "1.for_each[0].0", "1.for_each[1].0"]);
    for (const { key, uri } of run.steps) assert.notEqual(await read(kit, uri), "", key);
    assert.deepEqual(JSON.parse(await read(kit, `${scheme}://runs/${id}/steps/0`)), { words: 2 });
    assert.deepEqual(JSON.parse(await read(kit, `${scheme}://runs/${id}/output`)), [{ n: 1 }, { n: 2 }]);
    assert.match(await read(kit, `${scheme}://runs/${id}/graph`), /^flowchart TD\n/);
    assert.match(await read(kit, `${scheme}://pipelines/counter/graph`), /^flowchart TD\n/);
  }
});

test("what is not there is not found, and near names are told", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS);
  const id = String((await kit.call("counter", { text: "a b" }))._meta?.["collet/run_id"]);
  const missing = (pattern: RegExp) => (error: unknown) =>
    isProtocolError(error) && error.code === -32002 && pattern.test(error.message);
  await assert.rejects(read(kit, "collet://runs/nothing"), missing(/nothing/));
  await assert.rejects(read(kit, `collet://runs/${id}/steps/99`), missing(/the step has no output/));
  await assert.rejects(read(kit, "collet://pipelines/conuter/graph"), missing(/did you mean "counter"\?/));
  await assert.rejects(read(kit, "collet://pipelines/count/graph"), missing(/there is no pipeline/));
});

test("the drawing of a run marks its steps with what has become of them", async () => {
  await using kit = await startPipelines();
  await kit.create("mixed", [
    { name: "ok", tool: "echo" },
    {
      switch: [{ condition: "1 == 2", steps: [{ name: "never", tool: "echo" }] }, {
        steps: [{ name: "taken", tool: "echo" }],
      }],
    },
    {
      // the steps after it are beyond the first page
      for_each: { items: "$input.items", steps: [{ name: "some", tool: "echo", condition: "$item == 1" }] },
      on_error: [{ name: "unneeded", tool: "echo" }],
    },
    { name: "not", tool: "echo", condition: "1 == 2" },
    { name: "bad", tool: "fail", retry: { max_attempts: 2, delay_ms: 0 } },
    { name: "after", tool: "echo" },
  ]);
  const items = Array.from({ length: 1_010 }, (_, i) => i);
  const ran = await kit.pipeline({ action: "run", name: "mixed", arguments: { items } });
  const graph = await read(kit, `${/collet:\/\/runs\/[\w-]+/.exec(JSON.stringify(ran))![0]}/graph`);
  const marks = new Map<string, string>();
  for (const [, ids, mark] of graph.matchAll(/^ {2}class (\S+) (\w+)$/gm)) {
    for (const id of ids!.split(",")) marks.set(id, mark!);
  }
  const markOf = (name: string) => marks.get(new RegExp(`(n\\d+)\\["${name}<br/>`).exec(graph)![1]!);
  assert.deepEqual(["ok", "never", "taken", "some", "unneeded", "not", "bad", "after"].map(markOf), [
    "completed",
    undefined,
    "completed",
    "completed",
    undefined,
    "skipped",
    "failed",
    undefined,
  ], graph);
});

test("the drawing of a run is that of the steps it was started with", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS);
  const ran = await kit.pipeline({ action: "run", name: "counter", arguments: { text: "a" } });
  const id = /\(run ([\w-]+)\)/.exec(firstText(ran))![1];
  const before = await read(kit, "collet://pipelines/counter/graph");
  await kit.create("counter", [{ tool: "echo" }], { overwrite: true });
  assert.notEqual(await read(kit, "collet://pipelines/counter/graph"), before);
  assert.ok((await read(kit, `collet://runs/${id}/graph`)).startsWith(before));
});

test("drawings are listed, runs are completed", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS);
  const id = String((await kit.call("counter", { text: "a b" }))._meta?.["collet/run_id"]);
  const template = kit.kernel.resources.get("collet://pipelines/{name}/graph");
  assert.notEqual(template, undefined);
  const complete = (uri: string, argument: string, value: string) =>
    kit.kernel.complete({ type: "resource", uri }, { argument, value });
  assert.deepEqual(await complete("collet://pipelines/{name}/graph", "name", "cou"), ["counter"]);
  assert.deepEqual(await complete("collet://runs/{id}", "id", id.slice(0, 5)), [id]);
});
