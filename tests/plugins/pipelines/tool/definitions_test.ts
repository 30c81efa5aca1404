import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { dataOf, fail, startPipelines, succeed } from "./kit.ts";

const STEPS = [{ name: "words", tool: "count", args: { text: "$input.text" } }];

test("pipeline create makes a tool, and says how it is called", async () => {
  await using kit = await startPipelines();
  const made = await kit.create("counter", STEPS, { tags: ["text"] });
  assert.match(succeed(made), /^Created pipeline "counter" 1\.0\.0 with 1 step\.\n\nCall it as `counter`/);
  assert.deepEqual([dataOf(made)["name"], dataOf(made)["steps"]], ["counter", 1]);
  const manifest = JSON.parse(await readFile(join(kit.home, "tools/counter/manifest.json"), "utf8"));
  assert.equal(manifest.tool_type, "pipeline");
  assert.deepEqual(manifest.pipeline_steps, STEPS);
  assert.equal(manifest.execution, "async");
});

test("pipeline create tells all that is wrong at once, with place and remedy, and makes nothing", async () => {
  await using kit = await startPipelines();
  const text = fail(
    await kit.pipeline({
      action: "create",
      name: "bad name",
      description: "Everything wrong",
      steps: [
        { name: "a", tool: "cuont", args: { text: "x" } },
        { name: "a", tool: "count", args: { text: 5, more: 1 } },
        { tool: "upper", args: { text: "$later.x" } },
        { name: "later", tool: "echo", when: "1" },
      ],
    }),
  );
  assert.match(text, /^Cannot create pipeline "bad name": there are \d+ problems:\n- /);
  assert.match(text, /a name has 1 to 64 of A-Z a-z 0-9 _ -/);
  assert.match(text, /steps\[0\]\.tool: there is no tool "cuont"; did you mean "count"\?; /);
  assert.match(text, /steps\[1\]\.name: "a" is the name of steps\[0\] already; give each step a name of its own/);
  assert.match(text, /steps\[1\]\.args\.text: expected string, found 5/);
  assert.match(text, /steps\[2\]\.args\.text: .*later/);
  assert.match(text, /steps\[3\].*unknown key "when"; it is called "condition"/);
  assert.equal(kit.kernel.tools.get("bad name"), undefined);
});

test("pipeline create wants a name that is free, and describes a pipeline that has no description", async () => {
  await using kit = await startPipelines();
  const create = (more: Record<string, unknown>) => kit.pipeline({ action: "create", steps: STEPS, ...more });
  assert.match(fail(await create({ description: "x" })), /Cannot create: "name" is missing/);
  succeed(await create({ name: "plain" }));
  assert.equal(kit.kernel.tools.get("plain")?.definition.description, "Calls count");
  assert.match(fail(await create({ name: "count", description: "x" })), /taken by a tool of plugin "step_tools"/);
  await kit.create("counter", STEPS);
  const taken = await create({ name: "counter", description: "x" });
  assert.match(fail(taken), /^Cannot create pipeline "counter": it exists .* "overwrite": true/);
  assert.equal((dataOf(taken)["problems"] as unknown[]).length, 1);
});

test("pipeline create refuses a pipeline that would call itself, be it through others", async () => {
  await using kit = await startPipelines();
  await kit.create("inner", STEPS);
  await kit.create("outer", [{ tool: "inner", args: { text: "x" } }]);
  const circle = await kit.pipeline({
    action: "create",
    name: "inner",
    description: "x",
    overwrite: true,
    steps: [{ tool: "outer" }],
  });
  assert.match(fail(circle), /would call itself in a circle: "inner" → "outer" → "inner"/);
});

