import assert from "node:assert/strict";
import { test } from "node:test";
import { ToolDeclaration } from "../../../../plugins/skills/format/declaration.ts";
import { parseSkill } from "../../../../plugins/skills/format/parse.ts";
import { matchesPattern } from "../../../../plugins/skills/format/file_reader.ts";
import { metadataOf, parseFields, shortly, skillOnDisk } from "./kit.ts";

const HEAD = "name: my-skill\ndescription: x\n";
const TOOLS = `
  - name: create_sphere
    description: Create a sphere
    input_schema:
      type: object
      properties:
        radius: {type: number, default: 1.0}
        label: {type: string, default: "1.0"}
    read_only: false
    destructive: yes
    defer-loading: true
    source_file: scripts/create.py
    group: modeling
    execution: async
    timeout_hint_secs: 30
    affinity: main
    next-tools:
      on-success: [bevel, "not a name"]
      on_failure: undo
    read_only_hint: true
    required-capabilities: [scene.mutate]
    aliases: ball, orb
    risk: low
  - bevel
`;
const CREATE_SPHERE = new ToolDeclaration({
  name: "create_sphere",
  description: "Create a sphere",
  inputSchema: {
    type: "object",
    properties: { radius: { type: "number", default: 1 }, label: { type: "string", default: "1.0" } },
  },
  destructive: true,
  deferLoading: true,
  sourceFile: "scripts/create.py",
  group: "modeling",
  execution: "async",
  timeoutHintSecs: 30,
  threadAffinity: "main",
  nextTools: { onSuccess: ["bevel"], onFailure: ["undo"] },
  annotations: { readOnlyHint: true },
  requiredCapabilities: ["scene.mutate"],
  searchAliases: ["ball", "orb"],
  extra: { risk: "low" },
});
const GROUPS =
  "groups:\n  - name: modeling\n    description: Model\n    tools: [create_sphere]\n    default_active: true\n  - other\n";
const MODELING = { name: "modeling", description: "Model", tools: ["create_sphere"], defaultActive: true };
const OTHER = { name: "other", description: "", tools: [], defaultActive: false };

test("parseSkill() reads tools and groups from the top, the section, a sidecar, and JSON", async () => {
  const indented = (text: string) => text.replaceAll("\n", "\n    ");
  const sidecar = (path: string) => `${HEAD}metadata:\n  dcc-mcp:\n    tools: ${path}`;
  const json = JSON.stringify({
    tools: [{ ...CREATE_SPHERE.toJSON(), next_tools: { on_success: ["bevel"], on_failure: ["undo"] } }, "bevel"],
  });
  const cases: Record<string, [fields: string, files: Record<string, string>, line: string]> = {
    top: [`${HEAD}tools:${TOOLS}${GROUPS}`, {}, "SKILL.md:4"],
    section: [`${HEAD}metadata:\n  dcc-mcp:\n    tools:${indented(TOOLS)}\n    ${indented(GROUPS)}`, {}, "SKILL.md:6"],
    "tools.yaml": [sidecar("tools.yaml"), { "tools.yaml": `tools:${TOOLS}${GROUPS}` }, "tools.yaml:2"],
    "a folder": [sidecar("./a/b.YML"), { "a/b.YML": `tools:${TOOLS}${GROUPS}` }, "a/b.YML:2"],
    "two sidecars": [
      `${sidecar("t.yaml")}\n    groups: g.yaml`,
      { "t.yaml": TOOLS.replaceAll("\n  ", "\n"), "g.yaml": GROUPS },
      "t.yaml:2",
    ],
    json: [`${sidecar("tools.json")}\n    groups: g.yaml`, { "tools.json": json, "g.yaml": GROUPS }, ""],
  };
  for (const [how, [fields, files, place]] of Object.entries(cases)) {
    const parsed = await parseFields(fields, files);
    const skill = metadataOf(parsed);
    const wanted = place === "" ? [] : [shortly(parsed.diagnostics)[0] ?? `nothing found in ${how}`];
    assert.deepEqual(shortly(parsed.diagnostics), wanted, how);
    if (place !== "") assert.match(wanted[0]!, /^warning \S+ next-tool-invalid$/, how);
    assert.deepEqual(skill.tools.map((tool) => tool.toJSON()), [
      CREATE_SPHERE.toJSON(),
      new ToolDeclaration({ name: "bevel" }).toJSON(),
    ], how);
    assert.deepEqual(skill.groups, [MODELING, OTHER], how);
    assert.deepEqual(parsed.sources, ["SKILL.md", ...Object.keys(files)]);
  }
});

