/**
 * The skill of the README and the session that it tells of, over the program and a real client.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { textOf } from "../../../kernel/mod.ts";
import { validateSkill } from "../../../plugins/skills/format/validate.ts";
import { removeBundle } from "../../command_line/program.ts";
import { inRepository } from "../../support/root.ts";
import { skillIn } from "./format/kit.ts";
import { ERAS, Machine } from "./proof/kit.ts";
import { pythonIsMissing } from "./python/kit.ts";

const README = readFileSync(inRepository("README.md"), "utf8");
const SECTION = /^## Skills\n(.*?)^## /ms.exec(README)?.[1] ?? "";
const SKIP = await pythonIsMissing();

/** Gives the one block of a language in the section. */
function block(language: string): string {
  const found = [...SECTION.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))];
  assert.equal(found.length, 1, `blocks of ${language}`);
  return found[0]![1]!;
}

/** Gives the calls of the table, in order. */
function calls(): readonly (readonly [tool: string, args: Record<string, string>])[] {
  return [...SECTION.matchAll(/^\| `(\w+)` +\| `(\{.*?\})` +\|/gm)].map(([, tool, args]) => [tool!, JSON.parse(args!)]);
}

/** Gives the files of the skill, where the README says that they are. */
function skillFiles() {
  assert.match(SECTION, /in\s`~\/\.collet\/skills\/tides`/);
  const files = { "SKILL.md": block("md"), "tools.yaml": block("yaml"), "scripts/next.py": block("python") };
  for (const path of Object.keys(files)) assert.ok(SECTION.includes(`\`${path}\``), path);
  return files;
}

after(removeBundle);

test("the skill of the README can be published", async () => {
  const { issues } = await validateSkill(skillIn(skillFiles(), "tides"));
  assert.deepEqual(issues, []);
});

describe("the skill of the README", { timeout: 120_000, skip: SKIP }, () => {
  for (const era of ERAS) {
    test(`does what the README tells, to a client of ${era}`, async () => {
      await using machine = await Machine.make();
      const files = skillFiles();
      await machine.skill("tides", files);
      await using talk = await machine.pipe({ era });
      const [search, activate, next, deactivate, ...others] = calls();
      assert.deepEqual(others, []);
      assert.deepEqual(
        [search, activate, next, deactivate].map((it) => it?.[0]),
        ["search_skills", "activate_skill", "tides__next", "deactivate_skill"],
      );
      const before = await talk.tools();
      assert.ok(!before.includes("tides__next"));
      assert.equal((await talk.data(...search!)).skills[0].name, "tides");
      const instructions = files["SKILL.md"].split("---\n").at(-1)!.trim();
      assert.ok((await talk.text(...activate!)).includes(instructions));
      const { tools } = await talk.client.listTools();
      const declared = parse(files["tools.yaml"]).tools[0];
      assert.deepEqual(tools.find(({ name }) => name === "tides__next")?.inputSchema, declared.input_schema);
      const expected = JSON.parse(block("json"));
      assert.deepEqual(await talk.data(...next!), expected);
      await talk.text(...deactivate!);
      assert.deepEqual(await talk.tools(), before);
      assert.deepEqual(await talk.data(...next!), expected, "what is not listed can be called");

      const { messages } = await talk.client.getPrompt({ name: "tides" });
      assert.ok(textOf({ content: messages.map(({ content }) => content) } as never).includes(instructions));
      const { contents } = await talk.client.readResource({ uri: "skill://tides/tools.yaml" });
      assert.deepEqual(contents.map((it) => "text" in it ? it.text : ""), [files["tools.yaml"]]);
    });
  }
});
