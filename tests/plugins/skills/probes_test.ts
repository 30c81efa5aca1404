import assert from "node:assert/strict";
import { after, test } from "node:test";
import { removeBundle } from "../../command_line/program.ts";
import { Machine } from "./proof/kit.ts";

interface Found {
  readonly area: string;
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

after(removeBundle);

async function probe(machine: Machine): Promise<Readonly<Record<string, Found>>> {
  const findings: readonly Found[] = JSON.parse(await machine.run("doctor", "--json"));
  assert.deepEqual(findings.filter(({ area, name }) => area === "found here" && name === "skills"), []);
  return Object.fromEntries(findings.filter(({ area }) => area === "skills").map((it) => [it.name, it]));
}

test("doctor tells how many skills are found where, what is skipped, and which projects wait", async () => {
  await using machine = await Machine.make();
  const skill = (name: string) => ({ "SKILL.md": `---\nname: ${name}\ndescription: Does this\n---\n` });
  await machine.skill("tides", skill("tides"));
  await machine.skill("knots", skill("knots"));
  await machine.skill("charts", skill("charts"), "user/.claude/skills");
  await machine.skill("broken", { "SKILL.md": "no front matter" });
  await machine.skill("deploy", skill("deploy"), "project/.claude/skills");
  const { found, skipped, projects } = await probe(machine);
  assert.equal(found!.ok, true);
  assert.ok(found!.detail.startsWith("5: "), found!.detail);
  assert.match(found!.detail, /2 in \S+skills \(bundled\)$/);
  assert.ok(found!.detail.includes(`1 in ${machine.at("user/.claude/skills")} (user)`), found!.detail);
  assert.ok(found!.detail.includes(`2 in ${machine.at("home/skills")} (home)`), found!.detail);
  assert.equal(skipped!.ok, false);
  assert.ok(
    skipped!.detail.startsWith(`${machine.at("home/skills/broken")}: The first line is not ---`),
    skipped!.detail,
  );
  assert.match(skipped!.remedy!, /skills validate/);
  assert.deepEqual([projects!.ok, projects!.remedy], [false, `collet skills trust "${machine.at("project")}"`]);
  assert.match(projects!.detail, /project is not trusted yet, and seems to hold 1$/);
});
