import { test } from "node:test";
import assert from "node:assert/strict";
import { Condition } from "../../../../plugins/pipelines/conditions/condition.ts";
import type { Values } from "../../../../plugins/pipelines/references/values.ts";

const VALUES = new Map<string, unknown>([
  ["input", { city: "New York", n: 5, ratio: 2.5, tags: ["new", "hot"], none: null, yes: true, no: false, empty: "" }],
  ["prev", { items: [{ id: 1, ok: true, "odd key": 2 }, { id: 2, ok: false }], list: [], map: {}, zero: 0, in: 1 }],
  ["step-1", {
    count: 3,
    "content-type": "text/html",
    when: "2026-01-10",
    url: "https://a.example/x",
    path: "/usr/bin",
  }],
  ["mixed", [1, "a", null, [1], { a: 1 }]],
]);

function holds(text: string, values: Values = VALUES): boolean {
  const condition = Condition.parse(text, ["condition"]);
  assert.deepEqual(condition.faults, []);
  return condition.holds(values);
}

function failureOf(text: string, values: Values = VALUES): string {
  const condition = Condition.parse(text, ["steps", 0, "condition"]);
  try {
    condition.holds(values);
  } catch (error) {
    assert.equal((error as Error).name, "ToolError");
    return (error as Error).message;
  }
  throw new Error(`"${text}" did not fail`);
}

function check(cases: Readonly<Record<string, boolean>>): void {
  for (const [text, expected] of Object.entries(cases)) {
    test(`Condition reads ${text} as ${expected}`, () => assert.equal(holds(text), expected));
  }
}

// ---- as skillz reads them ----

check({
  "$input.yes": true,
  "$input.no": false,
  "$input.none": false,
  "$input.empty": false,
  "$input.city": true,
  "$prev.zero": false,
  "$prev.list": false,
  "$prev.map": false,
  "$prev": true,
  "$mixed": true,
  "!$prev.list": true,
  "! $input.city": false,
  "true": true,
  "false": false,
  "null": false,
  "0": false,
  '""': false,
  "{}": false,
  "[]": false,
  "words alone": true,
  "$input.yes == true": true,
  "$input.yes == false": false,
  "$input.none == null": true,
  "$input.none != null": false,
  "$input.n == 5": true,
  "$input.n==5.0": true,
  "$input.n == 5e0": true,
  '$input.n == "5"': false,
  "$input.n != 6": true,
  "-2.5 == $input.ratio": false,
  "$input.city == New York": true,
  '$input.city == "New York"': true,
  "$input.city == 'New York'": true,
  "$input.city != London": true,
  '$input.city == "a == b"': false,
  "$step-1.when == 2026-01-10": true,
  "$step-1.when == 10 apples": false,
  "$step-1.content-type == text/html": true,
  "$step-1.url == https://a.example/x": true,
  "$step-1.path == /usr/bin": true,
  "$step-1.path != ./a b": true,
  "  $step-1.count   ==   3  ": true,
  "$input.tags == $input.tags": true,
  "$prev.items[0] == $prev.items[1]": false,
  "$prev.items[0].ok": true,
  "${step-1.count} == 3": true,
  '$input.city == "$input.city"': false,
});

// ---- as expressions ----

