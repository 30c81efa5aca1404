import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { formatReference, isReferable } from "../../../../plugins/pipelines/references/reference.ts";
import { Template } from "../../../../plugins/pipelines/references/template.ts";
import type { Values } from "../../../../plugins/pipelines/references/values.ts";

/** Words that mean something to objects. */
const PROTOTYPE_KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length"];

const VALUES = new Map<string, unknown>([
  ["input", { city: "Oslo", n: 5, tags: ["a", "b"], "odd key": { "a.b": 1 }, none: null, yes: true }],
  ["prev", [10, { x: "deep" }]],
  ["get-page", { "content-type": "text/html", größe: 3 }],
  ["step_1", "plain"],
  ["step-2", ""],
]);

function fill(value: unknown, values: Values = VALUES): unknown {
  const template = Template.parse(value, ["args"]);
  assert.deepEqual(template.faults, []);
  return template.fill(values);
}

function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.equal((error as Error).name, "ToolError");
    return (error as Error).message;
  }
  throw new Error("nothing failed");
}

test("Template fills in the world clock of skillz's README word for word", () => {
  const steps = [
    { name: "ny", tool: "time_get_current_time", args: { timezone: "America/New_York" } },
    { name: "london", tool: "time_get_current_time", args: { timezone: "Europe/London" } },
    { tool: "word_counter", args: { text: "NY: $ny.datetime, London: $london.datetime" } },
  ];
  const values = new Map([
    ["ny", { timezone: "America/New_York", datetime: "2026-01-10T07:30:00-05:00" }],
    ["london", { timezone: "Europe/London", datetime: "2026-01-10T12:30:00+00:00" }],
  ]);
  assert.deepEqual(steps.map(({ args }) => fill(args, values)), [
    { timezone: "America/New_York" },
    { timezone: "Europe/London" },
    { text: "NY: 2026-01-10T07:30:00-05:00, London: 2026-01-10T12:30:00+00:00" },
  ]);
});

for (
  const [text, expected] of [
    ["$input.n", 5],
    ["$input.none", null],
    ["$input.yes", true],
    ["$input.tags", ["a", "b"]],
    ["$input.tags[1]", "b"],
    ["$input.tags.1", "b"],
    ["$prev", [10, { x: "deep" }]],
    ["$prev[1].x", "deep"],
    ['$input["odd key"]["a.b"]', 1],
    ["$input['odd key']['a.b']", 1],
    ["$get-page.content-type", "text/html"],
    ["$get-page.größe", 3],
    ["${input.n}", 5],
    ["${get-page}", { "content-type": "text/html", größe: 3 }],
    ["$step-2", ""],
  ] as const
) {
  test(`Template keeps the type of what ${text} alone refers to`, () => assert.deepEqual(fill(text), expected));
}

for (
  const [text, expected] of [
    ["in $input.city.", "in Oslo."],
    ["$input.city, $input.city!", "Oslo, Oslo!"],
    ["n=$input.n tags=$input.tags none=$input.none", 'n=5 tags=["a","b"] none=null'],
    ["${step_1}.txt", "plain.txt"],
    ["${step_1}[1]", "plain[1]"],
    ["$step_1-$input.n-", "plain-5-"],
    ["$input.n$input.n", "55"],
    [" $input.n", " 5"],
    ["$$input.n", "$input.n"],
    ["$$$input.n", "$5"],
    ["$$$$", "$$"],
    ["$$", "$"],
    ["$5", "$5"],
    ["$", "$"],
    ["$ ", "$ "],
    ["costs $5 or $0.99 $", "costs $5 or $0.99 $"],
    ["$(date) and ${1} and ${}", "$(date) and ${1} and ${}"],
    ["awk '{print $1}'", "awk '{print $1}'"],
    ["$$HOME", "$HOME"],
    ["[$step_1](x)", "[plain](x)"],
  ] as const
) {
  test(`Template fills in the text ${JSON.stringify(text)}`, () => assert.equal(fill(text), expected));
}

test("Template fills in lists and objects at any depth, and shares what has no references", () => {
  const constant = { a: [1, "x"] };
  const filled = fill({ list: [["$input.n"], "at $input.city"], constant, "$input.n": "key" }) as Record<
    string,
    unknown
  >;
  assert.deepEqual(filled, { list: [[5], "at Oslo"], constant, "$input.n": "key" });
  assert.equal(filled["constant"], constant);
});