test("parseSkill() keeps a destructive flag that is off, which clients would take to be on, as a hint", async () => {
  const { tools } = metadataOf(
    await parseFields(`${HEAD}tools:
  - { name: harmless, destructive: false }
  - { name: titled, destructive: no, annotations: { title: Titled } }
  - { name: contradicts, destructive: false, destructive_hint: true }
  - { name: breaks, destructive: true }
  - says_nothing
`),
  );
  assert.deepEqual(tools.map((tool) => tool.annotations), [
    { destructiveHint: false },
    { title: "Titled", destructiveHint: false },
    { destructiveHint: true },
    undefined,
    undefined,
  ]);
});

test("parseSkill() leaves out a tool that is wrong, and none of the others", async () => {
  const parsed = await parseFields(`${HEAD}tools:
  - good
  - name: "bad name"
  - description: nameless
  - [list]
  - name: good
  - name: "${"x".repeat(65)}"
  - name: later
    deferred: true
  - name: odd
    execution: someday
    timeout_hint_secs: soon
    input_schema: [1]
    read_only: perhaps
    annotations: x
    required_capabilities: {a: b}
  - ~
  - name: last
    input_schema: '{"type":"object"}'
    output_schema: '{'`);
  assert.deepEqual(metadataOf(parsed).toolNames, ["good", "odd", "last"]);
  const odd = metadataOf(parsed).tools[1]!;
  assert.deepEqual([odd.execution, odd.timeoutHintSecs, odd.inputSchema, odd.readOnly], [
    "sync",
    undefined,
    undefined,
    false,
  ]);
  assert.deepEqual(metadataOf(parsed).tools[2]!.inputSchema, { type: "object" });
  assert.deepEqual(shortly(parsed.diagnostics), [
    "error SKILL.md:6 tool-name-invalid",
    "error SKILL.md:7 tool-name-missing",
    "warning SKILL.md:8 field-type",
    "error SKILL.md:8 tool-name-missing",
    "error SKILL.md:9 tool-duplicate",
    "error SKILL.md:10 tool-name-invalid",
    "error SKILL.md:11 tool-deferred",
    ...[16, 17, 14, 15, 18, 19].map((line) => `warning SKILL.md:${line} field-type`),
    "error SKILL.md:20 tool-name-missing",
    "warning SKILL.md:23 field-type",
  ]);
});

test("parseSkill() takes hints from annotations alone where there are any, in any spelling", async () => {
  const annotationsOf = async (text: string) =>
    metadataOf(await parseFields(`${HEAD}tools:\n  - name: a\n${text}`)).tools[0]!.annotations;
  assert.deepEqual(await annotationsOf("    readOnlyHint: true\n    idempotent-hint: no\n    title: A"), {
    ...{ title: "A", readOnlyHint: true, idempotentHint: false },
  });
  const nested = "    read_only_hint: true\n    annotations:\n      openWorldHint: false\n      deferred_hint: true";
  assert.deepEqual(await annotationsOf(nested), { openWorldHint: false, deferredHint: true });
  assert.equal(await annotationsOf("    read_only: true"), undefined);
});

test("parseSkill() reads groups one by one", async () => {
  const parsed = await parseFields(
    `${HEAD}groups:\n  - name: a\n  - description: x\n  - a\n  - name: b\n    default-active: "yes"`,
  );
  assert.deepEqual(metadataOf(parsed).groups.map(({ name, defaultActive }) => [name, defaultActive]), [["a", false], [
    "b",
    true,
  ]]);
  assert.deepEqual(shortly(parsed.diagnostics), [
    "error SKILL.md:6 group-name-missing",
    "error SKILL.md:7 group-duplicate",
  ]);
});

