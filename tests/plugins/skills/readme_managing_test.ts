/**
 * What the documentation tells of managing and running skills: the session of the README, and that lists of tools,
 * operations and settings are complete.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import { removeBundle } from "../../command_line/program.ts";
import { SkillRepository, skillText } from "../repos/skill_repository.ts";
import { readDocument, rowsOf, sectionOf, wordsOf } from "./documents.ts";
import { startManaged } from "./management/kit.ts";
import { Machine } from "./proof/kit.ts";
import { pythonIsMissing } from "./python/kit.ts";

const SESSION = sectionOf(readDocument("README.md"), "## Make skills, and take them over");
const COMPARISON = sectionOf(readDocument("README.md"), "## Coming from skillz, dcc-mcp-core or skill-mcp");
const MANUAL = readDocument("plugins/skills/README.md");
const SKIP = await pythonIsMissing();
const REPOSITORY = "https://example.com/sea-skills";
const SCRIPT = "skills/buoys/scripts/read.py";

const waves = (height: string) => ({ [SCRIPT]: `print('waves: ${height} m')\n` });

after(removeBundle);

describe("the README's session with skills", { timeout: 120_000, skip: SKIP }, () => {
  test("goes as it is told", async () => {
    await using machine = await Machine.make();
    const files = { "skills/buoys/SKILL.md": skillText("buoys"), ...waves("1.2") };
    const sea = await SkillRepository.make(machine, "sea-skills", files);
    await using talk = await machine.pipe({ answer: "trust" });
    const rows = rowsOf(SESSION, "tool");
    assert.equal(rows.length, 10);
    for (const [tool = "", given = "", told = ""] of rows) {
      const args = JSON.parse(wordsOf(given)[0]!.replace(REPOSITORY, sea.path));
      const name = wordsOf(tool)[0]!;
      if (name === "skill_repos" && args.operation === "diff") await sea.commit(waves("1.4"));
      const asked = talk.questions.length;
      const text = await talk.text(name, args);
      for (const word of wordsOf(told).filter((it) => it !== ".env")) {
        assert.ok(text.includes(word), `${word}: ${text}`);
      }
      const isOfRepository = args.skill_name === "buoys";
      assert.equal(talk.questions.length - asked, isOfRepository ? 1 : 0);
    }
    const listed = await talk.tools();
    await talk.text("activate_skill", { name: "dev" });
    const names = new Set(rows.map(([tool = ""]) => wordsOf(tool)[0]!));
    for (const name of names) {
      assert.deepEqual([listed.includes(name), (await talk.tools()).includes(name)], [false, true]);
    }

    await using mute = await machine.pipe({ args: ["--expose", "all"] });
    const all = await mute.tools();
    const replaced = rowsOf(COMPARISON, "from").flatMap(([, , tools = ""]) => wordsOf(tools));
    assert.ok(replaced.length >= 25, `${replaced.length} tools`);
    assert.deepEqual(replaced.filter((name) => !all.includes(name)), []);
    const run = { skill_name: "buoys", script_path: "scripts/read.py" };
    const [command = ""] = /skill_repos trust .*/.exec(SESSION)!;
    assert.ok((await mute.refused("run_skill_script", run)).includes(command));
    await machine.run(...command.split(" "));
    assert.match(await mute.text("run_skill_script", run), /waves: 1\.4 m/);
  });
});

test("the README of skills has every tool, and every setting", async () => {
  await using server = await startManaged({ config: { skill_mcp_names: true } });
  const { tools } = await server.kit.client.listTools();
  assert.ok(tools.length >= 24, `${tools.length} tools`);
  const written = new Set(wordsOf(MANUAL));
  assert.deepEqual(tools.map(({ name }) => name).filter((name) => !written.has(name)), []);

  const settings = settingsOf("skills", JSON.parse(readDocument("collet.schema.json")));
  const rows = rowsOf(sectionOf(MANUAL, "## Configuration"), "key").map(([key = ""]) => wordsOf(key)[0]);
  assert.deepEqual([...rows].sort(), [...settings].sort());
});

test("the README of skills has every operation and every template", async () => {
  const managing = sectionOf(MANUAL, "## Managing skills");
  const sections: Readonly<Record<string, string>> = {
    skill_crud: managing.split("\n### ")[0]!,
    skill_files_crud: sectionOf(managing, "### Files"),
    skill_env_crud: sectionOf(managing, "### Variables"),
  };
  await using server = await startManaged();
  const { tools } = await server.kit.client.listTools();
  for (const [name, section] of Object.entries(sections)) {
    const schema = JSON.stringify(tools.find((it) => it.name === name)?.inputSchema);
    const choices = [...schema.matchAll(/"enum":(\[[^\]]*\])/g)].flatMap(([, list]) => JSON.parse(list!) as string[]);
    const written = wordsOf(section).flatMap((word) => word.split(/[^\w-]+/));
    assert.deepEqual(choices.filter((it) => !written.includes(it) && it !== "utf-8"), [], name);
    assert.ok(choices.length >= 4, schema);
  }
});

/** Finds the keys of a plugin's configuration. */
function settingsOf(plugin: string, schema: unknown): readonly string[] {
  const keys = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) {
      const { properties } = value;
      if (isObject(properties)) Object.keys(properties).forEach((key) => keys.add(key));
      else Object.values(value).forEach(visit);
    }
  };
  const { plugins } = (schema as { properties: Record<string, { properties?: JsonObject }> }).properties;
  visit(plugins?.properties?.[plugin]);
  return [...keys];
}
