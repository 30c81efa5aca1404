import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonSchema } from "../../../../kernel/mod.ts";
import {
  checkPipeline,
  type KnownTool,
  type KnownTools,
  type PipelineDraft,
} from "../../../../plugins/pipelines/check/check.ts";
import { formatProblem } from "../../../../plugins/pipelines/problems.ts";

const PLAIN: KnownTool = {};
const FETCH: KnownTool = {
  inputSchema: {
    type: "object",
    properties: {
      url: { type: "string", pattern: "^https:" },
      tries: { type: "integer", maximum: 9 },
      mode: { enum: ["fast", "slow"] },
      headers: { type: "object", properties: { accept: { type: "string" } }, additionalProperties: false },
      parts: { type: "array", items: { type: "number" } },
    },
    required: ["url"],
    additionalProperties: false,
  },
  outputSchema: { type: "object", properties: { status: { type: "number" }, list: { type: "array" } } },
};

function toolsOf(
  tools: Readonly<Record<string, KnownTool>>,
  pipelines: Readonly<Record<string, unknown>> = {},
): KnownTools {
  return {
    get: (name) => Object.hasOwn(tools, name) ? tools[name] : Object.hasOwn(pipelines, name) ? {} : undefined,
    names: () => Object.keys({ ...tools, ...pipelines }),
    stepsOf: (name) => Object.hasOwn(pipelines, name) ? pipelines[name] : undefined,
  };
}

const TOOLS = toolsOf({ t: PLAIN, fetch_page: FETCH });

async function check(
  steps: unknown,
  more: Partial<PipelineDraft> = {},
  tools: KnownTools = TOOLS,
): Promise<readonly string[]> {
  const { problems, isSound } = await checkPipeline({ steps, ...more }, tools);
  assert.equal(isSound, !problems.some(({ severity }) => severity === "error"));
  return problems.map((it) => `${it.severity === "warning" ? "(warning) " : ""}${formatProblem(it)}`);
}

async function checkOne(...given: Parameters<typeof check>): Promise<string> {
  const found = await check(...given);
  assert.equal(found.length, 1, found.join("\n"));
  return found[0]!;
}

const step = (name: string, args: Readonly<Record<string, unknown>> = {}) => ({ name, tool: "t", args });
const use = (text: unknown) => ({ tool: "t", args: { x: text } });

describe("checkPipeline()", () => {
  test("finds nothing wrong with the world clock of skillz", async () => {
    const tools = toolsOf({ time_get_current_time: PLAIN, word_counter: PLAIN });
    const steps = [
      { name: "ny", tool: "time_get_current_time", args: { timezone: "America/New_York" } },
      { name: "london", tool: "time_get_current_time", args: { timezone: "Europe/London" } },
      { tool: "word_counter", args: { text: "NY: $ny.datetime, London: $london.datetime" } },
    ];
    assert.deepEqual(await check(steps, { name: "world_clock" }, tools), []);
  });

  test("tells all that is wrong at once, in the order of the steps", async () => {
    const found = await check(
      [use("$later"), { tool: "tt" }, step("later"), { parallel: [step("prev")] }, { tool: "me" }],
      { name: "me", output: "$nothing" },
    );
    assert.deepEqual(found.map((it) => it.split(":")[0]), [
      "steps[0].args.x",
      "steps[1].tool",
      "steps[3].parallel[0].name",
      "steps[4].tool",
      "output",
    ]);
  });

  test("tells unknown tools with near names", async () => {
    const found = await checkOne([{ steps: [{ tool: "fetch_pag" }] }]);
    assert.match(found, /^steps\[0\]\.steps\[0\]\.tool: there is no tool "fetch_pag"; did you mean "fetch_page"\?/);
  });

  test("stays quick and brief where very much is wrong", async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `tool_number_${index}`);
    const tools: KnownTools = { get: () => undefined, names: () => names, stepsOf: () => undefined };
    const steps = Array.from(
      { length: 1_000 },
      (_, index) => ({ name: `s${index}`, tool: `tool_numbr_${index}`, args: { x: "$sx $y" } }),
    );
    const started = performance.now();
    const found = await check(steps, { name: "me" }, tools);
    assert.ok(performance.now() - started < 5_000);
    assert.equal(found.length, 101);
    assert.equal(found.at(-1), "steps: there are 2900 more problems; mend these first");
  });

  test("takes no inherited key for a tool or a name", async () => {
    assert.match(await checkOne([{ tool: "constructor" }]), /there is no tool "constructor"/);
    assert.match(await checkOne([use("$toString")]), /nothing is called "toString"/);
    assert.deepEqual(await check([step("constructor"), use("$constructor.x")]), []);
  });
});