const PROMPTS = `prompts:
  - name: bake
    description: Bake a rig
    arguments:
      - name: range
        description: Frames
        required: true
      - speed
    template: "Bake {{range}}"
  - name: told
    messages:
      - role: user
        content: First
      - role: user
        content: Second
  - name: bake
    template: again
  - template: nameless
  - name: empty
workflows:
  - file: flows/bake.yaml
    prompt_name: bake_flow
  - flows/none.yaml
`;
const FLOW =
  "name: bake_all\ndescription: Bake it all\nsteps:\n  - id: one\n    tool: bake\n  - id: ask\n    kind: approve\n  - tool: export\n";

test("parseSkill() reads prompts, and makes some of workflows", async () => {
  const parsed = await parseFields(`${HEAD}metadata:\n  dcc-mcp:\n    prompts: prompts.yaml`, {
    "prompts.yaml": PROMPTS,
    "flows/bake.yaml": FLOW,
  });
  const [bake, told, flow] = metadataOf(parsed).prompts;
  assert.equal(metadataOf(parsed).prompts.length, 3);
  assert.deepEqual(bake, {
    ...{ name: "bake", description: "Bake a rig", template: "Bake {{range}}" },
    arguments: [
      { name: "range", description: "Frames", required: true },
      { name: "speed", description: "", required: false },
    ],
  });
  assert.equal(told!.template, "First\n\nSecond");
  assert.equal(flow!.name, "bake_flow");
  assert.match(flow!.template, /"bake_all": Bake it all\n[^]*1\. one: bake\n2\. ask \(approve\)\n3\. export\n/);
  assert.deepEqual(shortly(parsed.diagnostics), [
    "error prompts.yaml:18 prompt-name-missing",
    "error prompts.yaml:19 prompt-template-missing",
    "error prompts.yaml:23 sidecar-missing",
    "error SKILL.md:6 prompt-duplicate",
  ]);
  assert.deepEqual(parsed.sources, ["SKILL.md", "prompts.yaml", "flows/bake.yaml", "flows/none.yaml"]);
});

test("parseSkill() reads prompts of a pattern, inline, and of workflows alone", async () => {
  const files = {
    "prompts/b.prompt.yaml": "name: b\ntemplate: B",
    "prompts/a.prompt.yaml": "- name: a\n  template: A\n- name: c\n  template: C",
    "prompts/x.yaml": "name: x\ntemplate: X",
    "prompts/deeper/d.prompt.yaml": "name: d\ntemplate: D",
    "flows/one.yaml": FLOW,
  };
  const promptsOf = async (line: string) => {
    const parsed = await parseFields(`${HEAD}metadata:\n  dcc-mcp:\n    ${line}`, files);
    return [...metadataOf(parsed).prompts.map(({ name }) => name), ...shortly(parsed.diagnostics)];
  };
  assert.deepEqual(await promptsOf("prompts: prompts/*.prompt.yaml"), ["a", "c", "b"]);
  assert.deepEqual(await promptsOf("prompts: ./prompts/?.yaml"), ["x"]);
  assert.deepEqual(await promptsOf("prompts: none/*.yaml"), ["error SKILL.md:6 sidecar-missing"]);
  assert.deepEqual(await promptsOf("prompts: '*/x.yaml'"), ["error SKILL.md:6 sidecar-missing"]);
  assert.deepEqual(await promptsOf("prompts:\n      - name: i\n        template: I"), ["i"]);
  assert.deepEqual(await promptsOf("workflows: flows/*.yaml"), ["my-skill.bake_all"]);
});

test("matchesPattern() takes no longer for a hostile pattern", () => {
  assert.ok(matchesPattern("a.prompt.yaml", "*.prompt.y*ml") && matchesPattern("ab", "?*b") && matchesPattern("", "*"));
  assert.ok(!matchesPattern("a.yaml", "*.json") && !matchesPattern("ab", "?") && !matchesPattern("a", "a?"));
  assert.ok(!matchesPattern("a".repeat(2_000), `${"*a".repeat(500)}*b`));
});

