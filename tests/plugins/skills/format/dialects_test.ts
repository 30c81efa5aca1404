import assert from "node:assert/strict";
import { test } from "node:test";
import { metadataOf, parseFields, parseFiles, short, shortly } from "./kit.ts";

test("parseSkill() reads the fields of Agent Skills", async () => {
  const parsed = await parseFields([
    ...["name: my-skill", "description: Does this", "license: Apache-2.0", "compatibility: Needs git"],
    ...["allowed-tools: Bash(git:*) Read", "metadata:", "  author: Ada", "  version: 1.0", "  draft: yes"],
  ].join("\n"));
  const skill = metadataOf(parsed);
  assert.deepEqual(parsed.diagnostics, []);
  assert.deepEqual([skill.name, skill.description, skill.license], ["my-skill", "Does this", "Apache-2.0"]);
  assert.deepEqual([skill.compatibility, skill.allowedTools], ["Needs git", ["Bash(git:*)", "Read"]]);
  assert.deepEqual(skill.metadata, { author: "Ada", version: "1.0", draft: "yes" });
  assert.deepEqual(skill.frontmatter["metadata"], { author: "Ada", version: 1, draft: "yes" });
  assert.deepEqual(skill.lines, {
    ...{ name: 2, description: 3, license: 4, compatibility: 5, "allowed-tools": 6, metadata: 7 },
    ...{ "metadata.author": 8, "metadata.version": 9, "metadata.draft": 10 },
  });
});

test("parseSkill() reads the fields of Claude Code", async () => {
  const parsed = await parseFields([
    ...["name: my-skill", "description: Does this", "when_to_use: For that", "argument-hint: [file] [format]"],
    ...["arguments: file format", "disable-model-invocation: true", "user-invocable: no", "model: opus"],
    ...["allowed-tools:", "  - Read", "  - Bash(git add *)", "hooks: {}", "context: fork"],
  ].join("\n"));
  const skill = metadataOf(parsed);
  assert.deepEqual(shortly(parsed.diagnostics), ["warning SKILL.md:5 yaml-mended"]);
  assert.deepEqual([skill.whenToUse, skill.argumentHint], ["For that", "[file] [format]"]);
  assert.deepEqual([skill.argumentNames, skill.disableModelInvocation, skill.userInvocable], [
    ["file", "format"],
    true,
    false,
  ]);
  assert.deepEqual([skill.allowedTools, skill.isImplicitInvocationAllowed()], [["Read", "Bash(git add *)"], false]);
  const one = metadataOf(
    await parseFields(
      "name: my-skill\ndescription: x\nargument-hint: [file]\nallowed-tools: Read, Bash(git add *), Edit",
    ),
  );
  assert.deepEqual([one.argumentHint, one.allowedTools], ["[file]", ["Read", "Bash(git add *)", "Edit"]]);
});

test("parseSkill() reads the fields of OpenClaw, also as JSON on one line", async () => {
  const parsed = await parseFields([
    ...["name: my-skill", "description: Does this", "version: 2.10", "homepage: https://x.y"],
    'metadata: {"openclaw": {"requires": {"env": ["KEY"], "bins": ["ffmpeg"]}, "always": true, "os": "darwin, linux"}}',
  ].join("\n"));
  const skill = metadataOf(parsed);
  assert.deepEqual(parsed.diagnostics, []);
  assert.deepEqual([skill.version, skill.homepage(), skill.alwaysActive()], ["2.10", "https://x.y", true]);
  assert.deepEqual([skill.requiredEnvVars(), skill.requiredBins(), skill.osRestrictions()], [
    ["KEY"],
    ["ffmpeg"],
    ["darwin", "linux"],
  ]);
  assert.equal(skill.lines["metadata.openclaw.requires.env"], 6);
  const wrong = await parseFields(
    "name: my-skill\ndescription: x\nmetadata:\n  openclaw:\n    requires:\n      env:\n        a: b\n    os: 1\n    always: maybe",
  );
  assert.deepEqual(shortly(wrong.diagnostics), ["warning SKILL.md:10 field-type", "warning SKILL.md:7 field-type"]);
});

const SECTION = [
  ...["dcc: maya", "version: 1.10", "tags: [geometry, create]", "search-hint: mesh, bevel", "search_aliases: [poly]"],
  ...["depends: a, b", "products: [Maya]", "allow-implicit-invocation: no", "next-tools:", "  on-success: [x]"],
];
const EXTERNAL = [{ type: "env_var", value: "KEY", description: "A key" }, {
  type: "mcp",
  value: "render",
  url: "http://x",
}];

