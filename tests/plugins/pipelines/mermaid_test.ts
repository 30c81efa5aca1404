import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toMermaid } from "../../../plugins/pipelines/mermaid.ts";
import { readSteps } from "../../../plugins/pipelines/read_steps.ts";

async function draw(steps: unknown): Promise<readonly string[]> {
  const read = await readSteps(steps);
  assert.deepEqual(read.problems.all(), []);
  return toMermaid(read.steps).trimEnd().split("\n").map((it) => it.trim());
}

describe("toMermaid()", () => {
  test("draws steps in turn, what may be skipped, and what runs on an error", async () => {
    const found = await draw([
      { name: "list", tool: "t", retry: {}, timeout_ms: 1500 },
      { tool: "u", condition: "$list.n > 3", continue_on_error: true },
      { tool: "v", on_error: [{ tool: "w" }] },
    ]);
    assert.deepEqual(found, [
      "flowchart TD",
      'start(["start"])',
      'n1["list<br/>t<br/>up to 3 attempts<br/>at most 1.5 s"]',
      'n2{"$list.n #62; 3"}',
      'n3["u<br/>may fail"]',
      'n4["v"]',
      'n5["w"]',
      'done(["done"])',
      "start --> n1",
      "n1 --> n2",
      'n2 -->|"yes"| n3',
      "n3 --> n4",
      'n2 -->|"no"| n4',
      'n4 -.->|"on error"| n5',
      "n4 --> done",
      "n5 --> done",
    ]);
  });

  test("draws branches, loops, choices and questions, edges after all subgraphs", async () => {
    const call = { tool: "t" };
    const found = await draw([
      { parallel: [call, { steps: [call, call] }] },
      { for_each: { items: "$prev", as: "file", concurrency: 4, steps: [call] } },
      { switch: [{ condition: "$prev", steps: [call] }] },
      { name: "ask", wait_for_input: { message: "Go on?" } },
    ]);
    assert.deepEqual(found, [
      "flowchart TD",
      'start(["start"])',
      'subgraph n1["steps[0], at the same time"]',
      'n2["t"]',
      'subgraph n3["steps[0].parallel[1]"]',
      'n4["t"]',
      'n5["t"]',
      "end",
      "end",
      'subgraph n6["steps[1], for each file of $prev, 4 at a time"]',
      'n7["t"]',
      "end",
      'n8{"steps[2]"}',
      'n9["t"]',
      'n10[/"ask<br/>Go on?"/]',
      'done(["done"])',
      "start --> n2",
      "start --> n4",
      "n4 --> n5",
      "n2 --> n7",
      "n5 --> n7",
      "n7 --> n8",
      'n8 -->|"$prev"| n9',
      "n9 --> n10",
      'n8 -->|"else"| n10',
      "n10 --> done",
    ]);
  });

  test("escapes whatever a text holds, and shortens it", async () => {
    const texts = [
      '"] --> n9; click x "',
      "%%{init: {}}%%",
      "a#quot;b",
      "`md`",
      "<script>",
      "end\nsubgraph x",
      "a|b&c\\",
    ];
    for (const text of texts) {
      const found = await draw([{ wait_for_input: { message: text } }]);
      const [line = ""] = found.filter((it) => it.startsWith("n1"));
      const label = /^n1\[\/"steps\[0\]<br\/>(.*)"\/\]$/.exec(line)?.[1];
      assert.ok(label !== undefined, line);
      assert.doesNotMatch(label, /["<>%{}`|&\\;](?<!#\d+;)/, text);
      const decoded = label.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
      assert.equal(decoded, text.replace(/\s+/g, " "));
      assert.equal(found.length, 6);
    }
    const [, , long = ""] = await draw([{ tool: "x".repeat(100) }]);
    assert.equal(long, `n1["${"x".repeat(59)}#8230;"]`);
  });
});