test("parseSkill() says what is wrong with a sidecar", async () => {
  const found = async (path: string, files: Record<string, string | Uint8Array> = {}) => {
    const parsed = await parseFields(`${HEAD}metadata:\n  dcc-mcp:\n    tools: ${path}`, files);
    assert.deepEqual(metadataOf(parsed).tools, []);
    return shortly(parsed.diagnostics);
  };
  for (
    const path of [
      "/etc/tools.yaml",
      "../tools.yaml",
      "a/../../tools.yaml",
      "C:/tools.yaml",
      "'a\\b.yaml'",
      '"a\\0.yaml"',
    ]
  ) {
    assert.deepEqual(await found(path), ["error SKILL.md:6 sidecar-path"], path);
  }
  assert.deepEqual(await found("tools.toml"), ["error SKILL.md:6 sidecar-type"]);
  assert.deepEqual(await found("ab: c.yaml"), ["warning SKILL.md:6 yaml-mended", "error SKILL.md:6 sidecar-missing"]);
  assert.deepEqual(await found("tools.yaml"), ["error SKILL.md:6 sidecar-missing"]);
  assert.deepEqual(await found("{x: y}"), ["warning SKILL.md:6 field-type"]);
  assert.deepEqual(await found("t.yaml", { "t.yaml": "tools: [" }), ["error t.yaml:1 yaml-syntax"]);
  assert.deepEqual(await found("t.yaml", { "t.yaml": "tool: []" }), ["warning t.yaml sidecar-empty"]);
  assert.deepEqual(await found("t.yaml", { "t.yaml": "tools: x" }), ["warning t.yaml:1 field-type"]);
  assert.deepEqual(await found("t.json", { "t.json": "{'a': 1}" }), ["error t.json json-syntax"]);
  assert.deepEqual(await found("t.json", { "t.json": "[".repeat(100) + "]".repeat(100) }), [
    "error t.json json-syntax",
  ]);
  assert.deepEqual(await found("t.yaml", { "t.yaml": "x".repeat(1_100_000) }), ["error t.yaml file-too-large"]);
});

test("parseSkill() reads nothing outside of the skill, whatever links say", async () => {
  const secret = "tools:\n  - name: stolen\n";
  await using skill = await skillOnDisk({
    "SKILL.md":
      `---\n${HEAD}metadata:\n  dcc-mcp:\n    tools: tools.yaml\n    prompts: prompts/*.yaml\n    groups: inside.yaml\n---\n`,
    "real/groups.yaml": "groups: [a]",
    "real/own.py": "",
    "../secret/tools.yaml": secret,
    "../secret/a.yaml": "name: stolen\ntemplate: x",
    "../secret/stolen.py": "",
    "../secret/depends.md": "stolen",
  }, {
    "tools.yaml": "secret/tools.yaml",
    "prompts/a.yaml": "secret/a.yaml",
    "inside.yaml": "my-skill/real/groups.yaml",
    "scripts/stolen.py": "secret/stolen.py",
    "scripts/own.py": "my-skill/real/own.py",
    "scripts/gone.py": "my-skill/nowhere.py",
    "metadata": "secret",
  });
  const parsed = await parseSkill(skill.folder);
  const metadata = metadataOf(parsed);
  assert.ok(!JSON.stringify(metadata).includes("stolen"), JSON.stringify(metadata));
  assert.deepEqual(metadata.groups.map(({ name }) => name), ["a"]);
  assert.deepEqual(metadata.scripts, [`${skill.folder.path}/scripts/own.py`]);
  const outside = parsed.diagnostics.filter(({ rule }) => rule === "link-outside").map(({ file }) => file).sort();
  assert.deepEqual(outside, ["metadata", "prompts/a.yaml", "scripts/stolen.py", "tools.yaml"]);
});

test("parseSkill() takes a SKILL.md that leads out of the skill for none", async () => {
  await using skill = await skillOnDisk({ "../secret.md": "---\nname: stolen\ndescription: x\n---\n", "x": "" }, {
    "SKILL.md": "secret.md",
  });
  const parsed = await parseSkill(skill.folder);
  assert.equal(parsed.metadata, undefined);
  assert.deepEqual(shortly(parsed.diagnostics), ["error SKILL.md link-outside"]);
});

test("parseSkill() takes a tool that takes its time for one that goes on behind its answer, unless it says otherwise", async () => {
  const parsed = await parseFields(`tools:
  - { name: a, timeout_hint_secs: 60 }
  - { name: b, timeout_hint_secs: 60, execution: sync }
  - { name: c }
`);
  assert.deepEqual(metadataOf(parsed).tools.map(({ execution }) => execution), ["async", "sync", "sync"]);
});
