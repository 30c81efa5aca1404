import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Content, definePlugin, type JsonObject } from "../../../../kernel/mod.ts";
import { Secrets } from "../../../../plugins/secrets/contract.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import { Store } from "../../../../plugins/store/contract.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { dataOf, fail, firstText, type PipelinesKit, startPipelines, succeed } from "./kit.ts";

type Step = { readonly key: string; readonly status: string; readonly output?: unknown; readonly uri?: string };

function stepsOf(data: JsonObject): readonly Step[] {
  return data["steps"] as readonly Step[];
}

async function waitForRun(kit: PipelinesKit, status: string): Promise<string> {
  let id: string | undefined;
  await until(async () => {
    const { runs } = dataOf(await kit.pipeline({ action: "runs", status })) as { runs: { run_id: string }[] };
    id = runs[0]?.run_id;
    return id !== undefined;
  }, `a run that is ${status}`);
  return id!;
}

const GREET = [
  { name: "loud", tool: "upper", args: { text: "$input.name" } },
  { name: "words", tool: "count", args: { text: "Hello $loud of $input.place" } },
];

test("pipeline run tells of each step, and gives the output as JSON", async () => {
  await using kit = await startPipelines();
  await kit.create("greet", GREET);
  const ran = await kit.pipeline({ action: "run", name: "greet", arguments: { name: "ada", place: "London" } });
  const text = firstText(ran);
  assert.match(text, /^Pipeline "greet" succeeded in \d+ ms \(run [\w-]+\)\n\n/);
  assert.match(
    text,
    /- \*\*completed\*\* loud \(`upper`\), \d+ ms: "ADA"\n- \*\*completed\*\* words \(`count`\), \d+ ms: /,
  );
  assert.match(text, /```json\n\{\n {2}"words": 4\n\}\n```$/);
  const data = dataOf(ran);
  assert.deepEqual([data["pipeline"], data["status"], data["output"]], ["greet", "completed", { words: 4 }]);
  assert.deepEqual(stepsOf(data).map((it) => [it.key, it.status, it.output]), [
    ["0", "completed", "ADA"],
    ["1", "completed", { words: 4 }],
  ]);
  assert.equal(ran._meta?.["collet/run_id"], data["run_id"]);
});

test("a pipeline gives its value alone, by its name and by call_tool, from scripts of other tools and pipelines", async () => {
  await using kit = await startPipelines();
  await kit.create("greet", GREET);
  await kit.create("twice", [
    { name: "one", tool: "greet", args: { name: "$input.name", place: "x" } },
    { tool: "call_tool", args: { tool_name: "greet", arguments: { name: "a b", place: "$one.words" } } },
  ], { output: { sum: ["$one.words", "$prev.words"] } });
  const args = { name: "ada", place: "here" };
  assert.deepEqual((await kit.call("greet", args)).structuredContent, { words: 4 });
  assert.deepEqual((await kit.call("call_tool", { tool_name: "greet", arguments: args })).structuredContent, {
    words: 4,
  });
  const nested = await kit.call("twice", { name: "ada" });
  assert.deepEqual(nested.structuredContent, { sum: [4, 5] });
  assert.equal(typeof nested._meta?.["collet/run_id"], "string");
  // runs within runs are not listed
  const { runs } = dataOf(await kit.pipeline({ action: "runs" })) as { runs: { pipeline: string }[] };
  assert.deepEqual(runs.map((it) => it.pipeline).filter((it) => it === "twice"), ["twice"]);
});