check({
  "$input.n > 4": true,
  "$input.n >= 5 && $input.n <= 5": true,
  "$input.n < 5 || $step-1.count > 2": true,
  "!($input.n > 4)": false,
  "$input.n + 1 == 6": true,
  "$input.n * 2 - 1 == 9.0": true,
  "$input.n == 10 / 2": true,
  "$input.n == 10 /2": true,
  "$input.n / 2 == $input.ratio": true,
  "$input.n % 2 == 1": true,
  "-$input.n < 0": true,
  "size($input.tags) == 2": true,
  "$input.tags.size() + 1 > 2": true,
  "size($prev.items) > 0": true,
  "size($prev)": true,
  "size($prev.list)": false,
  '"new" in $input.tags': true,
  '$input.city in ["London", "New York"]': true,
  "$input.n in [1, 5]": true,
  '"items" in $prev': true,
  '"a" in $mixed': true,
  "null in $mixed": true,
  "[1] in $mixed": true,
  "2 in $mixed": false,
  '$input.city.startsWith("New") && $input.city.endsWith("York")': true,
  '$input.city.contains("w Y")': true,
  '$input.city.lowerAscii() == "new york"': true,
  "$prev.items.exists(item, item.id == 2)": true,
  "$prev.items.all(item, item.id > 1)": false,
  "$prev.items.exists_one(item, item.ok)": true,
  "size($prev.items.filter(item, item.ok)) == 1": true,
  "$prev.items.exists(a, $prev.items.exists(b, a.id + 1 == b.id))": true,
  '$prev.items[$prev.zero]["odd key"] == 2 || false': true,
  "$prev.items[size($prev.items) - 1].id == 2": true,
  "$prev.in == 1 && true": true,
  "has($prev.zero) && $prev.zero == 0": true,
  "has($prev.missing) && $prev.missing > 3": false,
  "!has( $later )": true,
  "has($prev.items[1].id) && !has($prev.items[2])": true,
  '$prev.items.all(item, has(item.id)) && !$prev.items.all(item, "odd key" in item)': true,
  "$input.yes ? $input.n > 4 : $later.x": true,
  "$input.yes || $later.x == 1": true,
  "$later.x == 1 || $input.yes": true,
  '$input.n == 5 && $input.city == "say \\"hi\\" for $5"': false,
  "$input.city != 'it\\'s $input.n' && true": true,
  "$input.none == 0 || $input.city == 5": false,
  "$input.tags == ['new', 'hot'] && $prev.map == {}": true,
  "$step-1.count > 2 && ${step-1.count} < 4": true,
  "int('5') == $input.n && string($input.n) == '5'": true,
});

test("Condition lists the references of both kinds with its place", () => {
  const path = ["steps", 1, "condition"];
  for (const text of ["$a.b == $c[0]", "$a.b > 3 && has($c[0])"]) {
    assert.deepEqual(Condition.parse(text, path).references, [
      { reference: { name: "a", keys: ["b"], text: "$a.b" }, path, isWhole: false },
      { reference: { name: "c", keys: [0], text: "$c[0]" }, path, isWhole: false },
    ]);
  }
  assert.deepEqual(Condition.parse("done == done", path).references, []);
});

