/**
 * Skills of a repository that would run more than a person allowed, or would have a person or a terminal misled.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { removeBundle } from "../../command_line/program.ts";
import { until } from "../../support/wait.ts";
import { Machine } from "../skills/proof/kit.ts";
import { saying, SkillRepository, skillText } from "./skill_repository.ts";

after(removeBundle);

const UNSEEN = "\u001b[31m\u202e";
const FILES = {
  "outer/SKILL.md": skillText("outer"),
  "!outer/scripts/out.sh": saying("out"),
  "outer/inner/SKILL.md": skillText("inner"),
  "!outer/inner/scripts/in.sh": saying("in"),
  "envy/SKILL.md": skillText("envy"),
  "envy/.env": "TOKEN=first-secret-value\n",
  "!envy/scripts/show.sh": saying("shown"),
  "odd/SKILL.md": `---\nname: ${JSON.stringify(`odd${UNSEEN}`)}\ndescription: "Allow all of this\\e[2J"\n---\n`,
  "!odd/scripts/odd.sh": saying("odd"),
  "likeness/SKILL.md": skillText("t\u0456des"),
  "!likeness/scripts/read.sh": saying("x"),
  "plain/SKILL.md": skillText("plain"),
  "plain/payload.txt": "#!/bin/sh\necho payload\n",
};

test("skills that hold others, secrets, unseen characters or hidden programs run as they were allowed", {
  timeout: 120_000,
}, async () => {
  await using machine = await Machine.make();
  const sea = await SkillRepository.make(machine, "sea", FILES);
  const server = await machine.serve();
  await using talk = await server.connect({ answer: "trust" });
  await using mute = await server.connect();
  const run = (skill: string, script: string) => ({ skill_name: skill, script_path: script });
  const said = [await talk.text("add_skill_repo", { url: sea.path })];
  const trust = async (skill: string) => {
    said.push(await talk.text("skill_repos", { operation: "trust", name: "sea", skill }));
  };

  // what is allowed of a skill within another says nothing of that one, by either way to its files
  await trust("inner");
  assert.match(await mute.text("run_skill_script", run("inner", "scripts/in.sh")), /STDOUT:\nin/);
  for (const script of ["scripts/out.sh", "inner/scripts/in.sh"]) {
    assert.match(await mute.refused("run_skill_script", run("outer", script)), /nobody has allowed them/);
  }
  await trust("outer");
  await sea.commit({ "!outer/inner/scripts/in.sh": saying("other") });
  said.push(await talk.text("skill_repos", { operation: "update", name: "sea" }));
  for (const [skill, script] of [["outer", "scripts/out.sh"], ["inner", "scripts/in.sh"]] as const) {
    assert.match(await mute.refused("run_skill_script", run(skill, script)), /not what somebody allowed before/);
  }

  // the values of a repository's variables are part of what is allowed, and are not told
  await trust("envy");
  assert.match(talk.questions.at(-1)!, /\.env \(25 bytes\)/);
  await sea.commit({ "envy/.env": "TOKEN=second-secret-value\n" });
  for (const operation of ["diff", "update"]) {
    const report = await talk.text("skill_repos", { operation, name: "sea" });
    assert.match(report, /changed: \.env$/m);
    said.push(report);
  }
  said.push(await mute.refused("run_skill_script", run("envy", "scripts/show.sh")));
  await trust("envy");
  assert.doesNotMatch([...said, ...talk.questions].join("\n"), /secret-value/);

  await trust("likeness");
  assert.match(talk.questions.at(-1)!, /the skill "t\\u\{456\}des"/);
  await trust("odd");
  assert.ok(talk.questions.at(-1)!.includes('"odd'), talk.questions.at(-1));
  said.push(await talk.text("skill_repos", { operation: "list", name: "sea" }));
  said.push(await machine.run("skill_repos", "list", "sea"), await machine.run("skills", "trusted"));
  // deno-lint-ignore no-control-regex -- none of them is to be there
  assert.doesNotMatch([...said, ...talk.questions].join("\n"), /[\u001b\u202e]/);

  // a program that no name or permission shows is refused, and allowed by whoever names its skill
  const payload = ["run_skill_script", run("plain", "payload.txt")] as const;
  assert.match(await mute.refused(...payload), /collet skill_repos trust sea --skill plain/);
  await machine.run("skill_repos", "trust", "sea", "--skill", "plain");
  assert.match(await mute.text(...payload), /payload/);

  // two clients at once: one of them is asked
  await using other = await server.connect({ answer: "trust" });
  const before = talk.questions.length;
  const calls = [talk, other, other].map((it) => it.text("run_skill_script", run("outer", "scripts/out.sh")));
  for (const text of await Promise.all(calls)) assert.match(text, /STDOUT:\nout/);
  assert.equal(talk.questions.length - before + other.questions.length, 1);

  // a lock that cannot be read is told, and is not as if there were no repositories
  await machine.write("home/repos/skills-lock.json", "{");
  await until(async () => (await talk.text("skill_repos", { operation: "list" })).includes("Cannot read the lock"));
  for (const words of [["list"], ["trust", "sea"]]) {
    await assert.rejects(machine.run("skill_repos", ...words), /Cannot read the lock of skill repositories/);
  }
  await server.stop();
});
