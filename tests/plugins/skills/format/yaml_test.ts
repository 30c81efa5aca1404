import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Findings } from "../../../../plugins/skills/format/diagnostics.ts";
import { readFullYaml } from "../../../../plugins/skills/format/full_yaml.ts";
import { readPlainYaml } from "../../../../plugins/skills/format/plain_yaml.ts";
import { readYaml } from "../../../../plugins/skills/format/yaml.ts";
import { toJson, type YamlMap } from "../../../../plugins/skills/format/yaml_tree.ts";
import { freshSeed } from "../../../support/random.ts";
import { short } from "./kit.ts";

async function read(text: string) {
  const findings = new Findings("SKILL.md");
  const { root, isRead } = await readYaml(text, { findings });
  return { json: root && toJson(root), root, isRead, found: findings.list.map(short), list: findings.list };
}

function textOf(map: YamlMap, key: string): string | undefined {
  const value = map.entries.get(key)?.value;
  return value?.kind === "scalar" ? value.text : undefined;
}

test("readYaml() keeps each scalar both as it is written and as YAML 1.2 types it", async () => {
  const text =
    "a: 1.0\nb: yes\nc: true\nd: 2024-01-01\ne: 0x1F\nf: ~\ng: '1'\nh: 1_000\ni: .inf\nj: 1e400\nk: 012\nl: -0o7";
  const { json, root } = await read(text);
  assert.deepEqual(json, {
    ...{ a: 1, b: "yes", c: true, d: "2024-01-01", e: 31, f: null, g: "1", h: "1_000" },
    ...{ i: ".inf", j: "1e400", k: 12, l: "-0o7" },
  });
  for (const [key, written] of [["a", "1.0"], ["b", "yes"], ["c", "true"], ["e", "0x1F"], ["k", "012"]] as const) {
    assert.equal(textOf(root as YamlMap, key), written);
  }
});

test("readYaml() names both lines of a key that is there twice, and keeps the first", async () => {
  const { json, found, list } = await read("a: 1\nb:\n  c: 1\n  c: 2\na: 3");
  assert.deepEqual(json, { a: 1, b: { c: 1 } });
  assert.deepEqual(found, ["error SKILL.md:4 yaml-duplicate-key", "error SKILL.md:5 yaml-duplicate-key"]);
  assert.match(list[1]!.message, /"a" is there twice, on lines 1 and 5/);
});