for (
  const [text, expected] of [
    ["$input.n > 4 and $input.yes", /at character 14 of .*; write comparisons.*joined by &&/],
    ["$input.n = 5", /"=|: =.* at character 10 of /i],
    ["$input.n === 5", /at character \d+ of .*; write comparisons/],
    ["($input.n > 4", /at character 14 of /],
    ["$input.n > 4 && done", /"done" is no reference at character 17 of .*; write "done" in quotes, or \$done/],
    ["$input.city == a && ref_0_ == 1", /"a" is no reference/],
    ["$a && ref_0_", /"ref_0_" is no reference at character 7/],
    ["ref_present_.x && $a", /"ref_present_" is no reference/],
    ["$a.all(ref_1_, $b > ref_1_)", /"ref_1_" is taken at character 8 .*; write another name/],
    ["$a.matches('(a+)+$')", /"matches" is no function of conditions.*; there are all, contains, /],
    ["$a.exist(x, x)", /"exist" is no function of conditions; did you mean "exists" or "exists_one"\?/],
    ["$a.map(x, x) == []", /"map" is no function/],
    ["cel.bind(x, $a, x)", /"bind" is no function/],
    ["timestamp($a) > 1", /"timestamp" is no function/],
    ["[1, 2].all(x, x > $a)", /"all" takes a list that is referred to.*; write \$step\.list\.all\(…\)/],
    ["[$a][0].all(x, x > 1)", /takes a list that is referred to/],
    ["$a.all(1, true)", /all\(var, predicate\) invalid predicate iteration variable at character 8/],
    ["$a.filter(x, x.b).all(x, x.c)", /"all" takes a list that is referred to/],
    ["$a.all(x)", /"all" takes a name and a condition/],
    ['$a == "\\q"', /invalid escape.* at character 8/],
    ['$a > "open', /at character 6 of /],
    ["$a > 1 && 'a' > 2", /no such overload: string > number at character 11 .*; compare values of one type/],
    ["!'a' && $a", /no such overload: !string.*; &&, \|\| and ! take true and false/],
    ["${a.b > 1", /expected "}" after "\$\{a\.b"/],
    ["$a == 1u || $a == b'x'", /unsigned numbers are not part of conditions at character 7/],
    ["$5 > 4", /at character 1 of /],
    ["", /is empty/],
    [" ", /is empty/],
    ["$a == ", /at character 7 of /],
    ["$a.b.c > ".repeat(300), /has 2700 characters, and at most 2000/],
    ["!".repeat(2_000), /./],
    [`${"(".repeat(900)}$a${")".repeat(900)}`, /maxDepth/],
    [`$a > 1${" && 1 > 0".repeat(200)}`, /maxAstNodes/],
  ] as const
) {
  test(`Condition refuses ${text.slice(0, 40)} and says where and how to mend it`, () => {
    const [fault] = Condition.parse(text, ["condition"]).faults;
    assert.ok(fault !== undefined);
    assert.match(`${fault.message}; ${fault.fix}`, expected);
    assert.deepEqual(fault.path, ["condition"]);
    assert.match(failureOf(text), /^Cannot read steps\[0\]\.condition: /);
  });
}

for (
  const [text, expected] of [
    ["$input.cty == Oslo", /^Cannot read \$input\.cty: \$input has no "cty".*did you mean "city"\?$/],
    ["$input.cty > 3", /^Cannot read \$input\.cty: \$input has no "cty".*did you mean "city"\?$/],
    ["$later.x > 3", /^Cannot read \$later\.x: nothing named "later"/],
    ["$input.n-1 > 3", /\$input has no "n-1"; .*did you mean "n" or "no"\?/],
    [
      "$input.city > 3",
      /^Cannot evaluate the condition: no such overload: string > number at character 1; compare values/,
    ],
    ["true && $input.none < 3", /no such overload: null < number at character 9/],
    ["$input.city && $input.yes", /got 'string' at character 1; &&, \|\| and ! take true and false: compare/],
    ["$input.n ? 1 : 2", /got 'number' at character 1; compare, so that it is true or false/],
    ["$prev.items.all(item, item.nme == 1)", /no such key: nme at character 28; ask first .*has\(/],
    ["$prev.items[$input.n].id == 1", /index 5 >= size 2 at character \d+; ask first how many/],
    ["$input.n.size() > 1", /found no matching overload for 'number\.size\(\)'/],
    ["$input.n.all(x, x > 1)", /at character 1; /],
    ["$prev.all(key, key != 'a')", /a loop runs over a list, and this is an object/],
    ["1 / 0 == $input.n", /division by zero at character 1/],
  ] as const
) {
  test(`Condition says why ${text} cannot be evaluated`, () => assert.match(failureOf(text), expected));
}

test("Condition sees what an object itself has, whatever its keys are called", () => {
  for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "size", "get"]) {
    const own = new Map([["x", JSON.parse(`{"${key}": 1, "list": [{"${key}": 1}]}`)]]);
    const other = new Map([["x", { a: 1, list: [{ a: 1 }] }]]);
    for (const text of [`has($x.${key}) && true`, `"${key}" in $x`, `$x.list.all(i, "${key}" in i)`]) {
      assert.equal(holds(text, own), true, text);
      assert.equal(holds(text, other), false, text);
    }
    assert.equal(holds(`$x.list[0]["${key}"] + 1 == 2 && $x == $x`, own), true);
    assert.equal(holds(`$x.list.exists(i, i["${key}"] == 1)`, own), true);
  }
});

