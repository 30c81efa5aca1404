import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileSchema, isObject } from "../../../kernel/mod.ts";
import { nestedSteps, type Step, StepInput } from "../../../plugins/pipelines/definition.ts";
import { formatProblem } from "../../../plugins/pipelines/problems.ts";
import { readSteps } from "../../../plugins/pipelines/read_steps.ts";

const schema = compileSchema(StepInput, { what: "a step" });

async function problemsOf(steps: unknown): Promise<readonly string[]> {
  return (await readSteps(steps)).problems.all().map(formatProblem);
}

async function readOne(step: unknown): Promise<Step> {
  const { steps, problems } = await readSteps([step]);
  assert.deepEqual(problems.all(), []);
  assert.equal(steps.length, 1);
  return steps[0]!;
}

const CALL = { tool: "t" };

describe("StepInput", () => {
  test("is listed flat: no references, no choices, and a description for each field", () => {
    const listed = schema.jsonSchema;
    const text = JSON.stringify(listed);
    for (const keyword of ["$ref", "$defs", "anyOf", "oneOf", "allOf", "null"]) {
      assert.ok(!text.includes(`"${keyword}"`), keyword);
    }
    assert.deepEqual(listed["additionalProperties"], false);
    const check = (properties: unknown, path: string): void => {
      assert.ok(isObject(properties), path);
      for (const [key, field] of Object.entries(properties)) {
        assert.ok(isObject(field) && typeof field["description"] === "string", `${path}.${key}`);
        if (field["properties"] !== undefined) check(field["properties"], `${path}.${key}`);
      }
    };
    check(listed["properties"], "");
    assert.ok(text.length < 4_000, `${text.length} characters are read by each model`);
  });

  test("keeps the fields of skillz", async () => {
    const step = { name: "a", tool: "t", args: { x: ["$input"] }, continue_on_error: true, condition: "$prev == 1" };
    assert.equal((await schema.parse(step)).ok, true);
    const read = await readOne(step);
    assert.ok(read.kind === "tool");
    assert.deepEqual([read.name, read.tool, read.args, read.continueOnError, read.condition], Object.values(step));
  });
});

