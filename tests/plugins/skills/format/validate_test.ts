import assert from "node:assert/strict";
import { test } from "node:test";
import { validateSkill } from "../../../../plugins/skills/format/validate.ts";
import { metadataOf, parseFiles, short, skillIn, skillOnDisk, type SkillTree } from "./kit.ts";

const HEAD = "---\nname: my-skill\ndescription: Does this\n";
const SECTION = `${HEAD}metadata:\n  dcc-mcp:\n`;

async function issuesOf(files: SkillTree): Promise<string[]> {
  const { issues } = await validateSkill(skillIn(files));
  // of all with a section of dcc-mcp, and told in a test of its own
  return issues.filter(({ rule }) => rule !== "not-publishable").map(short);
}

test("validateSkill() finds nothing wrong with a whole skill", async () => {
  const report = await validateSkill(skillIn({
    "SKILL.md": [
      `${HEAD}metadata:`,
      ...[
        '  dcc-mcp.version: "1.2.0"',
        "  dcc-mcp.tools: tools.yaml",
        "  dcc-mcp.groups: tools.yaml",
        "---",
        "# Body\n",
      ],
    ].join("\n"),
    "tools.yaml": [
      ...["tools:", "  - name: bevel", "    description: Bevel edges", "    group: modeling"],
      ...["    next-tools:", "      on-success:", "        - create", "        - other_skill__tool"],
      ...["  - name: create", "    description: Create", "    source_file: scripts/make.py"],
      ...["groups:", "  - name: modeling", ""],
    ].join("\n"),
    "scripts/bevel.py": "",
    "scripts/make.py": "",
  }));
  assert.deepEqual(report, { skillDir: "/memory/my-skill", issues: [], hasErrors: false, isClean: true });
});

test("validateSkill() is stricter than loading with the fields of Agent Skills", async () => {
  const name = `My--${"x".repeat(64)}-`;
  const text = [
    ...["---", `name: ${name}`, `description: ${"d".repeat(1025)}`, `compatibility: ${"c".repeat(501)}`],
    ...["version: 1.0.0", "licence: MIT", "when_to_use: now", "---", ""],
  ].join("\n");
  assert.deepEqual(await issuesOf({ "SKILL.md": text }), [
    "error SKILL.md:2 name-too-long",
    "error SKILL.md:2 name-upper-case",
    "error SKILL.md:2 name-hyphen-edge",
    "error SKILL.md:2 name-hyphen-double",
    "error SKILL.md:2 name-mismatch",
    "error SKILL.md:3 description-too-long",
    "error SKILL.md:4 compatibility-too-long",
    "error SKILL.md:5 field-not-standard",
    "error SKILL.md:6 field-not-standard",
    "error SKILL.md:7 field-not-standard",
  ]);
  const { issues } = await validateSkill(skillIn({ "SKILL.md": text }));
  assert.match(issues.find(({ line }) => line === 5)!.remedy!, /"dcc-mcp" under "metadata"/);
  assert.match(issues.find(({ line }) => line === 6)!.message, /did you mean "license"\?/);
  assert.ok(issues.every(({ remedy }) => remedy !== undefined));
});

test("validateSkill() reports what the reference parser does not take", async () => {
  const found = async (lines: string) => await issuesOf({ "SKILL.md": `${HEAD}${lines}\n---\n` });
  assert.deepEqual(await found("license: &a [x, [y]]"), [
    "warning SKILL.md:4 field-type",
    "error SKILL.md:4 yaml-anchor",
    "error SKILL.md:4 yaml-flow",
  ]);
  assert.deepEqual(await found("license: !!str x"), ["error SKILL.md:4 yaml-tag"]);
  assert.deepEqual(await found("license: &a x\nmetadata:\n  a: *a"), [
    "error SKILL.md:4 yaml-anchor",
    "error SKILL.md:6 yaml-alias",
  ]);
  assert.deepEqual(await found("license: a\tb"), ["error SKILL.md:4 yaml-tab"]);
  assert.deepEqual(await found("license: a\u0007b"), ["error SKILL.md:4 yaml-control-character"]);
  assert.deepEqual(await found("license: a: b"), ["error SKILL.md:4 yaml-mended"]);
  assert.deepEqual(await found("license: a\nlicense: b"), ["error SKILL.md:5 yaml-duplicate-key"]);
  assert.deepEqual(await found("compatibility:\n  - a"), [
    "warning SKILL.md:4 field-type",
    "error SKILL.md:4 compatibility-type",
  ]);
  assert.deepEqual(await found("compatibility: ''"), ["warning SKILL.md:4 compatibility-empty"]);
  assert.deepEqual(await issuesOf({ "SKILL.md": `\ufeff${HEAD}---\n` }), ["error SKILL.md:1 byte-order-mark"]);
  const noText = new TextEncoder().encode(`${HEAD}---\n`).with(HEAD.indexOf("this"), 0xff);
  assert.deepEqual(await issuesOf({ "SKILL.md": noText }), ["error SKILL.md encoding"]);
  assert.deepEqual(await issuesOf({ "x": "" }), ["error SKILL.md file-missing"]);
  assert.deepEqual(await found("license: '\u0007' # \u001b"), ["error SKILL.md:4 yaml-control-character"]);
});