test("a failed step ends the run, is named, and resume goes on there and repeats nothing", async () => {
  await using kit = await startPipelines();
  await kit.create("fragile", [
    { name: "first", tool: "echo", args: { x: "$input.x" } },
    { name: "weak", tool: "flaky" },
    { tool: "echo", args: { of: "$first.x", mended: "$weak.mended" } },
  ]);
  const ran = await kit.pipeline({ action: "run", name: "fragile", arguments: { x: 7 } });
  assert.equal(ran.isError, true);
  const id = String(dataOf(ran)["run_id"]);
  assert.match(firstText(ran), /^Pipeline "fragile" failed after \d+ ms/);
  assert.match(firstText(ran), /- \*\*failed\*\* weak \(`flaky`\), \d+ ms: Cannot do it: broken/);
  assert.match(firstText(ran), new RegExp(`"action":"resume","run_id":"${id}"`));
  assert.equal(dataOf(ran)["failed_step"], "1");
  assert.match(
    fail(await kit.call("fragile", { x: 8 })),
    /^Cannot run pipeline "fragile": .*weak.*broken.*"action":"resume"/s,
  );

  kit.tools.isBroken = false;
  const resumed = await kit.pipeline({ action: "resume", run_id: id });
  assert.deepEqual(dataOf(resumed)["output"], { of: 7, mended: true });
  assert.deepEqual(kit.tools.calls.filter((it) => it.tool === "echo").map((it) => it.args), [
    { x: 7 },
    { x: 8 },
    { of: 7, mended: true },
  ]);
  assert.match(fail(await kit.pipeline({ action: "resume", run_id: id })), /it has completed/);
});

test("a step that fails within a pipeline within a pipeline is named, and the outer run resumes both", async () => {
  await using kit = await startPipelines();
  await kit.create("inner", [{ tool: "echo", args: { n: 1 } }, { name: "weak", tool: "flaky" }]);
  await kit.create("outer", [{ name: "before", tool: "echo", args: { n: 0 } }, { name: "sub", tool: "inner" }]);
  const ran = await kit.pipeline({ action: "run", name: "outer" });
  const text = firstText(ran);
  assert.match(text, /sub.*inner.*weak.*broken/s);
  assert.equal(text.match(/"action":"resume"/g)?.length, 1, text);
  kit.tools.isBroken = false;
  const resumed = await kit.pipeline({ action: "resume", run_id: String(dataOf(ran)["run_id"]) });
  assert.deepEqual(dataOf(resumed)["output"], { mended: true });
  assert.equal(kit.tools.count("echo"), 2);
});

