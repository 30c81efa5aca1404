import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { Environment, type Plugin, type PluginContext } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { type TestEra, testPlugin } from "../../../../kernel/testing.ts";
import library from "../../../../plugins/library/mod.ts";
import skills from "../../../../plugins/skills/mod.ts";
import trust from "../../../../plugins/trust/mod.ts";
import { temporaryHome } from "../../library/kit.ts";

const FILES: Readonly<Record<string, string>> = {
  "tides/SKILL.md": `---
name: tides
description: Read tide tables. Use for harbours and the sea.
metadata:
  dcc-mcp:
    dcc: nautics
    tags: [sea, tables]
    search-hint: ebb, flood, harbour
    depends: [units]
    tools: tools.yaml
---
# Tides

Ask for the harbour first.
`,
  "tides/tools.yaml": `tools:
  - name: high_water
    description: Tell when the water is high
    source_file: scripts/high_water.py
    input_schema: { type: object, properties: { harbour: { type: string } } }
`,
  "tides/scripts/high_water.py": 'print("{}")\n',
  "units/SKILL.md": "---\nname: units\ndescription: Convert units of length\n---\nMultiply.\n",
  "broken/SKILL.md": "---\nname: [broken\n---\nIts front matter is no YAML.\n",
};

async function writeSkills(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Gives a platform for which a folder is home and another one the working folder. */
async function platformIn(home: string, cwd: string): Promise<Plugin<void>> {
  const platform = await detectPlatform({ home });
  const setup = (context: PluginContext) =>
    platform.setup({
      ...context,
      provide: (contract, value) =>
        context.provide(
          contract,
          contract.id !== Environment.id ? value : Object.create(value as object, {
            cwd: { value: cwd },
            userHome: { value: home },
          }),
        ),
    });
  return { ...platform, setup };
}

describe("skills in folders", () => {
  test("of a project are found once the person says that it can be trusted", async () => {
    await using home = await temporaryHome();
    const project = join(home.path, "project");
    await writeSkills(join(project, ".agents", "skills"));
    const questions: string[] = [];
    const decisions = ["no", "trust"];
    for (const isTrusted of [false, true]) {
      await using kit = await testPlugin(skills, { watch: false }, {
        platform: await platformIn(home.path, project),
        with: [trust],
        client: { capabilities: { elicitation: { form: {} } } },
        prepare: (client) =>
          client.setRequestHandler("elicitation/create", ({ params }) => {
            questions.push(params.message);
            return { action: "accept", content: { decision: decisions.shift()! } };
          }),
      });
      const find = async () => {
        const result = await kit.client.callTool({ name: "search_skills", arguments: { query: "tide tables" } });
        return result.structuredContent as { total: number; waiting_for_trust?: unknown };
      };
      const first = await find();
      assert.deepEqual(await find(), first, "nobody is asked again");
      assert.equal(first.total, isTrusted ? 1 : 0);
      assert.deepEqual(first.waiting_for_trust, isTrusted ? undefined : [{ project, skills: 3 }]);
      await kit.kernel.unload("trust");
    }
    assert.equal(questions.length, 2);
    assert.match(questions[0]!, /project.*Its 3 skills can then be found and loaded/);
  });

  for (const era of ["2025", "2026"] as TestEra[]) {
    test(`are searched, described, loaded and unloaded by clients of ${era}`, async () => {
      await using home = await temporaryHome();
      const folder = join(home.path, "given");
      await writeSkills(folder);
      const config = { default_paths: false, paths: [folder], watch: false };
      const platform = await detectPlatform({ home: home.path });
      await using kit = await testPlugin(skills, config, { era, platform, with: [library] });
      const ask = async (name: string, args: Record<string, unknown>) => {
        const { content, structuredContent, isError } = await kit.client.callTool({ name, arguments: args });
        const text = (content as readonly { text?: string }[]).map((it) => it.text ?? "").join("\n");
        // deno-lint-ignore no-explicit-any -- each tool answers with something else
        return { text, data: structuredContent as any, isError };
      };
      const found = await ask("search_skills", { query: "harbors", dcc: "Nautics" });
      assert.deepEqual(
        found.data.skills.map((it: { name: string }) => it.name),
        ["tides"],
        "a typo, by the search hint",
      );
      const tools = await ask("search_tools", { query: "high water" });
      assert.deepEqual(tools.data.skill_candidates[0].matching_tools, ["tides__high_water"]);
      const listed = await ask("list_skills", {});
      assert.deepEqual(listed.data.skills.map((it: { name: string }) => it.name), ["tides", "units"]);
      assert.match(listed.text, /\/given\/broken: /);
      assert.match((await ask("load_skill", { skill_name: "broken" })).text, /was skipped: .*SKILL\.md/);
      const info = await ask("get_skill_info", { skill_name: "tides" });
      assert.deepEqual(info.data.depends, ["units"]);
      const loaded = await ask("load_skill", { skill_name: "tides" });
      assert.equal(loaded.isError, undefined, loaded.text);
      assert.deepEqual(loaded.data.newly_loaded, ["tides", "units"]);
      assert.deepEqual(loaded.data.registered_tools, ["tides__high_water"]);
      assert.match(loaded.text, /Ask for the harbour first\./);
      assert.ok((await kit.client.listTools()).tools.some((it) => it.name === "tides__high_water"));
      assert.equal((await ask("unload_skill", { skill_name: "tides" })).data.tools_removed, 1);
      assert.ok(!(await kit.client.listTools()).tools.some((it) => it.name === "tides__high_water"));
    });
  }
});
