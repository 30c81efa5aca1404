import assert from "node:assert/strict";
import { test } from "node:test";
import { splitFrontMatter } from "../../../../plugins/skills/format/front_matter.ts";
import { parseSkill } from "../../../../plugins/skills/format/parse.ts";
import { metadataOf, parseFiles, shortly, skillIn } from "./kit.ts";

test("splitFrontMatter() takes what is between two lines that are only ---", () => {
  const parts = splitFrontMatter("---\nname: a\n---\n# A\n---\nmore\n");
  assert.deepEqual(parts, { text: "name: a\n", body: "# A\n---\nmore\n", isOpened: true, bodyLine: 4 });
});

test("splitFrontMatter() is not ended by --- within a value or a longer line", () => {
  const text = 'name: a\ndescription: "x --- y"\nlicense: a---b\n----\n--- c\n ---\n';
  assert.equal(splitFrontMatter(`---\n${text}---\n`).text, text);
});

test("splitFrontMatter() reads CRLF, CR, a byte order mark and spaces after --- as plain lines", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const file = `\ufeff--- \t${end}name: a${end}---  ${end}# A${end}`;
    assert.deepEqual(splitFrontMatter(file), { text: "name: a\n", body: "# A\n", isOpened: true, bodyLine: 4 });
  }
});

test("splitFrontMatter() takes line separators of Unicode for text", () => {
  const text = "name: a\u2028---\u2029---\u0085---\n";
  assert.equal(splitFrontMatter(`---\n${text}---\n`).text, text);
  assert.equal(splitFrontMatter("---\u2028name: a\n---\n").text, undefined);
});

test("splitFrontMatter() gives the whole file as the body where there is no pair of ---", () => {
  assert.deepEqual(splitFrontMatter("# A\n"), { body: "# A\n", isOpened: false, bodyLine: 1 });
  assert.deepEqual(splitFrontMatter("---\nname: a\n"), { body: "---\nname: a\n", isOpened: true, bodyLine: 1 });
  assert.equal(splitFrontMatter("").text, undefined);
  assert.equal(splitFrontMatter("---").text, undefined);
  assert.equal(splitFrontMatter("---\n---").text, "");
});

test("splitFrontMatter() needs no time for many lines that begin with ---", () => {
  const file = `---\n${"--- x\n".repeat(200_000)}---${" ".repeat(200_000)}x\n`;
  assert.equal(splitFrontMatter(file).text, undefined);
});

test("parseSkill() says why a file is not read", async () => {
  const rules = async (files: Record<string, string | Uint8Array>) => shortly((await parseFiles(files)).diagnostics);
  assert.deepEqual(await rules({ "README.md": "x" }), ["error SKILL.md file-missing"]);
  assert.deepEqual(await rules({ "SKILL.md": "# A" }), ["error SKILL.md:1 front-matter-missing"]);
  assert.deepEqual(await rules({ "SKILL.md": "---\nname: a" }), ["error SKILL.md:1 front-matter-unclosed"]);
  assert.deepEqual(await rules({ "SKILL.md": "---\n---\n" }), ["error SKILL.md:2 front-matter-type"]);
  assert.deepEqual(await rules({ "SKILL.md": "---\n- a\n---\n" }), ["error SKILL.md:2 front-matter-type"]);
  assert.deepEqual(await rules({ "SKILL.md": `---\nname: ${"a".repeat(1_100_000)}\n---\n` }), [
    "error SKILL.md file-too-large",
  ]);
  assert.deepEqual(await rules({ "SKILL.md": `---\nname: ${"a".repeat(300_000)}\n---\n` }), [
    "error SKILL.md:1 front-matter-too-large",
  ]);
});

test("parseSkill() says that a file is missing which was there when the folder was listed", async () => {
  const entries = [{ path: "SKILL.md", kind: "file" }] as const;
  const { metadata, diagnostics } = await parseSkill(skillIn({ "x": "" }), { entries });
  assert.equal(metadata, undefined);
  assert.deepEqual(shortly(diagnostics), ["error SKILL.md file-missing"]);
});

test("parseSkill() reads a file that is no UTF-8, and says so", async () => {
  const bytes = new Uint8Array([...new TextEncoder().encode("---\nname: my-skill\ndescription: x"), 0xff, 0x0a]);
  const end = new TextEncoder().encode("---\nBody");
  const parsed = await parseFiles({ "SKILL.md": new Uint8Array([...bytes, ...end]) });
  assert.equal(metadataOf(parsed).description, "x\ufffd");
  assert.deepEqual(shortly(parsed.diagnostics), ["warning SKILL.md encoding"]);
});

test("parseSkill() reads skill.md where there is no SKILL.md", async () => {
  const text = "---\nname: my-skill\ndescription: x\n---\n";
  const lower = await parseFiles({ "skill.md": text });
  assert.deepEqual(shortly(lower.diagnostics), ["warning skill.md file-name"]);
  assert.deepEqual(lower.sources, ["skill.md"]);
  const both = await parseFiles({ "skill.md": "---\nname: other\n---\n", "SKILL.md": text });
  assert.equal(metadataOf(both).name, "my-skill");
});