test("parseSkill() reads the fields of dcc-mcp in its section, with its prefix, and at the top", async () => {
  const head = ["name: my-skill", "description: Does this"];
  const external = `external-deps: '${JSON.stringify({ tools: EXTERNAL })}'`;
  const nested = [...head, "metadata:", "  dcc-mcp:", ...[...SECTION, external].map((line) => `    ${line}`)];
  const flat = [
    ...head,
    "metadata:",
    ...[...SECTION, external].map((line) => line.startsWith(" ") ? `  ${line}` : `  dcc-mcp.${line}`),
  ];
  const top = [...head, ...SECTION.filter((line) => !line.startsWith("search_aliases")), external];
  for (const [how, lines] of Object.entries({ nested, flat, top })) {
    const parsed = await parseFields(lines.join("\n"));
    const skill = metadataOf(parsed);
    assert.deepEqual(shortly(parsed.diagnostics), [], how);
    assert.deepEqual([skill.dcc, skill.version, skill.tags], ["maya", "1.10", ["geometry", "create"]], how);
    assert.deepEqual([skill.searchHint, skill.searchAliases], ["mesh, bevel", how === "top" ? [] : ["poly"]], how);
    assert.deepEqual([skill.depends, skill.nextTools], [["a", "b"], { onSuccess: ["x"], onFailure: [] }], how);
    assert.deepEqual(skill.policy, { products: ["Maya"], allowImplicitInvocation: false }, how);
    assert.deepEqual(skill.externalDeps, EXTERNAL, how);
    assert.equal(skill.isSpecCompliant(), how !== "top");
    assert.equal(skill.legacyExtensionFields.length, how === "top" ? 9 : 0);
  }
});

test("parseSkill() prefers the section to the prefix, and that to the top, and says what is shadowed", async () => {
  const parsed = await parseFields([
    ...["name: my-skill", "description: x", "dcc: top", "version: 1", "tags: [same]"],
    ...[
      "metadata:",
      "  dcc-mcp.dcc: flat",
      "  dcc-mcp.version: 2",
      "  dcc-mcp.tags: [same]",
      "  dcc-mcp:",
      "    dcc: nested",
    ],
  ].join("\n"));
  const skill = metadataOf(parsed);
  assert.deepEqual([skill.dcc, skill.version, skill.tags], ["nested", "2", ["same"]]);
  assert.deepEqual(shortly(parsed.diagnostics), [
    "warning SKILL.md:8 field-shadowed",
    "warning SKILL.md:4 field-shadowed",
    "warning SKILL.md:5 field-shadowed",
  ]);
  assert.deepEqual(skill.legacyExtensionFields, ["dcc", "version", "tags"]);
});

test("parseSkill() reads a policy as a mapping, and lists and external dependencies in any form", async () => {
  const skill = metadataOf(
    await parseFields([
      ...[
        "name: my-skill",
        "description: x",
        "policy:",
        "  allow_implicit_invocation: 'false'",
        "  products: maya, nuke",
      ],
      ...["external_deps:", "  tools:", "    - type: bin", "      value: ffmpeg"],
    ].join("\n")),
  );
  assert.deepEqual(skill.policy, { allowImplicitInvocation: false, products: ["maya", "nuke"] });
  assert.deepEqual(skill.externalDeps, [{ type: "bin", value: "ffmpeg" }]);
  const parsed = await parseFields(
    "name: my-skill\ndescription: x\nexternal-deps:\n  - type: socket\n    value: a\n  - type: bin\n  - value: b",
  );
  assert.deepEqual(metadataOf(parsed).externalDeps, [{ type: "mcp", value: "b" }]);
  assert.deepEqual(shortly(parsed.diagnostics), [
    "warning SKILL.md:5 field-type",
    "error SKILL.md:5 external-dependency",
    "error SKILL.md:7 external-dependency",
  ]);
});

test("parseSkill() takes what says nothing for absent, and what has the wrong type for nothing", async () => {
  const parsed = await parseFields([
    ...["name: my-skill", "description: x", "version: 3.0", "tools:", "disable-model-invocation: off"],
    ...["metadata:", "  dcc-mcp:", "    version: ~", "    tags:", "    constructor: 1", "  clawdbot: x"],
  ].join("\n"));
  const skill = metadataOf(parsed);
  assert.deepEqual([skill.version, skill.tags, skill.tools, skill.disableModelInvocation], ["3.0", [], [], false]);
  assert.deepEqual(parsed.diagnostics.map(short), [
    "info SKILL.md:11 extension-unknown",
    "warning SKILL.md:12 field-type",
  ]);
  const wrong = await parseFields("name: my-skill\ndescription: x\nmetadata:\n  dcc-mcp: maya");
  assert.deepEqual(shortly(wrong.diagnostics), ["warning SKILL.md:5 field-type"]);
});

test("parseSkill() keeps keys that it does not know, and says so", async () => {
  const parsed = await parseFields(
    "name: my-skill\ndescription: x\ncategory: 3d\nlicence: MIT\nmetadata:\n  dcc-mcp:\n    stages: a\n    layer: domain",
  );
  assert.deepEqual(parsed.diagnostics.map(short), [
    "info SKILL.md:8 extension-unknown",
    "info SKILL.md:4 field-unknown",
    "warning SKILL.md:5 field-unknown",
  ]);
  assert.match(parsed.diagnostics[2]!.message, /did you mean "license"\?/);
  assert.deepEqual(Object.keys(metadataOf(parsed).frontmatter), [
    "name",
    "description",
    "category",
    "licence",
    "metadata",
  ]);
});