test("validateSkill() warns of keys that the protocol keeps for itself", async () => {
  const text = `${HEAD}metadata:\n  author: x\n  io.modelcontextprotocol/x: y\n---\n`;
  assert.deepEqual(await issuesOf({ "SKILL.md": text }), ["warning SKILL.md:6 metadata-reserved"]);
});

test("validateSkill() finds an error behind however many other findings", async () => {
  const fields = Array.from({ length: 1_200 }, (_, index) => `        x${index}: y`).join("\n");
  const tools = `    tools:\n      - name: one\n        description: x\n${fields}\n      - name: "no name"\n`;
  const { issues, hasErrors } = await validateSkill(
    skillIn({ "SKILL.md": `${SECTION}${tools}---\n`, "scripts/one.py": "" }),
  );
  assert.equal(hasErrors, true);
  assert.equal(issues.length, 1_001);
});

test("validateSkill() checks tools as dcc-mcp does", async () => {
  const tools = `
      - name: Create-Sphere
        source_file: scripts/none.py
      - name: two
        description: x
        group: nobody
        source_file: ../out.py
      - name: run_script
        description: Run it
        source_file: scripts/run
        input_schema:
          properties:
            code:
              type: string
        next-tools:
          on-success:
            - gone
            - "not a name"
      - name: notes
        description: x
        source_file: scripts/notes.txt
      - two
      - name: "bad name"
`;
  assert.deepEqual(
    await issuesOf({ "SKILL.md": `${SECTION}    tools:${tools}---\n`, "scripts/run": "", "scripts/notes.txt": "" }),
    [
      "warning SKILL.md:7 tool-name-style",
      "warning SKILL.md:7 tool-description-missing",
      "error SKILL.md:7 source-file-missing",
      "error SKILL.md:9 group-unknown",
      "error SKILL.md:9 source-file-outside",
      "warning SKILL.md:13 next-tool-unknown",
      "warning SKILL.md:13 tool-unbounded-code",
      "warning SKILL.md:13 source-file-type",
      "warning SKILL.md:21 next-tool-invalid",
      "warning SKILL.md:24 source-file-type",
      "error SKILL.md:27 tool-duplicate",
      "error SKILL.md:28 tool-name-invalid",
    ],
  );
});

test("validateSkill() asks for a script for each tool", async () => {
  const tools = "    tools:\n      - name: one\n        description: x\n      - name: two\n        description: x\n";
  const found = async (files: SkillTree) => await issuesOf({ "SKILL.md": `${SECTION}${tools}---\n`, ...files });
  assert.deepEqual(await found({}), ["warning SKILL.md:6 scripts-missing"]);
  assert.deepEqual(await found({ "scripts/any.py": "" }), []);
  assert.deepEqual(await found({ "scripts/ONE.py": "", "scripts/three.py": "" }), [
    "warning SKILL.md:9 tool-script-missing",
  ]);
});

test("validateSkill() checks sidecars, versions and dependencies", async () => {
  const found = async (lines: string, files: SkillTree = {}) =>
    await issuesOf({ "SKILL.md": `${SECTION}    ${lines}\n---\n`, ...files });
  for (const key of ["tools", "groups", "prompts", "resources"]) {
    assert.deepEqual(await found(`${key}: none.yaml`), ["error SKILL.md:6 sidecar-missing"], key);
  }
  assert.deepEqual(await found("resources: r.yaml", { "r.yaml": "" }), []);
  assert.deepEqual(await found("version: first"), ["warning SKILL.md:6 version-style"]);
  assert.deepEqual(await found("depends: a"), ["info SKILL.md:6 depends-file-missing"]);
  assert.deepEqual(await found("depends:\n      - ''", { "metadata/depends.md": "" }), [
    "error SKILL.md:6 depends-empty",
  ]);
  assert.deepEqual(await found("depends: a", { "metadata/depends.md": "- a\n- b\n" }), [
    "warning metadata/depends.md depends-mismatch",
  ]);
  assert.deepEqual(await found("dcc: maya", { "metadata/depends.md": "b" }), [
    "warning metadata/depends.md depends-mismatch",
  ]);
  assert.deepEqual(await found("depends: a", { "metadata/depends.md": "a" }), []);
});