test("pipeline create with overwrite keeps the version before, which can be got, run and rolled back to", async () => {
  await using kit = await startPipelines();
  await kit.create("shout", [{ tool: "upper", args: { text: "old $input.text" } }]);
  const made = await kit.create("shout", [{ tool: "upper", args: { text: "new $input.text" } }], { overwrite: true });
  assert.match(succeed(made), /^Updated pipeline "shout" to 1\.0\.1 with 1 step; version 1\.0\.0 is kept\./);
  const old = await kit.pipeline({ action: "get", name: "shout", version: "1.0.0" });
  assert.deepEqual(dataOf(old)["steps"], [{ tool: "upper", args: { text: "old $input.text" } }]);
  assert.match(
    fail(await kit.pipeline({ action: "get", name: "shout", version: "3.0.0" })),
    /there are 1\.0\.1, 1\.0\.0/,
  );
  const back = await kit.call("version", { action: "rollback", tool_name: "shout", version: "1.0.0" });
  assert.equal(back.isError, undefined, JSON.stringify(back));
  const now = dataOf(await kit.pipeline({ action: "get", name: "shout" }));
  assert.deepEqual([now["version"], now["steps"]], ["1.0.2", [{ tool: "upper", args: { text: "old $input.text" } }]]);
});

test("pipeline create does not replace a tool of another kind", async () => {
  await using kit = await startPipelines();
  await mkdir(join(kit.home, "tools/script_tool"), { recursive: true });
  const manifest = { name: "script_tool", description: "x", tool_type: "script", version: "1.0.0" };
  await writeFile(join(kit.home, "tools/script_tool/manifest.json"), JSON.stringify(manifest));
  await kit.call("list_tools", {});
  const text = fail(
    await kit.pipeline({ action: "create", name: "script_tool", description: "x", steps: STEPS, overwrite: true }),
  );
  assert.match(text, /"script_tool" is a tool of the kind script, which no pipeline replaces/);
});

test("annotations of a pipeline are those of its tools, unless they are given", async () => {
  await using kit = await startPipelines();
  const hints = async (name: string, tools: readonly string[], more = {}) => {
    await kit.create(name, tools.map((tool) => ({ tool, args: tool === "echo" ? {} : { text: "x" } })), more);
    return kit.kernel.tools.get(name)?.definition.annotations;
  };
  assert.deepEqual(await hints("reads", ["echo", "count"]), { readOnlyHint: true, openWorldHint: false });
  assert.deepEqual(await hints("writes", ["echo", "upper"]), {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  });
  await kit.create("destroys", [{ steps: [{ for_each: { items: [1], steps: [{ tool: "fail" }] } }] }]);
  assert.deepEqual(kit.kernel.tools.get("destroys")?.definition.annotations, {
    readOnlyHint: false,
    destructiveHint: true,
  });
  assert.deepEqual(await hints("given", ["upper"], { annotations: { title: "Mine" } }), { title: "Mine" });
});

test("pipeline list shows name, description, number of steps and tags, of all or of one tag", async () => {
  await using kit = await startPipelines();
  assert.match(succeed(await kit.pipeline({ action: "list" })), /There are no pipelines yet/);
  await kit.create("one", STEPS, { tags: ["a", "b"] });
  await kit.create("two", [...STEPS, { tool: "echo" }]);
  const text = succeed(await kit.pipeline({ action: "list" }));
  assert.match(text, /- \*\*one\*\* \(1 step\) \[a, b\]: Pipeline one\n- \*\*two\*\* \(2 steps\): Pipeline two$/);
  const tagged = dataOf(await kit.pipeline({ action: "list", tag: "a" }));
  assert.deepEqual((tagged["pipelines"] as { name: string }[]).map((it) => it.name), ["one"]);
  assert.match(succeed(await kit.pipeline({ action: "list", tag: "c" })), /no pipelines with the tag "c"/);
});

