import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SkillMetadata } from "../../../../plugins/skills/format/metadata.ts";
import { parseSkill } from "../../../../plugins/skills/format/parse.ts";
import { validateSkill } from "../../../../plugins/skills/format/validate.ts";
import { freshSeed } from "../../../support/random.ts";
import { parseFiles, skillIn, type SkillTree } from "./kit.ts";

/** Reads and checks a skill, and holds what it says to what all skills keep. */
async function survive(files: SkillTree): Promise<void> {
  const folder = skillIn(files);
  const { metadata, diagnostics, body } = await parseSkill(folder);
  assert.equal(typeof body, "string");
  assert.ok(metadata !== undefined || diagnostics.some(({ severity }) => severity === "error"));
  for (const { file, line, message, rule } of diagnostics) {
    assert.ok(file !== "" && rule !== "" && message !== "" && (line === undefined || line >= 1));
    assert.doesNotMatch(message, /[\p{Cc}\u202e]/u, `${rule} writes control characters`);
  }
  assert.ok(diagnostics.length <= 1_001);
  if (metadata !== undefined) {
    const json = JSON.parse(JSON.stringify(metadata));
    assert.ok(SkillMetadata.fromJSON(json).equals(metadata));
    assert.doesNotMatch(metadata.name, /[/\\:\p{Cc}]/u);
    assert.equal(Object.getPrototypeOf(metadata.frontmatter), Object.prototype);
  }
  const { hasErrors, issues } = await validateSkill(folder);
  assert.equal(hasErrors, issues.some(({ severity }) => severity === "error"));
  if (metadata === undefined) assert.ok(hasErrors);
  assert.deepEqual(({} as Record<string, unknown>)["polluted"], undefined);
}

test("parseSkill() survives random bytes", async () => {
  const seed = freshSeed();
  const open = [0x2d, 0x2d, 0x2d, 0x0a];
  const bytes = fc.uint8Array({ maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, bytes, fc.boolean(), async (inside, after, isWhole) => {
      const data = isWhole ? [...open, ...inside, 0x0a, ...open, ...after] : [...inside, ...after];
      await survive({ "SKILL.md": new Uint8Array(data), "metadata/depends.md": after });
    }),
    { seed, numRuns: 300 },
  );
});

const PIECES = [
  ...["name", "description", "metadata", "dcc-mcp", "tools", "groups", "prompts", "openclaw", "requires", "depends"],
  ...[
    "policy",
    "external-deps",
    "next-tools",
    "arguments",
    "allowed-tools",
    "t.yaml",
    "../x",
    "__proto__",
    "polluted",
    "constructor",
    "toString",
  ],
  ...[
    ": ",
    ":",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!map ",
    "<<: *a",
    "|\n",
    ">-\n",
  ],
  ...[
    "'",
    '"',
    "#",
    " #",
    "\t",
    "%",
    "@",
    "`",
    "\\",
    "~",
    "true",
    "1e999",
    "\u0000",
    "\u202e",
    "é",
    "🎬",
    "---\n",
    "...\n",
    "? ",
  ],
];

test("parseSkill() survives whatever pieces of skills are put together", async () => {
  const seed = freshSeed();
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(text, text, async (fields, sidecar) => {
      await survive({ "SKILL.md": `---\n${fields}\n---\nText`, "t.yaml": sidecar, "t.json": sidecar });
    }),
    { seed, numRuns: 600 },
  );
});

test("parseSkill() survives any JSON where fields of skills stand", async () => {
  const seed = freshSeed();
  const keys = [
    "tools",
    "groups",
    "prompts",
    "workflows",
    "policy",
    "external-deps",
    "next-tools",
    "tags",
    "depends",
    "version",
  ];
  const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
  const section = fc.dictionary(fc.constantFrom(...keys), value);
  const entry = fc.dictionary(
    fc.constantFrom("name", "input_schema", "annotations", "next-tools", "arguments", "template", "execution", "extra"),
    value,
  );
  await fc.assert(
    fc.asyncProperty(section, section, entry, value, async (nested, top, tool, openclaw) => {
      const metadata = { "dcc-mcp": { ...nested, tools: [tool, ...keys], prompts: [tool] }, openclaw, ...top };
      const fields = { name: "my-skill", description: "x", ...top, metadata };
      await survive({ "SKILL.md": `---\n${JSON.stringify(fields)}\n---\n` });
    }),
    { seed, numRuns: 60 },
  );
});

const SIZE = 40_000;
const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length));
const HOSTILE: Readonly<Record<string, string>> = {
  "open brackets": `a: ${fill("[")}`,
  "open braces": `a: ${fill("{a: ")}`,
  "brackets that close": `a: ${"[".repeat(SIZE / 2)}${"]".repeat(SIZE / 2)}`,
  "dashes": `a:\n  ${fill("- ")}`,
  "question marks": fill("? "),
  "colons": fill(": "),
  "values with colons": fill("a: b: c\n"),
  "stairs": Array.from({ length: 600 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
  "many keys": Array.from({ length: 15_000 }, (_, index) => `k${index}: v`).join("\n"),
  "one key": fill("k: v\n"),
  "plain items": `a:\n${fill("- a\n")}`,
  "anchors": Array.from({ length: 10_000 }, (_, index) => `k${index}: &a${index} v`).join("\n"),
  "aliases": `a: &a x\nb:\n${fill("- *a\n")}`,
  "an alias bomb": [
    "a0: &a0 [x, x, x, x, x, x, x, x, x]",
    ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`),
  ].join("\n"),
  "aliases of a long text": `a: &a "${"x".repeat(SIZE / 2)}"\nb:\n${"- *a\n".repeat(SIZE / 10)}`,
  "tags": `a:\n${fill("- !foo a\n")}`,
  "commas": `a: [${fill(",")}]`,
  "words in a list": `a: [${fill("a, ")}a]`,
  "quotes": `a: ${fill('"')}`,
  "escapes": `a: "${fill("\\n")}"`,
  "spaces": `name: a${fill(" ")}b`,
  "spaces in a list": `a: [a${fill(" ")}b]`,
  "spaces before a comment": `a: b: c${fill(" ")}#`,
  "spaces to mend": `a: b: c${fill(" ")}d`,
  "tabs": fill("\t"),
  "comments": fill("# a\n"),
  "documents": fill("...\n"),
  "one line": `name: ${fill("x")}`,
  "a long key": `${fill("x")}: y`,
  "a description of lines": `description: a\n${fill("  b\n")}`,
  "open parentheses": `allowed-tools: ${fill("(")}`,
  "upper case keys": `tools:\n  - ${fill("A")}: b`,
  "hyphens": fill("-"),
};

test("parseSkill() is done with hostile texts in time", async () => {
  for (const [what, fields] of Object.entries(HOSTILE)) {
    const begin = performance.now();
    const { metadata } = await parseFiles({
      "SKILL.md": `---\nmetadata:\n  dcc-mcp:\n    tools: t.yaml\n${fields}\n---\n${fill("\n")}`,
      "t.yaml": fields,
    });
    assert.ok(JSON.stringify(metadata ?? null).length < 20_000_000, `${what} gives too much`);
    assert.ok(performance.now() - begin < 5_000, `${what} took ${performance.now() - begin} ms`);
  }
});