test("parseSkill() takes the name of the folder where the file has none that can be used", async () => {
  const nameOf = async (line: string, folder?: string) => {
    const parsed = await parseFiles({ "SKILL.md": `---\n${line}\ndescription: x\n---\n` }, folder);
    return [parsed.metadata?.name, ...shortly(parsed.diagnostics)];
  };
  assert.deepEqual(await nameOf("license: MIT"), ["my-skill", "warning SKILL.md name-missing"]);
  assert.deepEqual(await nameOf('name: ""'), ["my-skill", "warning SKILL.md:2 name-missing"]);
  assert.deepEqual(await nameOf("name: [a]"), [
    "my-skill",
    "warning SKILL.md:2 field-type",
    "warning SKILL.md:2 name-missing",
  ]);
  for (const name of ["../other", "a/b", "a\\\\b", "system:admin", "@dev-full", ".hidden", "a\\u202Eb", "x\\u0007"]) {
    assert.deepEqual(await nameOf(`name: "${name}"`), ["my-skill", "warning SKILL.md:2 name-unusable"], name);
  }
  assert.deepEqual(await nameOf("name: other"), ["other", "warning SKILL.md:2 name-mismatch"]);
  assert.deepEqual(await nameOf("name: My Skill", "My Skill"), [
    "My Skill",
    "warning SKILL.md:2 name-upper-case",
    "warning SKILL.md:2 name-characters",
  ]);
  assert.deepEqual(await nameOf("license: MIT", "@x"), [undefined, "error SKILL.md name-missing"]);
  assert.deepEqual(await nameOf("name: ﬁle", "file"), ["file"]);
});

test("parseSkill() takes the first paragraph where there is no description, else leaves the skill out", async () => {
  const parse = async (text: string) => {
    const parsed = await parseFiles({ "SKILL.md": text });
    return [parsed.metadata?.description, ...shortly(parsed.diagnostics)];
  };
  const missing = "warning SKILL.md description-missing";
  assert.deepEqual(await parse("---\nname: my-skill\n---\n# Title\n\n```sh\n```\n\nFirst line\nsecond line\n\nMore"), [
    "First line second line",
    missing,
  ]);
  assert.deepEqual(await parse("---\nname: my-skill\ndescription: '  '\n---\n## Title\n"), [
    "Title",
    "warning SKILL.md:3 description-missing",
  ]);
  const long = await parse(`---\nname: my-skill\n---\n${"word ".repeat(1_000)}`);
  assert.ok(long[0]!.length <= 1024 && long[0]!.endsWith("…"));
  assert.deepEqual(await parse("---\nname: my-skill\n---\n\n"), [undefined, "error SKILL.md description-missing"]);
  assert.deepEqual(await parse("---\nname: my-skill\ndcc: maya\n---\n"), ["", missing]);
});

test("parseSkill() loads what is too long or of the wrong type, and says so", async () => {
  const parsed = await parseFields(
    `name: my-skill\ndescription: ${"d".repeat(1025)}\ncompatibility: ${"c".repeat(501)}\nlicense: [MIT]\nmetadata: x`,
  );
  assert.equal(metadataOf(parsed).description.length, 1025);
  assert.deepEqual(shortly(parsed.diagnostics).sort(), [
    "warning SKILL.md:3 description-too-long",
    "warning SKILL.md:4 compatibility-too-long",
    "warning SKILL.md:5 field-type",
    "warning SKILL.md:6 field-type",
  ]);
});

test("parseSkill() reads folders: scripts, notes and dependencies, sorted", async () => {
  const names = [
    "b.py",
    "a.sh",
    "c.TS",
    "d.txt",
    "e",
    "f.mel",
    ".hidden.py",
    "g.rb",
    "h.zsh",
    "i.mjs",
    "j.cjs",
    "k.bash",
  ];
  const { metadata, diagnostics, sources } = await parseFiles({
    "SKILL.md": "---\nname: my-skill\ndescription: x\nmetadata:\n  dcc-mcp:\n    depends: [one]\n---\n",
    ...Object.fromEntries(names.map((name) => [`scripts/${name}`, ""])),
    "scripts/deeper/x.py": "",
    "metadata/depends.md": "\ufeff# Needs\r\n\r\n- two\r\none\r\n  - three  \r\n",
    "metadata/notes.MD": "",
    "metadata/x.txt": "",
  });
  assert.deepEqual(diagnostics, []);
  const at = (folder: string, files: string[]) => files.map((file) => `/memory/my-skill/${folder}/${file}`);
  const scripts = [".hidden.py", "a.sh", "b.py", "c.TS", "f.mel", "g.rb", "h.zsh", "i.mjs", "j.cjs", "k.bash"];
  assert.deepEqual(metadata!.scripts, at("scripts", scripts));
  assert.deepEqual(metadata!.metadataFiles, at("metadata", ["depends.md", "notes.MD"]));
  assert.deepEqual(metadata!.depends, ["one", "two", "three"]);
  assert.deepEqual([metadata!.skillPath, sources], ["/memory/my-skill", ["SKILL.md", "metadata/depends.md"]]);
});
