/**
 * Scripts of repositories run only as a person allowed them: real repositories, servers, clients and scripts.
 */
import assert from "node:assert/strict";
import { chmod, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { after, describe, test } from "node:test";
import { removeBundle } from "../../command_line/program.ts";
import { ERAS, Machine, type Talk } from "../skills/proof/kit.ts";
import { saying, SkillRepository, skillText, tides } from "./skill_repository.ts";

const SCRIPT = "skills/tides/scripts/read.sh";

/** What else runs code of a skill. */
const OTHERS = [
  ["run_skill_script", { skill_name: "tides", script_path: "scripts/read.sh" }],
  ["execute_python_code", { code: "print(1)", skill_references: ["tides:scripts/read.sh"] }],
] as const;

async function said(talk: Talk): Promise<unknown> {
  return (await talk.data("tides__read")).message;
}

/** Gives where a file of the repository `sea` is in the home folder. */
function inCheckout(machine: Machine, commit: string, path: string): string {
  return machine.at("home/repos/sea", commit.slice(0, 12), path);
}

after(removeBundle);

describe("a skill of a repository", { timeout: 180_000 }, () => {
  test("can be read before its scripts are allowed, and runs once they are on the command line", async () => {
    await using machine = await Machine.make();
    const { path } = await SkillRepository.make(machine, "sea", tides("high"));
    await machine.run("skill_repos", "add", path);
    const server = await machine.serve();
    await using mute = await server.connect();
    await mute.data("load_skill", { skill_name: "tides" });
    assert.ok((await mute.tools()).includes("tides__read"));
    assert.match(JSON.stringify(await mute.client.getPrompt({ name: "tides" })), /# tides/);
    const refused = await mute.refused("tides__read");
    assert.match(refused, /nobody has allowed them/);
    assert.ok(refused.includes("collet skill_repos trust sea --skill skills/tides"), refused);
    assert.ok(refused.includes("scripts/read.sh"), refused);
    assert.match(
      await mute.refused("skill_repos", { operation: "trust", name: "sea" }),
      /collet skill_repos trust sea/,
    );

    for (const [tool, args] of OTHERS) assert.match(await mute.refused(tool, args), /nobody has allowed them/);

    for (const era of ERAS) {
      await using refusing = await server.connect({ era, answer: "no" });
      for (let i = 0; i < 2; i++) assert.match(await refusing.refused("tides__read"), /nobody has allowed them/);
      // another client is not asked what was refused
      assert.equal(refusing.questions.length, era === ERAS[0] ? 1 : 0);
    }
    await machine.run("skill_repos", "trust", "sea", "--skill", "tides");
    assert.equal(await said(mute), "high");
    assert.match(await mute.text(...OTHERS[0]), /high/);
    await machine.run("skills", "untrust", `${path}#skills/tides`);
    assert.match(await mute.refused("tides__read"), /nobody has allowed them/);
    await server.stop();
  });

  for (const era of ERAS) {
    test(`runs once a person agrees, who is told what there is (${era})`, async () => {
      await using machine = await Machine.make();
      const front = 'metadata:\n  collet.grants: \'{"network": ["tides.example:443"]}\'\n';
      const packages = { "skills/tides/requirements.txt": "pytides==1.0 # tables\n" };
      const { path } = await SkillRepository.make(machine, "sea", { ...tides("high", front), ...packages });
      // without a network, so that its package is asked for and not sought
      await using talk = await machine.pipe({
        args: ["--offline"],
        era,
        answer: (it) => it.includes("Do you trust") ? "trust" : "once",
      });
      await talk.data("add_skill_repo", { url: path });
      await talk.data("load_skill", { skill_name: "tides" });
      await talk.call("tides__read");
      const [question = ""] = talk.questions;
      for (
        const part of [`${path}#skills/tides`, "scripts/read.sh", 'network: ["tides.example:443"]', "pytides==1.0"]
      ) {
        assert.ok(question.includes(part), question);
      }
      const asked = talk.questions.filter((it) => it.includes("Do you trust"));
      await talk.call("tides__read");
      assert.equal(talk.questions.filter((it) => it.includes("Do you trust")).length, asked.length, "once");
      const { skills } = await talk.data("skill_repos", { operation: "list", name: "sea" });
      assert.deepEqual(skills, [{ name: "tides", path: "skills/tides", status: "trusted", known_as: "tides" }]);
    });
  }

  test("asks nothing after an update of its documents, and again with the difference after one of what runs", async () => {
    await using machine = await Machine.make();
    const sea = await SkillRepository.make(machine, "sea", tides("high"));
    await using talk = await machine.pipe({ args: ["--offline"], answer: "trust" });
    const update = async () => await talk.text("skill_repos", { operation: "update", name: "sea" });
    await talk.data("add_skill_repo", { url: sea.path });
    await talk.data("load_skill", { skill_name: "tides" });
    assert.equal(await said(talk), "high");
    assert.equal(talk.questions.length, 1);

    // twice, so that what was allowed at first is no longer on the machine
    for (const body of ["# Tides, explained", "# Tides, explained well"]) {
      await sea.commit({ "skills/tides/SKILL.md": skillText("tides", { body }), "skills/tides/notes.md": body });
      assert.match(await update(), /1 changed: tides/);
      assert.equal(await said(talk), "high");
    }
    assert.equal(talk.questions.length, 1, "documents are no reason to ask");

    const changes = [
      [{ [`!${SCRIPT}`]: saying("low") }, ["-cat > /dev/null; echo high", "+cat > /dev/null; echo low"], "low"],
      [{
        "skills/tides/SKILL.md": skillText("tides", { front: "metadata:\n  collet.grants: '{\"memory_mb\": 64}'\n" }),
      }, [
        "now asks for: memory_mb: 64",
      ], undefined],
      [{ "skills/tides/package.json": '{"dependencies": {"left-pad": "1.3.0"}}' }, [
        "now installs packages: left-pad@1.3.0",
      ], undefined],
    ] as const;
    for (const [index, [files, parts, word]] of changes.entries()) {
      await sea.commit(files);
      const preview = await talk.text("skill_repos", { operation: "diff", name: "sea" });
      const report = await update();
      assert.match(report, /Scripts of tides have to be allowed again/);
      await talk.call("tides__read");
      assert.equal(talk.questions.length, index + 2, "it is asked again");
      for (const part of parts) {
        for (const text of [preview, report, talk.questions.at(-1)!]) assert.ok(text.includes(part), text);
      }
      if (word !== undefined) assert.equal(await said(talk), word);
    }
  });

  test("runs nothing that was swapped between trust and run", async () => {
    await using machine = await Machine.make();
    const sea = await SkillRepository.make(machine, "sea", tides("high"));
    await machine.run("skill_repos", "add", sea.path);
    await machine.run("skill_repos", "trust", "sea");
    const commit = await sea.commit({ "README.md": "nothing" }).then(() => readCommit(machine));
    await using talk = await machine.pipe();
    await talk.data("load_skill", { skill_name: "tides" });
    assert.equal(await said(talk), "high");

    const script = inCheckout(machine, commit, SCRIPT);
    await chmod(script, 0o755);
    await writeFile(script, saying("evil"));
    assert.match(await talk.refused("tides__read"), /not what somebody allowed before/);
    await writeFile(script, saying("high"));
    assert.equal(await said(talk), "high", "what is allowed is the content");

    const helper = inCheckout(machine, commit, "skills/tides/scripts/helper.py");
    await writeFile(helper, "print('evil')");
    assert.match(await talk.refused("tides__read"), /not what somebody allowed before/);
    await rm(helper);
    await symlink("/etc/passwd", helper);
    assert.match(await talk.refused("tides__read"), /is a link/);
    await rm(helper);
    assert.equal(await said(talk), "high");
  });

  test("is asked about whatever search path leads to it", async () => {
    await using machine = await Machine.make();
    const { path } = await SkillRepository.make(machine, "sea", tides("high"));
    await machine.run("skill_repos", "add", path);
    await machine.configure({ plugins: { skills: { paths: [machine.at("home/repos")] } } });
    await using talk = await machine.pipe();
    await talk.data("load_skill", { skill_name: "tides" });
    assert.match(await talk.refused("tides__read"), /nobody has allowed them/);
  });
});

async function readCommit(machine: Machine): Promise<string> {
  const lock = JSON.parse(await readFile(machine.at("home/repos/skills-lock.json"), "utf8"));
  return lock.repositories.sea.commit;
}