describe("names", () => {
  test("are given once, and none is reserved", async () => {
    assert.match(
      await checkOne([step("a"), { parallel: [step("a")] }]),
      /^steps\[1\]\.parallel\[0\]\.name: "a" is the name of steps\[0\] already/,
    );
    for (const name of ["input", "prev"]) assert.match(await checkOne([step(name)]), /is reserved: \$/);
    for (const name of ["a b", "", "1st", "a.b", "x".repeat(65)]) {
      assert.match(await checkOne([step(name)]), /is no name that references can have/, name);
    }
  });

  test("of items and errors do not hide those of steps", async () => {
    const loop = (as: string, steps: unknown) => ({ for_each: { items: [1], as, steps } });
    assert.match(
      await checkOne([step("file"), loop("file", [use("$file")])]),
      /for_each\.as: "file" is the name of steps\[0\]/,
    );
    assert.match(
      await checkOne([step("file_index"), loop("file", [use("$file")])]),
      /"file_index" is the name of steps\[0\]/,
    );
    assert.match(await checkOne([loop("a", [loop("a", [use("$a")])])]), /"a" is an item of the loop around already/);
    assert.match(await checkOne([loop("a", [loop("a_index", [use("$a")])])]), /an item of the loop around/);
    assert.deepEqual(
      await check([loop("a", [loop("b", [use("$a $b $a_index $b_index")])]), loop("a", [use("$a")])]),
      [],
    );
    assert.match(
      await checkOne([step("error"), { steps: [{ tool: "t", on_error: [use("$error.message")] }] }]),
      /^steps\[0\]\.name: "error"/,
    );
    assert.deepEqual(await check([step("error"), use("$error")]), [], "as in old pipelines");
  });
});

describe("references", () => {
  test("name what ran before", async () => {
    assert.deepEqual(await check([step("a"), use("$a.list[0].x"), use({ deep: [{ x: "$prev and $input.y" }] })]), []);
    assert.match(
      await checkOne([step("a"), use(["$aa"]), step("other")]),
      /^steps\[1\]\.args\.x\[0\]: "\$aa": nothing is called "aa"; did you mean "a"\?; .*\$input, \$prev, \$a$/,
    );
    assert.match(await checkOne([use("$b.x"), step("b")]), /"\$b\.x": steps\[1\] runs later; move it before/);
    assert.match(await checkOne([step("a", { x: "$a" })]), /"\$a": steps\[0\] has no result yet/);
    assert.match(await checkOne([{ name: "g", steps: [use("$g")] }]), /"\$g": steps\[0\] has no result yet/);
    assert.match(await checkOne([use("$prev")]), /"\$prev": no step runs before this one/);
    assert.match(await checkOne([use("${a")]), /args\.x: expected "}"/);
  });

  test("see what groups and parallel steps did, but not beside each other", async () => {
    const group = { steps: [step("a"), use("$a")] };
    assert.deepEqual(
      await check([group, { parallel: [step("b"), { steps: [step("c"), use("$c")] }] }, use("$a $b $c")]),
      [],
    );
    const beside = { parallel: [step("b"), { steps: [use("$b")] }] };
    assert.match(
      await checkOne([beside]),
      /parallel\[1\]\.steps\[0\]\.args\.x: "\$b": steps\[0\]\.parallel\[0\] runs at the same time/,
    );
  });

  test("do not reach into what may not run, or runs more than once", async () => {
    const loop = { for_each: { items: [1], steps: [step("in")] } };
    assert.match(
      await checkOne([loop, use("$in")]),
      /runs once for each item, and can be read only there; name steps\[0\],/,
    );
    const choice = { switch: [{ condition: "$input.a == 1", steps: [step("in")] }, { steps: [use("$in")] }] };
    assert.match(
      await checkOne([choice]),
      /switch\[0\]\.steps\[0\] may not run, and can be read only there; name steps\[0\],/,
    );
    assert.match(
      await checkOne([{ steps: [{ ...step("x"), on_error: [step("in")] }] }, use("$in")]),
      /may not run, .*name steps\[0\]\.steps\[0\],/,
    );
    assert.match(
      await checkOne([{ steps: [step("in"), use("")], on_error: [use("$in")] }]),
      /on_error\[0\]\.args\.x: "\$in": steps\[0\]\.steps\[0\] may not have run when steps\[0\] failed/,
    );
    assert.match(await checkOne([loop], { output: { x: "$in" } }), /^output\.x: "\$in"/);
    assert.match(await checkOne([loop, use("$item")]), /nothing is called "item"/);
  });

  test("to what a condition may skip are warned of, where that condition does not hold", async () => {
    const maybe = { ...step("a"), condition: "$input.go" };
    const found = await checkOne([maybe, use("$a.x")]);
    assert.match(found, /^\(warning\) steps\[1\]\.args\.x: "\$a\.x" may not be there: steps\[0\] is skipped unless/);
    assert.deepEqual(await check([maybe, { ...use("$a.x"), condition: "$input.go" }]), []);
    assert.deepEqual(await check([maybe, { ...use("$a.x"), condition: "has($a.x)" }]), []);
    assert.match(
      await checkOne([maybe, { ...use("$a.x"), condition: "$a.x == 1" }]),
      /\(warning\) steps\[1\]\.condition/,
    );
    assert.deepEqual(await check([maybe, { condition: "$input.go", steps: [use("$a")] }]), []);
    assert.match(
      await checkOne([{ condition: "$input.go", steps: [step("a"), use("$a")] }, use("$a")]),
      /^\(warning\) steps\[1\]/,
    );
    assert.match(
      await checkOne([{ continue_on_error: true, steps: [step("a")] }, use("$a")]),
      /may fail before it gets there/,
    );
    assert.deepEqual(await check([{ ...step("a"), continue_on_error: true }, use("$a")]), []);
  });

  test("in output see the step itself, in on_error the error", async () => {
    assert.deepEqual(await check([{ ...step("a"), output: ["$prev.x", "$a.x"] }], { output: "$a[0] $prev" }), []);
    assert.deepEqual(await check([{ ...step("a"), on_error: [use("$error.message")] }]), []);
    assert.match(await checkOne([step("a"), use("$error.message")]), /nothing is called "error"/);
  });

  test("name keys that the schemas of the input and of tools have", async () => {
    const inputSchema: JsonSchema = { properties: { city: { type: "string" } } };
    assert.match(
      await checkOne([use("$input.ctiy")], { inputSchema }),
      /^\(warning\) .*"\$input\.ctiy": the input schema has no "ctiy"; did you mean "city"\?; use one of city$/,
    );
    const closed = { ...inputSchema, additionalProperties: false };
    assert.match(await checkOne([use("$input.ctiy")], { inputSchema: closed }), /^steps\[0\]/);
    assert.deepEqual(await check([use("$input.a")], { inputSchema: { ...inputSchema, additionalProperties: {} } }), []);
    assert.deepEqual(await check([use("$input.a")], { inputSchema: { ...inputSchema, anyOf: [{}] } }), []);
    const fetched = { name: "page", tool: "fetch_page", args: { url: "https://a" } };
    assert.match(await checkOne([fetched, use("$page.statsu")]), /\(warning\).*did you mean "status"\?/);
    assert.deepEqual(await check([fetched, use("$page.list[0].x $page.status")]), []);
    assert.deepEqual(await check([{ ...fetched, output: { y: 1 } }, use("$page.y")]), []);
  });
});