test("readYaml() follows aliases, and refuses what they blow up", async () => {
  const { json } = await read("a: &x [1, 2]\nb: *x\nc: [*x, *x]");
  assert.deepEqual(json, { a: [1, 2], b: [1, 2], c: [[1, 2], [1, 2]] });
  const bomb = ["a0: &a0 [x, x]", ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
  const refused = await read(bomb.join("\n"));
  assert.equal(refused.root, undefined);
  assert.match(refused.found[0]!, /^error SKILL\.md:\d+ yaml-too-large$/);
  const dangling = await read("a: *x\nb: &y [*y]\nc: 1");
  assert.deepEqual(dangling.json, { a: null, b: [null], c: 1 });
  assert.deepEqual(dangling.found, ["error SKILL.md:1 yaml-alias", "error SKILL.md:2 yaml-alias"]);
});

test("readYaml() bounds how deep values are nested, be it by aliases", async () => {
  const deep = (levels: number) => `a: ${"[".repeat(levels)}1${"]".repeat(levels)}`;
  assert.equal((await read(deep(60))).isRead, true);
  assert.deepEqual((await read(deep(70))).found, ["error SKILL.md:1 yaml-too-deep"]);
  const aliased = Array.from(
    { length: 20 },
    (_, i) => `a${i}: &a${i} ${"[".repeat(30)}${i === 0 ? "1" : `*a${i - 1}`}${"]".repeat(30)}`,
  );
  assert.match((await read(aliased.join("\n"))).found[0]!, /yaml-too-deep$/);
});

test("readYaml() lets no key reach a prototype, and merges nothing", async () => {
  const { json, found } = await read("__proto__:\n  polluted: 1\nconstructor: 2\n<<: {a: 1}\nb: {__proto__: {x: 1}}");
  assert.equal(Object.getPrototypeOf(json), Object.prototype);
  assert.equal((json as { polluted?: unknown }).polluted, undefined);
  assert.deepEqual(Object.keys(json as object), ["constructor", "<<", "b"]);
  assert.deepEqual((json as { "<<": unknown })["<<"], { a: 1 });
  assert.deepEqual(found, ["error SKILL.md:1 yaml-key", "error SKILL.md:5 yaml-key"]);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test("readYaml() reads a value with a colon as if it were in quotes, and says so", async () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['d: Use when: the person "asks" \\ or not', { d: 'Use when: the person "asks" \\ or not' }],
    ["a: 1\nd: Use when: x\n  and then: y # note\nb: 2", { a: 1, d: "Use when: x and then: y", b: 2 }],
    ["m:\n  - d: Use: x\n    e: f", { m: [{ d: "Use: x", e: "f" }] }],
    ["d: Ends with a colon:", { d: "Ends with a colon:" }],
    ["d: @someone and `code`", { d: "@someone and `code`" }],
    ["h: [a] [b]\nc: 1", { h: "[a] [b]", c: 1 }],
    ["d: *bold* text", { d: "*bold* text" }],
  ];
  for (const [text, wanted] of cases) {
    const { json, found } = await read(text);
    assert.deepEqual(json, wanted, text);
    assert.match(found[0] ?? "", /^warning SKILL\.md:\d+ yaml-mended$/, text);
  }
});

test("readYaml() mends no block text, and nothing twice", async () => {
  const { json, found } = await read("d: |\n  Use: when: x\ne: Use: y");
  assert.deepEqual(json, { d: "Use: when: x\n", e: "Use: y" });
  assert.deepEqual(found, ["warning SKILL.md:3 yaml-mended"]);
  const broken = await read("d: Use: y\n\tx: 1\n[");
  assert.equal(broken.isRead, false);
  assert.ok(broken.found.every((it) => it.endsWith("yaml-syntax")), String(broken.found));
});

test("readYaml() refuses a second document", async () => {
  const { isRead, found } = await read("a: 1\n...\nb: 2\n");
  assert.equal(isRead, false);
  assert.deepEqual(found, ["error SKILL.md:3 yaml-documents"]);
});

// parts of which texts are made that are plain, nearly plain, or not at all
const WORDS = fc.constantFrom(
  ...["a", "Use this", "1.0", "yes", "true", "~", "null", "-5", "0x1f", "a#b", "a #b", "x:y", "x: y", "end:", "é ñ"],
  ...["'q'", '"q"', "'a''b'", '"a\\nb"', "[a, b]", "[]", "[ a , 2 ]", '["a", b]', "[a,]", "[a: b]", "{a: b}", "[-1]"],
  ...["|", ">-", "- x", "-x", "? y", "*a", "&a b", "!!str 1", "@x", "%x", "", " ", "# c", ".5", "1e3", "+1", "\u00a0b"],
  ...["{}", "{a: b, c: [d, -1]}", "{a: {b: \"c, d\"}, e: 'f'}", "{a}", "{a:b}", "{a: b: c}", "{a: , b: c}", "[{a: b}]"],
  ...["{a: b, a: c}", "{__proto__: a}", "{a: [b}", "['a''b']", "{a: b} c", "[a] # c", '{"a": b}', "|-", ">", ">+"],
  ...["a\tb", "<<", "=", "/x", "(y)", "https://x.y/z", "[a b, c-d/e.f]", "[\u00a0a]", "[null, true, 1.0]", "..."],
);
const KEYS = fc.constantFrom("name", "a", "b-c", "d.e", "f_g", "a", "h i", "'k'", "1", "__proto__", "x:y", "true");
const LINE = fc.record({
  indent: fc.constantFrom(0, 0, 0, 2, 2, 4, 1, 6),
  kind: fc.constantFrom("pair", "pair", "pair", "key", "item", "itemPair", "blank", "comment", "text"),
  key: KEYS,
  word: WORDS,
  space: fc.constantFrom(" ", " ", "  ", ""),
  tail: fc.constantFrom("", "", "", " ", " # note"),
}).map(({ indent, kind, key, word, space, tail }) => {
  const pad = " ".repeat(indent);
  if (kind === "blank") return pad;
  if (kind === "comment") return `${pad}# note`;
  if (kind === "text") return pad + word + tail;
  if (kind === "key") return `${pad}${key}:${tail}`;
  if (kind === "item") return `${pad}- ${word}${tail}`;
  return `${pad}${kind === "itemPair" ? "-  " : ""}${key}:${space}${word}${tail}`;
});

const SCALAR = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "Use this", "1.0", "yes", "true", "~", "[a, b]", '"q"', "é ñ", ".5") },
  { weight: 1, arbitrary: WORDS },
);
const PLAIN_KEYS = fc.constantFrom("name", "a", "b-c", "d.e", "f_g", "h");