test("Template lists its references with their places and what is whole", () => {
  const template = Template.parse({ a: "$x.y[0]", b: [{ c: "at ${z} and $x" }], d: "$$no" }, ["steps", 2, "args"]);
  assert.deepEqual(template.references, [
    { reference: { name: "x", keys: ["y", 0], text: "$x.y[0]" }, path: ["steps", 2, "args", "a"], isWhole: true },
    { reference: { name: "z", keys: [], text: "${z}" }, path: ["steps", 2, "args", "b", 0, "c"], isWhole: false },
    { reference: { name: "x", keys: [], text: "$x" }, path: ["steps", 2, "args", "b", 0, "c"], isWhole: false },
  ]);
});

for (
  const [text, expected] of [
    ["$input.cty", /^Cannot read \$input\.cty: \$input has no "cty"; it has "city", "n", .*; did you mean "city"\?$/],
    ["$inptu.x", /^Cannot read \$inptu\.x: nothing named "inptu" .* there is \$input, \$prev.*did you mean "input"/],
    ["$HOME/bin", /nothing named "HOME".*write \$\$ in place of \$/],
    ["$input.tags[2]", /\$input\.tags is a list of 2, which has no \[2\]; its indexes are 0 to 1$/],
    ["$input.tags.length", /\$input\.tags is a list of 2, which has no "length"; write an index, such as \[0\]$/],
    ["$input.city.x", /\$input\.city is a text, not an object: it has no "x"$/],
    ["$input.none.x", /\$input\.none is null, not an object: it has no "x"$/],
    ['$input["odd key"].c', /\$input\["odd key"\] has no "c"; it has "a\.b"/],
    ["$input[0]", /\$input has no 0/],
    ["at $prev[9].x now", /^Cannot read \$prev\[9\]\.x: \$prev is a list of 2/],
  ] as const
) {
  test(`Template says what ${text} lacks`, () => assert.match(failureOf(() => fill(text)), expected));
}

test("Template says why a step that is known has no value", () => {
  const values: Values = {
    has: () => false,
    get: () => undefined,
    keys: () => [][Symbol.iterator](),
    explain: (name) => name === "later" ? "it was skipped" : undefined,
  };
  assert.equal(
    failureOf(() => fill("$later.x", values)),
    'Cannot read $later.x: "later" has no value, it was skipped',
  );
  assert.match(failureOf(() => fill("$other", values)), /there is nothing/);
});

for (
  const [text, expected] of [
    ["$a[b]", 'expected an index such as [0] or ["key"], found "[b]" at character 3'],
    ["$a[-1]", 'expected an index such as [0] or ["key"], found "[-1]" at character 3'],
    ['$a["x', 'expected an index such as [0] or ["key"], found "[\\"x" at character 3'],
    ['say $a["\\q"]', 'expected an index such as [0] or ["key"], found "[\\"\\\\q\\"]" at character 7'],
    ["${a.b", 'expected "}" after "${a.b", found the end of the text at character 6'],
    ["${HOME:-x}", 'expected "}" after "${HOME", found ":-x}" at character 7'],
  ] as const
) {
  test(`Template refuses ${text} and says where and how to mend it`, () => {
    const template = Template.parse({ x: text }, ["args"]);
    assert.deepEqual(template.faults.map(({ path, message }) => ({ path, message })), [
      { path: ["args", "x"], message: expected },
    ]);
    assert.match(failureOf(() => template.fill(VALUES)), /^Cannot read args\.x: expected .*; write .*/);
  });
}

test("Template refuses what is nested too deep, and does not overflow", () => {
  const deep = JSON.parse("[".repeat(5_000) + '"$input"' + "]".repeat(5_000));
  assert.match(Template.parse(deep, ["args"]).faults[0]!.message, /deeper than 100/);
});

test("Template bounds the characters that texts come to", () => {
  const values = new Map([["big", "x".repeat(1_000)]]);
  const template = Template.parse(["$big and", "$big"], ["args"]);
  assert.equal((template.fill(values, { mostCharacters: 1_004 }) as string[])[1]!.length, 1_000);
  assert.match(
    failureOf(() => template.fill(values, { mostCharacters: 1_003 })),
    /args\[0\].*more than 1003 characters/,
  );
});