describe("conditions", () => {
  test("are read, and their references checked", async () => {
    assert.match(await checkOne([{ ...use(1), condition: " " }]), /^steps\[0\]\.condition: the condition is empty/);
    assert.match(await checkOne([{ ...use(1), condition: "$input.a ==" }]), /^steps\[0\]\.condition: /);
    assert.match(
      await checkOne([{ ...use(1), condition: "$nope == 1" }]),
      /condition: "\$nope": nothing is called "nope"/,
    );
    const choice = { switch: [{ condition: "$nope", steps: [use(1)] }] };
    assert.match(await checkOne([choice]), /^steps\[0\]\.switch\[0\]\.condition: "\$nope"/);
    assert.deepEqual(await check([step("a"), { ...use(1), condition: '$a.kind != "x" && $a.n > 3' }]), []);
  });
});

describe("arguments", () => {
  const fetch = (args: unknown) => check([step("a"), { tool: "fetch_page", args }]);

  test("are checked as far as they are written out", async () => {
    assert.deepEqual(
      await fetch({ url: "https://a", tries: 3, mode: "fast", headers: { accept: "x" }, parts: [1] }),
      [],
    );
    assert.deepEqual(await fetch({ tries: "3", headers: { acept: "$a" }, parts: [1, "x", "$a"], more: 1 }), [
      'steps[1].args: unknown key "more"; did you mean "mode"?; leave it out, or see what "fetch_page" takes',
      'steps[1].args.headers: unknown key "acept"; did you mean "accept"?; leave it out, or see what "fetch_page" takes',
      'steps[1].args.parts[1]: expected number, found "x"; write a value that fits, or a reference to one',
      'steps[1].args.tries: expected integer, found "3"; write a value that fits, or a reference to one',
      'steps[1].args.url: missing; add "url", as a value or a reference',
    ]);
  });

  test("fit where they are references, and texts with references where texts do", async () => {
    assert.deepEqual(await fetch({ url: "$a", tries: "$a.n", mode: "$a", headers: "$a", parts: "$a" }), []);
    assert.deepEqual(await fetch({ url: "http $a", mode: "${a}er", parts: ["$a"] }), []);
    assert.match(
      (await fetch({ url: "$a", tries: "$a.n times" })).join(),
      /args\.tries: expected integer, found "\$a\.n times"/,
    );
    assert.match((await fetch({ url: { x: "$a" } })).join(), /args\.url: expected string, found object/);
    assert.match((await fetch({ url: "http" })).join(), /args\.url: expected a match of the pattern/);
  });

  test("are checked with dollars as the tool gets them", async () => {
    const tools = toolsOf({ pay: { inputSchema: { properties: { sum: { enum: ["$5", "$a"] } } } } });
    assert.deepEqual(await check([{ tool: "pay", args: { sum: "$$a" } }], {}, tools), []);
    assert.deepEqual(await check([{ tool: "pay", args: { sum: "$5" } }], {}, tools), []);
    assert.equal((await check([{ tool: "pay", args: { sum: "$$b" } }], {}, tools)).length, 1);
  });

  test("are left alone where a value that is not known decides", async () => {
    const inputSchema = {
      properties: { kind: { type: "string" }, n: {} },
      if: { properties: { kind: { const: "a" } } },
      then: { required: ["n"] },
    };
    const tools = toolsOf({ t: { inputSchema } });
    assert.deepEqual(await check([{ tool: "t", args: { kind: "$input.kind" } }], {}, tools), []);
    assert.match(await checkOne([{ tool: "t", args: { kind: "a" } }], {}, tools), /args\.n: missing/);
    const choice = toolsOf({
      t: { inputSchema: { anyOf: [{ properties: { a: { const: 1 } } }, { required: ["b"] }] } },
    });
    assert.deepEqual(await check([{ tool: "t", args: { a: "$input" } }], {}, choice), []);
    assert.equal((await check([{ tool: "t", args: { a: 2 } }], {}, choice)).length, 1);
  });

  test("of tools with a schema that cannot be used are not checked", async () => {
    assert.deepEqual(await check([use(1)], {}, toolsOf({ t: { inputSchema: { type: "array" } } })), []);
  });
});

