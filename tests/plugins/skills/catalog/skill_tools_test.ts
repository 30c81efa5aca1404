import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createFiles } from "../../../../kernel/platform/files.ts";
import { memoryFiles } from "../../../../kernel/testing.ts";
import { makeSkillTools, type SkillTools } from "../../../../plugins/skills/catalog/skill_tools.ts";
import type { ToolDeclarationFields } from "../../../../plugins/skills/format/declaration.ts";
import { found } from "./kit.ts";

interface MadeTools {
  /** Paths below `scripts/`. */
  readonly scripts?: readonly string[];
  readonly tools?: readonly (string | ToolDeclarationFields)[];
}

async function make({ scripts = [], tools = [] }: MadeTools): Promise<SkillTools> {
  const path = "/memory/maya";
  const paths = scripts.map((name) => `${path}/scripts/${name}`);
  const files = memoryFiles(
    Object.fromEntries([`${path}/SKILL.md`, ...paths].map((it) => [it.slice("/memory/".length), ""])),
  );
  const skill = found({ name: "maya", description: "Models", path, scripts: paths, tools });
  return await makeSkillTools(skill, { skillName: "maya", folder: files.open(path) });
}

function scriptsOf({ tools }: SkillTools): Record<string, string> {
  return Object.fromEntries(tools.map((tool) => [tool.name, tool.sourceFile.replace("/memory/maya/", "")]));
}

function rulesOf({ diagnostics }: SkillTools): string[] {
  return diagnostics.map((it) => it.rule);
}

describe("makeSkillTools()", () => {
  test("finds the script of a tool: the one it names, that of its name, the only one, none", async () => {
    const scripts = ["Create-Sphere.PY", "other.py", "other.sh"];
    const tools = [
      "create_sphere",
      { name: "named", sourceFile: "scripts/other.sh" },
      {
        name: "dotted",
        sourceFile: "./scripts/other.sh",
      },
      { name: "whole", sourceFile: "/memory/maya/scripts/other.sh" },
      "maya__other",
      "lost",
    ];
    assert.deepEqual(scriptsOf(await make({ scripts, tools })), {
      maya__create_sphere: "scripts/Create-Sphere.PY",
      maya__named: "scripts/other.sh",
      maya__dotted: "scripts/other.sh",
      maya__whole: "scripts/other.sh",
      maya__other: "scripts/other.py",
      maya__lost: "",
    });
    assert.deepEqual(scriptsOf(await make({ scripts: ["only.py"], tools: ["any", "other"] })), {
      maya__any: "scripts/only.py",
      maya__other: "scripts/only.py",
    });
    assert.deepEqual(scriptsOf(await make({ tools: ["any"] })), { maya__any: "" });
  });

  test("makes a tool of each script where none is declared", async () => {
    const made = await make({ scripts: ["bevel.py", "bevel.sh", "render-scene.ts", "two words.py", ".hidden.py"] });
    assert.deepEqual(scriptsOf(made), {
      maya__bevel: "scripts/bevel.py",
      maya__render_scene: "scripts/render-scene.ts",
    });
    assert.deepEqual(rulesOf(made), ["tool-name-duplicate", "tool-name-invalid", "tool-name-invalid"]);
    assert.equal(made.tools[0]?.description, "[maya] Models");
  });

  test("leaves out what cannot be used, says why, and keeps the rest in order", async () => {
    const made = await make({
      scripts: ["a.py", "b.py"],
      tools: [
        "first",
        "other_skill__tool",
        { name: "bad schema" },
        { name: "schema", inputSchema: { type: "object", properties: { x: { $ref: "https://example.com/x" } } } },
        { name: "output", outputSchema: { type: 7 as unknown as string } },
        { name: "carrier", inputSchema: { "~standard": { vendor: "x" } } },
        { name: "away", sourceFile: "../other/run.py" },
        { name: "absolute", sourceFile: "/etc/passwd" },
        { name: "windows", sourceFile: "C:\\Windows\\cmd.exe" },
        { name: "nul", sourceFile: "scripts/\0.py" },
        { name: "missing", sourceFile: "scripts/none.py" },
        { name: "folder", sourceFile: "scripts" },
        "first",
        "last",
      ],
    });
    assert.deepEqual(made.tools.map((tool) => tool.name), ["maya__first", "maya__last"]);
    const told = new Map(made.diagnostics.map((it) => [/tool "([^"]+)"/.exec(it.message)?.[1], it.rule]));
    assert.equal(told.get("other_skill__tool"), "tool-name-invalid");
    for (const name of ["schema", "output", "carrier"]) assert.equal(told.get(name), "tool-schema-invalid", name);
    for (const name of ["away", "absolute", "nul"]) assert.equal(told.get(name), "source-file-escapes", name);
    for (const name of ["missing", "folder", "windows"]) assert.match(told.get(name) ?? "", /^source-file-/, name);
    assert.equal(told.get("first"), "tool-name-duplicate");
    assert.ok(made.diagnostics.every(({ severity, remedy }) => severity === "error" && remedy !== undefined));
  });

  test("tells the line where the tools are declared", async () => {
    const lines = { "name": 2, "metadata.dcc-mcp.tools": 9 };
    const skill = found({ name: "maya", tools: ["a b"], lines });
    const { diagnostics } = await makeSkillTools(skill, { skillName: "maya", folder: memoryFiles({}) });
    assert.deepEqual(diagnostics.map(({ file, line }) => [file, line]), [["SKILL.md", 9]]);
  });

  test("makes hints of flags, which a hint of the tool's own overrules", async () => {
    const { tools } = await make({
      tools: [
        { name: "reads", readOnly: true, idempotent: true },
        { name: "breaks", destructive: true },
        { name: "own", readOnly: true, annotations: { title: "Own", readOnlyHint: false, openWorldHint: false } },
        { name: "says_nothing" },
      ],
    });
    assert.deepEqual(tools.map((tool) => tool.annotations), [
      { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
      { destructiveHint: true },
      { title: "Own", readOnlyHint: false, destructiveHint: false, openWorldHint: false },
      {},
    ]);
  });

  test("takes no script that a link leads out of the skill to", async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "collet-skill-")));
    try {
      const path = join(folder, "maya");
      await mkdir(join(path, "scripts"), { recursive: true });
      await writeFile(join(folder, "outside.py"), "");
      await writeFile(join(path, "scripts", "inside.py"), "");
      await symlink(join(folder, "outside.py"), join(path, "scripts", "file.py"));
      await symlink(folder, join(path, "above"));
      await symlink("inside.py", join(path, "scripts", "near.py"));
      const tools = [
        { name: "file", sourceFile: "scripts/file.py" },
        { name: "above", sourceFile: "above/outside.py" },
        { name: "near", sourceFile: "scripts/near.py" },
      ];
      const scripts = [join(path, "scripts", "file.py")];
      const options = { skillName: "maya", folder: createFiles(folder).open(path) };
      const declared = await makeSkillTools(found({ name: "maya", path, tools }), options);
      assert.deepEqual(declared.tools.map((it) => [it.name, it.sourceFile]), [
        ["maya__near", join(path, "scripts", "inside.py")],
      ]);
      assert.deepEqual(rulesOf(declared), ["source-file-escapes", "source-file-escapes"]);
      assert.deepEqual((await makeSkillTools(found({ name: "maya", path, scripts }), options)).tools, []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