test("Condition ends in time on long lists, loops in loops, long texts and deep values", () => {
  const numbers = Array.from({ length: 100_000 }, (_, i) => i);
  const values = new Map<string, unknown>([
    ["l", numbers],
    ["objects", numbers.map((id) => ({ id, l: [id] }))],
    ["texts", Array.from({ length: 1_000 }, (_, i) => "a".repeat(10_000) + i)],
    ["text", "a".repeat(1_000_000)],
    ["deep", JSON.parse("[".repeat(5_000) + "]".repeat(5_000))],
    ["wide", Object.fromEntries(numbers.map((i) => [`k${i}`, i]))],
  ]);
  const bombs = [
    "$l.all(a, $l.all(b, a >= 0 && b >= 0))",
    "$l.all(a, $l.all(b, $l.all(c, $l.all(d, a + b + c + d >= 0))))",
    "$objects.all(a, a.l.all(b, $objects.all(c, c.l.all(d, d >= 0))))",
    `$l.all(a, ${"a >= 0 && ".repeat(100)}true)`,
    "$l.all(a, $l == $l && $objects == $objects)",
    "$l.filter(a, $l.filter(b, b == a).size() == 1).size() == 3",
    '$texts.all(a, $texts.all(b, !a.contains("b")))',
    '$l.all(a, !$text.contains("b"))',
    '$texts.all(t, $l.all(a, t.contains("b") == false))',
    "$l.all(a, size($l + $l) > 0)",
    "$deep == [[]] && $deep == $deep",
    "$wide.all(k, $wide.all(j, k != ''))",
    "$l.exists(a, $l.exists(b, a + b < 0)) || $l.exists(a, $l.exists(b, a + b < 0))",
  ];
  for (const bomb of bombs) {
    const started = performance.now();
    try {
      assert.equal(typeof Condition.parse(bomb, []).holds(values), "boolean");
    } catch (error) {
      assert.match((error as Error).message, /takes too long|nested deeper|a loop runs over a list/, bomb);
    }
    const took = performance.now() - started;
    assert.ok(took < 3_000, `${bomb} took ${took} ms`);
  }
});

test("Condition bears the sizes that honest conditions meet", () => {
  const items = Array.from({ length: 10_000 }, (_, id) => ({ id, tags: ["a", "b"], name: `item ${id}` }));
  const values = new Map<string, unknown>([["prev", { items, text: "word ".repeat(200_000) }]]);
  assert.equal(holds("$prev.items.exists(item, item.id == 9999 && item.name.endsWith('9999'))", values), true);
  assert.equal(holds("size($prev.items.filter(item, 'a' in item.tags)) == 10000", values), true);
  assert.equal(holds("$prev.text.contains('word') && size($prev.items) > 5", values), true);
});

test("Condition counts how long the texts are that a loop has in hand, the same on every machine", () => {
  const values = new Map<string, unknown>([
    ["some", Array.from({ length: 1_000 }, (_, i) => i)],
    ["text", "a".repeat(1_000_000)],
    ["texts", ["a".repeat(1_000_000)]],
    ["long", "a".repeat(10_000_000)],
  ]);
  assert.equal(holds('!$text.contains("b") && $some.all(a, a >= 0)', values), true);
  assert.match(failureOf('$some.all(a, !$text.contains("b"))', values), /takes too long/);
  assert.match(failureOf('$texts.all(t, $some.all(a, !t.contains("b")))', values), /takes too long/);
  assert.equal(holds('!$long.contains("b") && true', values), true);
  assert.match(failureOf("size($long) > 5", values), /takes too long/);
});