test("how a failed run is resumed stands on a line of its own after several lines", async () => {
  await using kit = await startPipelines();
  await kit.create("bad", [{ tool: "fail", args: { why: "one\ntwo" } }]);
  assert.match(fail(await kit.call("bad")), /one\ntwo.*\n`pipeline` with \{"action":"resume"/);
});

test("circles that were made behind the checks are refused when they run", async () => {
  await using kit = await startPipelines();
  await kit.create("a", [{ tool: "echo" }]);
  await kit.create("b", [{ tool: "call_tool", args: { tool_name: "a" } }]);
  await kit.create("a", [{ tool: "b" }], { overwrite: true });
  assert.match(fail(await kit.call("a")), /in a circle: a -> b -> call_tool\(a\) -> a/);
  assert.match(
    firstText(await kit.pipeline({ action: "run", name: "a" })),
    /in a circle: pipeline\(a\) -> a -> b -> call_tool\(a\) -> a/,
  );
});

test("pipelines within pipelines come to no more steps than one alone", async () => {
  await using kit = await startPipelines({ config: { steps: 20 } });
  const loop = (tool: string) => [{ for_each: { items: [1, 2, 3, 4, 5], steps: [{ tool }] } }];
  await kit.create("inner", loop("echo"));
  await kit.create("outer", loop("inner"));
  assert.equal((await kit.call("inner")).isError, undefined);
  assert.match(fail(await kit.call("outer")), /the run comes to more than 20 steps/);
  assert.ok(kit.tools.count("echo") <= 5 + 20);
});

test("arguments and results are checked against the schemas of the pipeline", async () => {
  await using kit = await startPipelines();
  await kit.create("typed", [{ tool: "echo", args: { n: "$input.n" } }], {
    input_schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
    output_schema: { type: "object", properties: { n: { type: "number", maximum: 5 } } },
  });
  const run = (n: unknown) => kit.pipeline({ action: "run", name: "typed", arguments: { n } });
  assert.match(firstText(await run("x")), /"n": expected number, found "x"/);
  assert.deepEqual(dataOf(await run(3))["output"], { n: 3 });
  const wrong = await run(9);
  assert.equal(wrong.isError, true);
  assert.match(firstText(wrong), /does not match its output schema|expected at most 5/);
});

test("an older version can be run", async () => {
  await using kit = await startPipelines();
  await kit.create("v", [{ tool: "echo", args: { v: 1 } }]);
  await kit.create("v", [{ tool: "echo", args: { v: 2 } }], { overwrite: true });
  const run = (version?: string) => kit.pipeline({ action: "run", name: "v", ...(version && { version }) });
  assert.deepEqual(dataOf(await run("1.0.0"))["output"], { v: 1 });
  assert.deepEqual(dataOf(await run())["output"], { v: 2 });
  assert.match(fail(await run("9.9.9")), /9\.9\.9/);
});

test("the result of an older version is checked as well", async () => {
  await using kit = await startPipelines();
  const output = { type: "object", properties: { n: { type: "number" } } };
  await kit.create("v", [{ tool: "echo", args: { n: "$input.n" } }], { output_schema: output });
  await kit.create("v", [{ tool: "echo" }], { overwrite: true });
  const run = (n: unknown) => kit.pipeline({ action: "run", name: "v", version: "1.0.0", arguments: { n } });
  assert.deepEqual(dataOf(await run(1))["output"], { n: 1 });
  assert.match(fail(await run("one")), /does not match its output schema: .*expected number/);
});

test("pipeline cancel ends a run and the tool that it waits for; resume with redo goes on", async () => {
  await using kit = await startPipelines();
  await kit.create("long", [{ tool: "echo", args: { n: 1 } }, { name: "held", tool: "slow" }]);
  const running = kit.pipeline({ action: "run", name: "long" });
  await until(() => kit.tools.waiting === 1);
  const id = await waitForRun(kit, "running");
  assert.match(succeed(await kit.pipeline({ action: "cancel", run_id: id })), /^Cancelled run .* of pipeline "long"/);
  const ended = await running;
  assert.equal(ended.isError, true);
  assert.match(firstText(ended), /Run .* was cancelled; .*"action":"resume"/);
  assert.deepEqual([kit.tools.ended, kit.tools.waiting], [1, 0]);

  // what it had done by then nobody knows, and it says not that it may be repeated
  const refused = await kit.pipeline({ action: "resume", run_id: id });
  assert.match(firstText(refused), /held.*\{"redo":true\}/s);
  const resumed = kit.pipeline({ action: "resume", run_id: id, redo: true });
  await until(() => kit.tools.waiting === 1);
  kit.tools.release();
  assert.equal(dataOf(await resumed)["output"], "done");
  assert.equal(kit.tools.count("echo"), 1);
});

test("what is long is behind links, for clients; tools within get all of it", async () => {
  await using kit = await startPipelines();
  await kit.create("big", [{ name: "text", tool: "large", args: { length: "$input.length" } }, {
    tool: "echo",
    args: { a: "$text.text", b: "$text.text" },
  }]);
  const ran = await kit.pipeline({ action: "run", name: "big", arguments: { length: 20_000 } });
  assert.ok(firstText(ran).length < 5_000, String(firstText(ran).length));
  const links = ran.content.filter((it): it is Content & { type: "resource_link"; uri: string } =>
    it.type === "resource_link"
  );
  const id = String(dataOf(ran)["run_id"]);
  assert.deepEqual(
    links.map((it) => it.uri),
    [`output`, `steps/0`, `steps/1`].map((it) => `collet://runs/${id}/${it}`),
  );
  assert.equal(dataOf(ran)["output"], undefined);
  const { contents: [whole] } = await kit.kernel.read(links[0]!.uri);
  assert.equal(JSON.parse((whole as { text: string }).text).b.length, 20_000);
  await kit.create("within", [{
    tool: "pipeline",
    args: { action: "run", name: "big", arguments: { length: 20_000 } },
  }]);
  const nested = (await kit.call("within")).structuredContent as { output: { a: string } };
  assert.equal(nested.output.a.length, 20_000);
});

test("pipeline runs lists runs by name and state, page by page, and tells of one", async () => {
  await using kit = await startPipelines();
  await kit.create("good", [{ tool: "echo" }]);
  await kit.create("bad", [{ name: "it", tool: "fail", args: { why: "so" } }]);
  for (let i = 0; i < 3; i++) await kit.call("good");
  await kit.call("bad");
  const runs = async (more: JsonObject) => dataOf(await kit.pipeline({ action: "runs", ...more }));
  assert.equal(((await runs({}))["runs"] as unknown[]).length, 4);
  assert.equal(((await runs({ name: "good" }))["runs"] as unknown[]).length, 3);
  const [failed, ...others] = (await runs({ status: "failed" }))["runs"] as { run_id: string; error: string }[];
  assert.equal(others.length, 0);
  assert.match(failed!.error, /so/);
  const page = await runs({ limit: 2 });
  assert.equal((page["runs"] as unknown[]).length, 2);
  assert.equal(((await runs({ limit: 2, cursor: page["next_cursor"] }))["runs"] as unknown[]).length, 2);
  assert.match(fail(await kit.pipeline({ action: "runs", cursor: "x" })), /^Cannot list runs: the cursor "x" is none/);
  const one = await kit.pipeline({ action: "runs", run_id: failed!.run_id });
  assert.match(succeed(one), /\*\*failed\*\* it \(`fail`\): .*so[^]*"action":"resume"/);
  assert.match(fail(await kit.pipeline({ action: "runs", run_id: "none" })), /none/);
  assert.match(fail(await kit.pipeline({ action: "cancel" })), /"run_id" is missing/);
});

test("runs belong to whoever started them", async () => {
  await using kit = await startPipelines();
  await kit.create("good", [{ tool: "echo" }]);
  const ada = { principal: { id: "ada", scopes: [] } };
  const bob = { principal: { id: "bob", scopes: [] } };
  const id = String((await kit.call("good", {}, ada))._meta?.["collet/run_id"]);
  const count = async (call: typeof ada) =>
    (dataOf(await kit.pipeline({ action: "runs" }, call))["runs"] as unknown[]).length;
  assert.deepEqual([await count(ada), await count(bob)], [1, 0]);
  assert.equal((await kit.pipeline({ action: "runs", run_id: id }, ada)).isError, undefined);
  for (const action of ["runs", "cancel", "resume"]) fail(await kit.pipeline({ action, run_id: id }, bob));
  await assert.rejects(kit.kernel.read(`collet://runs/${id}`, bob), /not found/);
});

test("a run is asked for by name, and near names are told", async () => {
  await using kit = await startPipelines();
  await kit.create("greet", GREET);
  const run = (name?: string) => kit.pipeline({ action: "run", ...(name && { name }) });
  assert.match(
    fail(await run("great")),
    /Cannot run "great": there is no pipeline of that name; did you mean "greet"\?/,
  );
  assert.match(fail(await run()), /"name" is missing/);
});

test("cached results are used again by the same principal, until the time is over or the tool is another", async () => {
  await using kit = await startPipelines();
  await kit.create("inner", [{ tool: "echo", args: { v: 1 } }]);
  await kit.create("cached", [{ tool: "inner", args: { x: "$input.x" }, cache: { ttl_ms: 600_000 } }]);
  const call = async (x: number, id: string) =>
    (await kit.call("cached", { x }, { principal: { id, scopes: [] } })).structuredContent;
  assert.deepEqual([await call(1, "ada"), await call(1, "ada")], [{ v: 1 }, { v: 1 }]);
  assert.equal(kit.tools.count("echo"), 1);
  await call(2, "ada");
  await call(1, "bob");
  assert.equal(kit.tools.count("echo"), 3);
  await kit.create("inner", [{ tool: "echo", args: { v: 2 } }], { overwrite: true });
  assert.deepEqual(await call(1, "ada"), { v: 2 });
});

test("a step may call the tool pipeline, also of a pipeline that is run by it or resumed", async () => {
  await using kit = await startPipelines();
  await kit.create("inner", [{ tool: "echo", args: { n: "$input.n" } }, { tool: "flaky" }]);
  await kit.create("outer", [
    { name: "there", tool: "pipeline", args: { action: "list" }, output: "$prev.pipelines[0].name" },
    { tool: "pipeline", args: { action: "run", name: "$there", arguments: { n: 1 } } },
  ]);
  const ran = await kit.pipeline({ action: "run", name: "outer" });
  assert.match(firstText(ran), /Pipeline "inner" failed/);
  kit.tools.isBroken = false;
  const id = String(dataOf(ran)["run_id"]);
  const resumed = dataOf(await kit.pipeline({ action: "resume", run_id: id }));
  assert.deepEqual((resumed["output"] as JsonObject)["output"], { mended: true });
  await kit.create("self", [{ tool: "pipeline", args: { action: "run", name: "self" } }]);
  assert.match(fail(await kit.call("self")), /in a circle: self -> pipeline\(self\) -> self/);
});

test("a question that nobody answers fails its step, and the run goes on once somebody does", async () => {
  await using kit = await startPipelines();
  await kit.create("asks", [{ tool: "echo" }, { name: "sure", wait_for_input: { message: "Sure?" } }]);
  const nobody = await kit.pipeline({ action: "run", name: "asks" });
  assert.match(firstText(nobody), /sure.*Cannot ask the user/s);
  const declined = await kit.pipeline({ action: "run", name: "asks" }, {
    elicit: () => Promise.resolve({ action: "decline" as const }),
  });
  assert.equal(declined.isError, true);
  assert.match(firstText(declined), /sure.*declined/s);
  const id = String(dataOf(declined)["run_id"]);
  const resumed = await kit.pipeline({ action: "resume", run_id: id }, {
    elicit: () => Promise.resolve({ action: "accept" as const, content: {} }),
  });
  assert.equal(resumed.isError, undefined, JSON.stringify(resumed));
  assert.equal(kit.tools.count("echo"), 2);
});

test("what is kept of steps, shown, and passed on to the next one has no secret", async () => {
  const secret = "key-1234567890ab";
  await using home = await temporaryHome();
  await writeFile(join(home.path, "secrets.json"), JSON.stringify({ API_KEY: secret }), { mode: 0o600 });
  let kept: readonly unknown[] = [];
  const careless = definePlugin({
    name: "careless",
    version: "1.0.0",
    requires: { secrets: Secrets, store: Store },
    setup({ tool, deps }) {
      const reveal = () => deps.secrets.reveal(["API_KEY"])["API_KEY"];
      tool({ name: "reveal", description: "Show the key", input: {}, run: () => ({ key: reveal() }) });
      tool({
        name: "look",
        description: "Read what is kept",
        input: {},
        run: async () => void (kept = (await deps.store.namespace("pipelines/runs").scan({ limit: 1_000 })).items),
      });
    },
  });
  await using kit = await startPipelines({ home: home.path, before: [secrets], plugins: [careless] });
  await kit.create("show", [
    { name: "key", tool: "reveal" },
    { tool: "echo", args: { text: "It is $key.key" } },
    { tool: "fail", args: { why: "$prev.text" } },
  ]);
  const failed = await kit.pipeline({ action: "run", name: "show" });
  assert.deepEqual(kit.tools.calls[0]!.args, { text: "It is [API_KEY]" });
  await kit.call("look");
  for (const text of [JSON.stringify(failed), JSON.stringify(kept)]) {
    assert.ok(text.includes("[API_KEY]") && !text.includes(secret), text);
  }
});