test("pipeline get gives the definition and a drawing", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS, { output: { n: "$words.words" } });
  const got = await kit.pipeline({ action: "get", name: "counter" });
  assert.match(succeed(got), /```mermaid\nflowchart TD\n/);
  const data = dataOf(got);
  assert.deepEqual([data["steps"], data["output"]], [STEPS, { n: "$words.words" }]);
  assert.match(fail(await kit.pipeline({ action: "get", name: "conuter" })), /did you mean "counter"\?/);
});

test("pipeline delete moves a pipeline to the trash, and refuses other tools", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS);
  assert.match(
    succeed(await kit.pipeline({ action: "delete", name: "counter" })),
    /^Deleted pipeline "counter"\. Until /,
  );
  assert.equal(kit.kernel.tools.get("counter"), undefined);
  assert.match(fail(await kit.pipeline({ action: "delete", name: "counter" })), /there is no pipeline of that name/);
  assert.match(fail(await kit.pipeline({ action: "delete", name: "count" })), /there is no pipeline of that name/);
  assert.match(fail(await kit.pipeline({ action: "delete" })), /"name" is missing/);
});

test("pipeline validate checks steps, stored pipelines and arguments, and changes nothing", async () => {
  await using kit = await startPipelines();
  const validate = (more: Record<string, unknown>) => kit.pipeline({ action: "validate", ...more });
  assert.equal(succeed(await validate({ steps: STEPS })), "The pipeline is valid.");
  const bad = await validate({ steps: [{ tool: "nothing" }] });
  assert.match(succeed(bad), /^The pipeline is not valid:\n- steps\[0\]\.tool: there is no tool "nothing"/);
  assert.equal(dataOf(bad)["valid"], false);
  await kit.create("counter", STEPS, {
    input_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  });
  assert.equal(succeed(await validate({ name: "counter" })), 'Pipeline "counter" is valid.');
  assert.equal(succeed(await validate({ name: "counter", arguments: { text: "a" } })), 'Pipeline "counter" is valid.');
  assert.match(
    succeed(await validate({ name: "counter", arguments: { text: 1 } })),
    /arguments\.text: expected string/,
  );
  assert.match(succeed(await validate({ steps: STEPS, arguments: { txt: "a" } })), /\$input.*text/);
  const deep = JSON.parse(`${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`);
  assert.equal(dataOf(await validate({ steps: STEPS, arguments: { text: "a", deep } }))["valid"], true);
  assert.match(fail(await validate({})), /expected "steps", or the "name" of a pipeline/);
  assert.match(fail(await validate({ name: "conuter" })), /did you mean "counter"\?/);
});

test("the arguments of the tool are completed", async () => {
  await using kit = await startPipelines();
  await kit.create("counter", STEPS, { tags: ["text"] });
  const id = String((await kit.call("counter", { text: "a" }))._meta?.["collet/run_id"]);
  const complete = (argument: string, value: string) =>
    kit.kernel.complete({ type: "tool", name: "pipeline" }, { argument, value });
  assert.deepEqual(await complete("action", "res"), ["resume"]);
  assert.deepEqual(await complete("name", "cou"), ["counter"]);
  assert.deepEqual(await complete("tag", "t"), ["text"]);
  assert.deepEqual(await complete("run_id", id.slice(0, 4)), [id]);
  assert.deepEqual(await complete("status", "inter"), ["interrupted"]);
});

test("the listed schema of the tool describes steps", async () => {
  await using kit = await startPipelines();
  const schema = kit.kernel.tools.get("pipeline")!.compiled.input.jsonSchema as {
    properties: { steps: { items: { properties: Record<string, unknown> } }; action: { enum: unknown[] } };
  };
  assert.deepEqual(Object.keys(schema.properties.steps.items.properties).slice(0, 4), [
    "name",
    "tool",
    "args",
    "condition",
  ]);
  assert.deepEqual(schema.properties.action.enum.length, 9);
  assert.doesNotMatch(JSON.stringify(schema), /\$ref/);
});

test("steps of any shape are refused in words, never by an error of the server", async () => {
  await using kit = await startPipelines();
  let deep: unknown = [{ tool: "echo" }];
  for (let i = 0; i < 500; i++) deep = [{ steps: deep }];
  const shapes = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.record({ tool: fc.jsonValue(), args: fc.jsonValue(), for_each: fc.jsonValue() }, { requiredKeys: [] })),
    fc.constant(deep),
  );
  await fc.assert(
    fc.asyncProperty(shapes, async (steps) => {
      const validated = dataOf(await kit.pipeline({ action: "validate", steps: steps ?? "none" }));
      assert.equal(typeof validated["valid"], "boolean");
      const made = await kit.pipeline({ action: "create", name: "any", steps, overwrite: true });
      if (made.isError) {
        assert.match(fail(made), /^Cannot create pipeline "any": there (is a problem|are \d+ problems):/);
      }
    }),
    { numRuns: 60 },
  );
});