/** Lines of a text over several lines. */
const TEXT = fc.tuple(
  fc.constantFrom("|", ">", "|-", ">-", ">-", ">+", "> "),
  fc.array(fc.constantFrom("  a b", "  a b", "  c: d", "  # e", "", "  ", "   f", "    g", " h", "  i ", "---"), {
    maxLength: 6,
  }),
).map(([head, lines]) => [head, ...lines]);

/** Lines of a block, written as most people write them. */
const { block: BLOCK } = fc.letrec<{ block: string[]; map: string[]; list: string[] }>((tie) => ({
  block: fc.oneof({ maxDepth: 3 }, tie("map"), tie("map"), tie("list")),
  map: fc.array(
    fc.oneof(
      { maxDepth: 3 },
      fc.tuple(PLAIN_KEYS, SCALAR).map(([key, word]) => [`${key}: ${word}`]),
      fc.tuple(PLAIN_KEYS, TEXT).map(([key, [head, ...lines]]) => [`${key}: ${head}`, ...lines]),
      fc.tuple(PLAIN_KEYS, tie("block"), fc.constantFrom("  ", "    ", "")).map(([key, lines, pad]) => [
        `${key}:`,
        ...lines.map((line) => pad + line),
      ]),
    ),
    { minLength: 1, maxLength: 4 },
  ).map((blocks) => blocks.flat()),
  list: fc.array(
    fc.oneof(
      { maxDepth: 3 },
      SCALAR.map((word) => [`- ${word}`]),
      TEXT.map(([head, ...lines]) => [`- ${head}`, ...lines]),
      tie("map").map((lines) => lines.map((line, index) => `${index === 0 ? "- " : "  "}${line}`)),
    ),
    { minLength: 1, maxLength: 3 },
  ).map((items) => items.flat()),
}));

test("readPlainYaml() reads what it reads as the library does", () => {
  const seed = freshSeed();
  let taken = 0;
  const check = (lines: readonly string[]) => {
    const text = lines.join("\n");
    const plain = readPlainYaml(text, 2);
    if (plain === undefined) return;
    taken++;
    const { root, problems, oddities } = readFullYaml(text, 2);
    assert.deepEqual(plain, { root, problems, oddities });
  };
  fc.assert(fc.property(fc.array(LINE, { minLength: 1, maxLength: 8 }), check), { seed, numRuns: 2_000 });
  fc.assert(fc.property(BLOCK, check), { seed, numRuns: 2_000 });
  assert.ok(taken > 300, `only ${taken} texts were plain, seed ${seed}`);
});

test("readPlainYaml() reads the usual front matter", () => {
  const text = [
    ...["name: maya-geometry", "description: Model with polygons, and more", "license: MIT", "", "# a note"],
    ...["allowed-tools: Bash(git:*) Read", "metadata:", "  dcc-mcp:", "    dcc: maya", "    version: 1.2.0"],
    ...["    tags: [geometry, create]", '    search-hint: "mesh, bevel"', "    tools: tools.yaml", "tools:"],
    ...["  - name: create_sphere", "    read_only: false", "  - name: bevel", "groups:", "- name: basic", "  tools:"],
    ...["  - bevel", ""],
  ].join("\n");
  const plain = readPlainYaml(text, 2);
  const { root, problems, oddities } = readFullYaml(text, 2);
  assert.deepEqual(plain, { root, problems, oddities });
});
