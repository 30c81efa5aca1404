/**
 * Where the program finds skills: in every place that there is, in one order.
 */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { after, describe, test } from "node:test";
import { removeBundle } from "../../../command_line/program.ts";
import { Machine } from "./kit.ts";

/** Places below the machine, the first one first, with the scope and origin of their skills. */
const PLACES: readonly (readonly [path: string, scope: string, origin: string])[] = [
  ["extra/team", "team", "extra"],
  ["extra/own", "user", "extra"],
  ["app/dcc", "user", "DCC_MCP_MAYA_SKILL_PATHS"],
  ["app/collet", "user", "COLLET_MAYA_SKILL_PATHS"],
  ["all/dcc", "user", "DCC_MCP_SKILL_PATHS"],
  ["all/collet", "user", "COLLET_SKILL_PATHS"],
  ["skill-mcp", "user", "SKILL_MCP_DIR"],
  ["project/.agents/skills", "repo", "project"],
  ["project/.claude/skills", "repo", "project"],
  ["user/.agents/skills", "user", "user"],
  ["user/.claude/skills", "user", "user"],
  ["user/.gemini/skills", "user", "user"],
  ["home/skills", "user", "home"],
  ["data/dcc-mcp/skills/maya", "user", "platform"],
  ["data/dcc-mcp/skills", "user", "platform"],
];
/** Where a skill may lie in a place. */
const LAYOUTS = ["x/SKILL.md", "skills/x/SKILL.md", "a/b/c/d/x/SKILL.md", "x/skill.md"];

function text(name: string, description = "Is somewhere"): string {
  return `---\nname: ${name}\ndescription: ${description}\n---\n`;
}

after(removeBundle);

describe("skills are found", { timeout: 120_000 }, () => {
  test("in every place, and of one name in all of them that of the first place of the highest scope", async () => {
    await using machine = await Machine.make();
    const at = (path: string) => machine.at(path);
    for (const [i, [path, , origin]] of PLACES.entries()) {
      await machine.write(`${path}/in-${i}/SKILL.md`, text(`in-${i}`, origin));
      await machine.write(`${path}/same/SKILL.md`, text("same", `place ${i}`));
    }
    const paths = [{ path: at("extra/team"), scope: "team" }, at("extra/own")];
    await machine.configure({ plugins: { skills: { app: "Maya", paths } } });
    await machine.run("skills", "trust", at("project"));
    const env = {
      DCC_MCP_MAYA_SKILL_PATHS: `${at("app/dcc")}:${at("missing")}`,
      COLLET_MAYA_SKILL_PATHS: at("app/collet"),
      DCC_MCP_SKILL_PATHS: `${at("all/dcc")}: :${at("app/dcc")}`,
      COLLET_SKILL_PATHS: at("all/collet"),
      SKILL_MCP_DIR: at("skill-mcp"),
      XDG_DATA_HOME: at("data"),
    };
    await using talk = await machine.pipe({ env });
    const { skills, skipped } = await talk.data("list_skills", { fields: ["scope", "origin", "path"] });
    type Listed = Readonly<Record<"name" | "scope" | "origin" | "path", string>>;
    const find = (wanted: string): Listed => skills.find(({ name }: Listed) => name === wanted);
    for (const [i, [path, scope, origin]] of PLACES.entries()) {
      const expected = { name: `in-${i}`, scope, origin, path: machine.at(path, `in-${i}`) };
      assert.deepEqual(find(`in-${i}`), expected);
    }
    assert.equal(find("same").path, at("extra/own/same"), "of the user's, the first; a team's comes after");
    assert.deepEqual(skipped.map(({ path }: Listed) => path), [at("missing")]);
    const shipped = skills.filter(({ origin }: Listed) => origin === "bundled");
    assert.deepEqual([...new Set(shipped.map(({ scope }: Listed) => scope))], ["system"]);
  });

  test("in every layout, and not where none are kept", async () => {
    await using machine = await Machine.make();
    for (const [i, layout] of LAYOUTS.entries()) {
      const path = layout.replace("x", `layout-${i}`);
      await machine.write(`home/skills/${path}`, text(`layout-${i}`));
    }
    for (const folder of ["node_modules", ".git", "__pycache__", "layout-0/assets", "a/b/c/d/e/f/g/h"]) {
      await machine.write(`home/skills/${folder}/never/SKILL.md`, text("never"));
    }
    await using talk = await machine.pipe();
    assert.deepEqual(await talk.skills(), LAYOUTS.map((_, i) => `layout-${i}`));
  });

  test("in an index that nobody has touched, and without one that is broken", async () => {
    await using machine = await Machine.make();
    await machine.skill("kept", { "SKILL.md": text("kept") });
    {
      await using talk = await machine.pipe();
      assert.deepEqual(await talk.skills(), ["kept"]);
    }
    const indexes = (await readdir(machine.at("home/cache/skills"))).filter((name) => name.endsWith(".index"));
    assert.ok(indexes.length > 0);
    for (const garbage of ["", "{", "null", '{"version":1,"skills":[{"path":"../../outside"}]}', "\0".repeat(10_000)]) {
      for (const name of indexes) await writeFile(machine.at("home/cache/skills", name), garbage);
      await using talk = await machine.pipe();
      assert.deepEqual(await talk.skills(), ["kept"], garbage.slice(0, 20));
      assert.doesNotMatch(talk.stderr, /Z error |Unhandled|Uncaught/);
    }
    await mkdir(machine.at("project/sub"));
    const listed = JSON.parse(await machine.run("call", "search_skills", '{"query":"somewhere"}', "--json"));
    assert.match(JSON.stringify(listed), /"kept"/, process.platform);
  });
});