test("Template finds no keys that objects inherit, and writes those of such names", () => {
  for (const key of PROTOTYPE_KEYS) {
    assert.match(failureOf(() => fill(`$x.${key}`, new Map([["x", { a: 1 }]]))), /\$x has no/);
    assert.match(failureOf(() => fill(`$x[0].${key}`, new Map([["x", [[]]]]))), /\$x\[0\] is a list/);
    const own = JSON.parse(`{"${key}": {"polluted": 1}}`);
    assert.deepEqual(fill(`$x.${key}`, new Map([["x", own]])), { polluted: 1 });
    const filled = fill(JSON.parse(`{"${key}": "$x"}`), new Map([["x", { polluted: 1 }]])) as object;
    assert.deepEqual(Object.keys(filled), [key]);
    assert.equal(Object.getPrototypeOf(filled), Object.prototype);
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("Template takes time that is linear in a text of dollars, brackets and quotes", () => {
  const started = performance.now();
  for (const piece of ["$", "$$", "$a", "$a.b", "${", "${a}", "$a-", "$a['", '$a["\\', "-a", "$a.a-a"]) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    Template.parse(text, []);
    Template.parse(`$x${text}`, []);
  }
  assert.ok(performance.now() - started < 15_000);
});

// ---- properties ----

const Key = fc.oneof(fc.string(), fc.constantFrom(...PROTOTYPE_KEYS), fc.stringMatching(/^[a-z]{1,4}$/));
const { json: Json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.array(fc.tuple(Key, tie("json")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const Name = fc.stringMatching(/^[a-zA-Z_ä][a-zA-Z0-9_ß]{0,5}(?:-[a-z0-9]{1,3}){0,2}$/);

/** Gives every place of a value, with the value there. */
function* placesOf(value: unknown, keys: readonly (string | number)[] = []): Iterable<[(string | number)[], unknown]> {
  yield [[...keys], value];
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) yield* placesOf(item, [...keys, isList ? Number(key) : key]);
}

test("Template gives, for any value and any place in it, what is there, and its text in a text", () => {
  fc.assert(
    fc.property(Name, Json, fc.string(), (name, value, around) => {
      const values = new Map([[name, value]]);
      const escaped = around.replaceAll("$", "$$$$");
      for (const [keys, there] of placesOf(value)) {
        const written = formatReference(name, keys);
        assert.deepEqual(fill(written, values), there);
        const braced = `\${${written.slice(1)}}`;
        assert.deepEqual(fill([braced], values), [there]);
        const text = typeof there === "string" ? there : JSON.stringify(there);
        assert.equal(fill(`${escaped}|${braced}${escaped}${braced}`, values), `${around}|${text}${around}${text}`);
      }
    }),
    { numRuns: 300 },
  );
});

test("Template leaves any text alone whose dollars are doubled, and any JSON without dollars", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("$", "{", "}", "[", "]", ".", "a", '"', "0", "-", " ", "ä") }),
      (text) => {
        assert.equal(fill(text.replaceAll("$", "$$$$")), text);
      },
    ),
  );
  fc.assert(fc.property(Json, (value) => {
    const plain = JSON.parse(JSON.stringify(value).replaceAll("$", "S"));
    assert.equal(fill(plain), plain);
  }));
});

test("Template reads any text without another failure than its own", () => {
  const unit = fc.constantFrom(
    "$",
    "$$",
    "{",
    "}",
    "[",
    "]",
    ".",
    "a",
    '"',
    "'",
    "\\",
    "0",
    "-",
    " ",
    "\u{1f600}",
    "\ud800",
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
      const template = Template.parse({ x: text }, ["args"]);
      for (const { reference } of template.references) {
        assert.ok(isReferable(reference.name), reference.name);
        assert.ok(text.includes(reference.text));
      }
      try {
        template.fill(new Map([["a", "value"]]));
      } catch (error) {
        assert.equal((error as Error).name, "ToolError");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("isReferable takes the names that a reference can read, and no others", () => {
  for (const name of ["a", "_x", "fetch-1", "größe", "A9_b"]) assert.ok(isReferable(name), name);
  for (const name of ["", "1a", "a b", "a-", "-a", "a--b", "a.b", "$a", "a\n"]) assert.ok(!isReferable(name), name);
});