describe("readSteps()", () => {
  test("takes null for what is not given, as other programs write it, but not in arguments", async () => {
    const read = await readOne({
      name: null,
      tool: "t",
      args: { x: null },
      condition: null,
      retry: { delay_ms: null },
    });
    assert.ok(read.kind === "tool");
    assert.deepEqual([read.name, read.condition, read.args, read.continueOnError], [
      undefined,
      undefined,
      { x: null },
      false,
    ]);
    assert.deepEqual(read.retry, { maxAttempts: 3, delayMs: 1_000, backoffRate: 2, maxDelayMs: 60_000 });
    assert.deepEqual((await readOne({ tool: "t" }) as { args?: unknown }).args, {});
  });

  test("reads each kind, with the place of each step", async () => {
    const steps = [
      { steps: [CALL] },
      { parallel: [CALL, CALL] },
      { for_each: { items: "$prev", steps: [CALL] } },
      { switch: [{ condition: "$prev", steps: [CALL] }, { steps: [CALL] }] },
      { wait_for_input: { message: "Go on?" }, on_error: [CALL] },
      { tool: "t", cache: { ttl_ms: 5 }, timeout_ms: 7, output: ["$prev"] },
    ];
    const read = await readSteps(steps);
    assert.deepEqual(read.problems.all(), []);
    assert.deepEqual(read.steps.map(({ kind }) => kind), [
      "steps",
      "parallel",
      "for_each",
      "switch",
      "wait_for_input",
      "tool",
    ]);
    for (const step of read.steps) {
      for (const { at, steps } of nestedSteps(step)) {
        steps.forEach((inner, index) => assert.deepEqual(inner.path, [...step.path, ...at, index]));
      }
    }
    const [, , loop, choice, , call] = read.steps;
    assert.ok(loop?.kind === "for_each" && choice?.kind === "switch" && call?.kind === "tool");
    assert.deepEqual([loop.items, loop.itemName, loop.concurrency], ["$prev", "item", 1]);
    assert.deepEqual(choice.cases.map(({ condition }) => condition), ["$prev", undefined]);
    assert.deepEqual([call.cacheMs, call.timeoutMs, call.output], [5, 7, ["$prev"]]);
  });

  test("tells all that is wrong at once, each with its place and how to mend it", async () => {
    const found = await problemsOf([
      { name: "a", args: {} },
      "t",
      { tool: "t", if: "$prev", retry: 3 },
      { parallel: [{ tool: 5 }, 7], cache: { ttl_ms: 1 } },
      { tool: "t", wait_for_input: {} },
      { for_each: { items: [], steps: [], concurrency: 0 }, as: "file" },
      { switch: [{ steps: [CALL] }, { condition: "$prev", steps: [CALL] }] },
    ]);
    assert.deepEqual(found, [
      "steps[0]: says not what to do: expected one of tool, steps, parallel, for_each, switch, wait_for_input; " +
      'add "tool" with the name of the tool to call',
      'steps[1]: expected object, found string; write {"tool":"a_tool"}',
      'steps[2]: unknown key "if"; it is called "condition"',
      'steps[2].retry: expected object, found number; write {"retry":{"max_attempts":3}}',
      'steps[3].cache: means nothing to a step with "parallel"; leave it out, or give it to the steps within that have "tool"',
      'steps[3].parallel[0].tool: expected string, found number; write {"tool":"a_tool"}',
      'steps[3].parallel[1]: expected object, found number; write {"parallel":[{"tool":"a_tool"},{"tool":"another_tool"}]}',
      "steps[4]: does two things: expected one of tool, steps, parallel, for_each, switch, wait_for_input, " +
      'found "tool" and "wait_for_input"; make them steps of their own',
      'steps[4].wait_for_input.message: missing; write {"wait_for_input":{"message":"Go on?"}}',
      'steps[5]: unknown key "as"; put it in "for_each": write ' +
      '{"for_each":{"items":"$prev.files","steps":[{"tool":"a_tool","args":{"path":"$item"}}]}}',
      "steps[5].for_each.concurrency: invalid value: expected >=1, found 0; write " +
      '{"for_each":{"items":"$prev.files","steps":[{"tool":"a_tool","args":{"path":"$item"}}]}}',
      'steps[5].for_each.steps: found no steps, expected at least one; write {"steps":[{"tool":"a_tool"}]}',
      "steps[6].switch[0]: a case without a condition holds always, and those after it are never reached; " +
      'give it a "condition", or make it the last one',
    ]);
  });

  test("refuses what is no list, or empty", async () => {
    assert.match((await problemsOf([]))[0]!, /^steps: found no steps/);
    for (const value of [undefined, null, "x", {}]) {
      assert.match((await problemsOf(value))[0]!, /^steps: expected a list of steps/);
      assert.equal((await problemsOf(value))[0]!.includes("found a text"), typeof value === "string");
    }
    for (const field of ["steps", "parallel", "on_error", "switch"]) {
      const found = await problemsOf([{ ...(field === "on_error" && CALL), [field]: [] }]);
      assert.match(found.join("\n"), new RegExp(`^steps\\[0\\]\\.${field}: found no`), field);
      assert.equal(found.length, 1, field);
    }
  });

  test("bounds levels and steps", async () => {
    let deep: unknown[] = [CALL];
    for (let level = 0; level < 10; level++) deep = [{ steps: deep }];
    assert.match((await problemsOf(deep)).join("\n"), /more than 10 levels/);
    for (let level = 0; level < 20_000; level++) deep = [{ parallel: deep }];
    assert.match((await problemsOf(deep)).join("\n"), /more than 10 levels/);
    const many = Array.from({ length: 600 }, () => CALL);
    assert.deepEqual(await problemsOf(many), []);
    assert.match((await problemsOf([{ parallel: many }, ...many])).join("\n"), /more than 1000 steps/);
  });
});