test("validateSkill() follows no script out of the skill", async () => {
  const tool = "    tools:\n      - name: one\n        description: x\n        source_file: scripts/one.py\n";
  await using skill = await skillOnDisk(
    { "SKILL.md": `${SECTION}${tool}---\n`, "../one.py": "" },
    { "scripts/one.py": "one.py" },
  );
  const { issues } = await validateSkill(skill.folder);
  assert.deepEqual(issues.map(short), ["error SKILL.md:7 source-file-missing", "error scripts/one.py link-outside"]);
});

test("validateSkill() names a place that counts for the fields of Claude Code", async () => {
  const fields = {
    "disable-model-invocation": ["true", 'dcc-mcp.allow-implicit-invocation: "false"'],
    "user-invocable": ["false", 'collet.user-invocable: "false"'],
    "argument-hint": ["'[file]'", 'collet.argument-hint: "[file]"'],
    arguments: ["one two", "collet.arguments: one two"],
    when_to_use: ["By the sea", "collet.when_to_use: By the sea"],
  } as const;
  for (const [key, [value, moved]] of Object.entries(fields)) {
    const { issues } = await validateSkill(skillIn({ "SKILL.md": `${HEAD}${key}: ${value}\n---\n` }));
    const [{ remedy = "" } = {}] = issues;
    assert.ok(remedy.includes(moved.startsWith("collet.") ? moved.split(":")[0]! : moved), remedy);
    const lines = `${HEAD}metadata:\n  ${moved}\n---\n`;
    assert.deepEqual((await validateSkill(skillIn({ "SKILL.md": lines }))).issues, [], key);
    const read = (text: string) => parseFiles({ "SKILL.md": text }).then(metadataOf);
    const [top, flat, none] = await Promise.all(
      [`${HEAD}${key}: ${value}\n---\n`, lines, `${HEAD}---\n`].map(read),
    );
    const meaning = (it: typeof top) => [
      ...[it!.isImplicitInvocationAllowed(), it!.userInvocable, it!.argumentHint, it!.argumentNames, it!.whenToUse],
    ];
    assert.deepEqual(meaning(flat), meaning(top), key);
    assert.notDeepEqual(meaning(flat), meaning(none), key);
  }
  const { issues: [hooks] } = await validateSkill(skillIn({ "SKILL.md": `${HEAD}hooks: x\n---\n` }));
  assert.match(hooks!.remedy!, /^Leave it out/);
});

test("parseSkill() lets what stands at the top count before what was moved under metadata", async () => {
  const { diagnostics, ...parsed } = await parseFiles({
    "SKILL.md": `${HEAD}when_to_use: now\nmetadata:\n  collet.when-to-use: later\n---\n`,
  });
  assert.equal(metadataOf({ diagnostics, ...parsed }).whenToUse, "now");
  assert.deepEqual(diagnostics.map(short), ["warning SKILL.md:6 field-shadowed"]);
});

test("validateSkill() says what keeps a skill without errors from being published, and finds it clean", async () => {
  const found = async (lines: string) =>
    await validateSkill(skillIn({ "SKILL.md": `${HEAD}metadata:\n${lines}---\n` }));
  for (
    const [lines, remedy] of [
      ["  dcc-mcp:\n    tags: sea\n", /dcc-mcp\.KEY/],
      ["  a: x\n  dcc-mcp.version: 1.0\n", /in quotes/],
      ["  tags:\n    - sea\n", /with commas/],
    ] as const
  ) {
    const { issues, isClean, hasErrors } = await found(lines);
    assert.deepEqual([isClean, hasErrors], [true, false]);
    const line = lines.startsWith("  a") ? 6 : 5;
    assert.deepEqual(issues.map(short), [`info SKILL.md:${line} not-publishable`]);
    assert.match(issues[0]!.remedy!, remedy);
  }
  assert.deepEqual((await found('  dcc-mcp.tags: sea\n  dcc-mcp.version: "1.0"\n')).issues, []);
  const chinese = await validateSkill(skillIn({ "SKILL.md": "---\nname: 潮汐\ndescription: x\n---\n" }, "潮汐"));
  assert.deepEqual(chinese.issues.map(short), ["info SKILL.md:2 not-publishable"]);
  const wrong = await found("  dcc-mcp:\n    tags: sea\nlicence: MIT\n");
  assert.deepEqual(wrong.issues.map(short), ["error SKILL.md:7 field-not-standard"], "errors come first");
});