describe("circles", () => {
  test("are found through other pipelines, wherever the steps are", async () => {
    const tools = toolsOf({ t: PLAIN }, {
      b: [{ tool: "t" }, { switch: [{ steps: [{ for_each: { items: [1], steps: [{ tool: "c" }] } }] }] }],
      c: [{ tool: "t", on_error: [{ parallel: [{ tool: "me" }] }] }],
      d: [{ tool: "d" }, { tool: "t" }],
    });
    assert.match(
      await checkOne([{ steps: [{ tool: "b" }] }], { name: "me" }, tools),
      /^steps\[0\]\.steps\[0\]\.tool: the pipeline would call itself in a circle: "me" → "b" → "c" → "me"; /,
    );
    assert.match(await checkOne([{ tool: "me" }], { name: "me" }, tools), /"me" → "me"/);
    assert.deepEqual(await check([{ tool: "d" }], { name: "me" }, tools), [], "its own circle is its own matter");
    assert.deepEqual(
      await check([{ tool: "b" }], { name: "other" }, toolsOf({ t: PLAIN, me: PLAIN, c: PLAIN }, { b: 5 })),
      [],
    );
  });
});

describe("loops and questions", () => {
  test("take a list or a reference to one", async () => {
    const loop = (items: unknown) => check([step("a"), { for_each: { items, steps: [use("$item")] } }]);
    for (const items of ["$a", "${a.x}", "$input.list", [1], []]) assert.deepEqual(await loop(items), []);
    for (const items of ["files", "$a $a", 5, { x: 1 }]) {
      assert.match(
        (await loop(items)).join(),
        /^steps\[1\]\.for_each\.items: expected a list, or a reference to one, found/,
      );
    }
  });

  test("ask what clients can show", async () => {
    const ask = (schema: unknown) => check([{ wait_for_input: { message: "Which?", schema } }]);
    const properties = { a: { type: "string" }, b: { enum: ["x"] }, c: { type: "array", items: { enum: ["x"] } } };
    assert.deepEqual(await ask({ type: "object", properties }), []);
    assert.deepEqual(await ask({ properties: { n: { type: "integer", minimum: 1 } } }), []);
    assert.match((await ask({ type: "string" })).join(), /wait_for_input\.schema: expected an object with properties/);
    assert.match(
      (await ask({ properties: { a: { type: "object" } } })).join(),
      /schema\.properties\.a: no field of a form/,
    );
  });
});
