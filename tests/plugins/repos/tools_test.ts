/**
 * `add_skill_repo` and `skill_repos`, through clients.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { removeBundle } from "../../command_line/program.ts";
import { until } from "../../support/wait.ts";
import { Machine } from "../skills/proof/kit.ts";
import { saying, SkillRepository, skillText, tides } from "./skill_repository.ts";

const MANY = 160;

after(removeBundle);

describe("add_skill_repo", { timeout: 180_000 }, () => {
  test("answers with the skills, and what is not allowed yet", async () => {
    await using machine = await Machine.make();
    const names = ["json-canvas", "obsidian-bases", "obsidian-markdown"];
    const files = Object.fromEntries(names.map((name) => [`skills/${name}/SKILL.md`, skillText(name)]));
    const { path } = await SkillRepository.make(machine, "obsidian-skills", {
      ...files,
      "skills/json-canvas/scripts/draw.sh": saying("drawn"),
    });
    await using talk = await machine.pipe();
    const { content: [block], structuredContent } = await talk.call("add_skill_repo", { url: path });
    const { text = "" } = block as { readonly text?: string };
    assert.equal(text.split("\n")[0], `Added repo 'obsidian-skills' with 3 skills: ${names.join(", ")}`);
    assert.match(text, /1 skill of it has scripts.+collet skill_repos trust obsidian-skills/);
    const { commit, untrusted, ...rest } = structuredContent as Record<string, unknown>;
    assert.match(String(commit), /^[0-9a-f]{40}$/);
    assert.deepEqual({ ...untrusted as object, how: undefined }, { count: 1, skills: ["json-canvas"], how: undefined });
    assert.deepEqual(rest, {
      ...{ name: "obsidian-skills", url: path, is_new: true, count: 3, skills: names, truncated: false },
      ...{ left_out: [], left_out_total: 0 },
    });
    assert.deepEqual(await talk.skills(), names);

    const again = await talk.text("add_skill_repo", { url: path });
    assert.match(again, /^Repo 'obsidian-skills' was added before, with 3 skills: /);
    assert.match(await talk.refused("add_skill_repo", { url: "--upload-pack=evil" }), /Cannot/);
  });

  test("floods no list with its skills", async () => {
    await using machine = await Machine.make();
    const files: Record<string, string> = {};
    for (let i = 0; i < MANY; i++) {
      // what asks to be loaded always is not, from a repository
      files[`pack/s${i}/SKILL.md`] = skillText(`s${i}`, { front: "metadata:\n  openclaw:\n    always: true\n" });
      files[`pack/s${i}/scripts/run.sh`] = saying(String(i));
    }
    const { path } = await SkillRepository.make(machine, "many", files);
    await using talk = await machine.pipe({ answer: "trust" });
    const before = await listed();
    const added = await talk.text("add_skill_repo", { url: path });
    assert.match(added, new RegExp(`^Added repo 'many' with ${MANY} skills: s0, s1, s10, .+, \\.\\.\\.\n`));
    assert.ok(added.length < 1_000, added);
    const { skills, count, untrusted } = (await talk.call("add_skill_repo", { url: path })).structuredContent as {
      readonly skills: readonly string[];
      readonly count: number;
      readonly untrusted: { readonly count: number; readonly skills: readonly string[] };
    };
    assert.deepEqual([skills.length, count, untrusted.count, untrusted.skills.length], [50, MANY, MANY, 50]);
    assert.deepEqual((await listed()).tools, before.tools);
    assert.equal((await talk.data("list_skills", { status: "loaded" })).total, 0);
    for (const kind of ["prompts", "resources"] as const) {
      assert.ok((await listed())[kind] - before[kind] < 100, `${kind}: ${(await listed())[kind]}`);
    }
    const pages: string[] = [];
    for (let offset = 0; offset < MANY; offset += 50) {
      const page = await talk.data("skill_repos", { operation: "list", name: "many", limit: 50, offset });
      assert.deepEqual([page.total, page.truncated], [MANY, offset + 50 < MANY]);
      pages.push(...page.skills.map(({ name }: { readonly name: string }) => name));
    }
    assert.equal(new Set(pages).size, MANY);

    // one question for all of them, which can be read
    await talk.data("skill_repos", { operation: "trust", name: "many" });
    assert.equal(talk.questions.length, 1);
    assert.match(talk.questions[0]!, new RegExp(`Scripts of ${MANY} skills of the repository "many"`));
    assert.ok(talk.questions[0]!.length < 10_000);
    const { skills: page } = await talk.data("skill_repos", { operation: "list", name: "many", offset: MANY - 10 });
    assert.ok(page.every(({ status }: { readonly status: string }) => status === "trusted"));

    async function listed() {
      const { tools } = await talk.client.listTools();
      const { prompts } = await talk.client.listPrompts();
      const { resources } = await talk.client.listResources();
      return { tools: tools.length, prompts: prompts.length, resources: resources.length };
    }
  });
});

describe("skill_repos", { timeout: 180_000 }, () => {
  test("lists, updates, pins, compares and removes", async () => {
    await using machine = await Machine.make();
    const sea = await SkillRepository.make(machine, "sea", tides("high"));
    await using talk = await machine.pipe({ answer: "trust" });
    const operate = (operation: string, more = {}) => talk.text("skill_repos", { operation, name: "sea", ...more });
    assert.match(await talk.text("skill_repos", { operation: "list" }), /^There are no skill repositories/);
    await talk.data("add_skill_repo", { url: sea.path, branch: "main" });
    await operate("trust", { skill: "tides" });
    assert.match(await operate("list"), /sea: .+\(main\).+1 skill, 1 allowed to run scripts\n {2}- tides \(trusted\)/);
    assert.match(await operate("trust"), /^Nothing of repo 'sea' waits/);
    assert.match(await operate("update"), /^Repo 'sea' is up to date/);

    const first = (await talk.data("skill_repos", { operation: "list" })).repositories[0].commit;
    const second = await sea.commit({ "skills/waves/SKILL.md": skillText("waves"), ...tides("low") });
    const { skills } = await talk.data("skill_repos", { operation: "diff", name: "sea" });
    assert.deepEqual(skills.map((it: Record<string, unknown>) => [it["name"], it["change"], it["asks_again"]]), [
      ["tides", "changed", true],
      ["waves", "added", true],
    ]);
    assert.deepEqual(await talk.skills(), ["tides"], "nothing was taken");
    await operate("pin");
    const { updated: [skipped] } = await talk.data("skill_repos", { operation: "update" });
    assert.deepEqual([skipped.commit, skipped.pinned, skipped.is_same], [first, true, true]);
    await operate("unpin");
    const { updated: [done] } = await talk.data("skill_repos", { operation: "update" });
    assert.deepEqual([done.before, done.commit, done.added.skills, done.changed.skills, done.asks_again.skills], [
      ...[first, second, ["waves"], ["tides"], ["tides"]],
    ]);
    assert.deepEqual(await talk.skills(), ["tides", "waves"]);
    assert.match(await operate("pin", { commit: first }), new RegExp(`pinned to ${first.slice(0, 12)}`));
    assert.deepEqual(await talk.skills(), ["tides"]);

    assert.match(await talk.refused("skill_repos", { operation: "update", name: "see" }), /did you mean "sea"/);
    assert.match(await talk.refused("skill_repos", { operation: "remove" }), /"name" is missing/);
    const wrong = { operation: "trust", name: "sea", skill: "tide" };
    assert.match(await talk.refused("skill_repos", wrong), /did you mean "tides"/);
    assert.match(await operate("remove"), /^Removed repo 'sea' with 1 skill; what was allowed of 1 skill is forgotten/);
    assert.deepEqual(await talk.skills(), []);
    await talk.data("add_skill_repo", { url: sea.path });
    await talk.data("load_skill", { skill_name: "tides" });
    assert.equal(talk.questions.length, 1);
    await talk.call("tides__read");
    assert.equal(talk.questions.length, 2, "what was removed is asked for anew");
  });

  test("gives skills of other scopes precedence, and answers to repo:name", async () => {
    await using machine = await Machine.make();
    const { path } = await SkillRepository.make(machine, "sea", tides("theirs"));
    const { path: other } = await SkillRepository.make(machine, "lake", tides("later"));
    await machine.skill("tides", { "SKILL.md": skillText("tides"), "scripts/read.sh": saying("mine") });
    await using talk = await machine.pipe({ answer: "trust" });
    await talk.data("add_skill_repo", { url: path });
    await talk.data("load_skill", { skill_name: "tides" });
    assert.equal((await talk.data("tides__read")).message, "mine");
    assert.deepEqual(talk.questions, []);
    const { skills } = await talk.data("list_skills", { fields: ["scope", "shadowed_by", "diagnostics"] });
    const shadowed = skills.find(({ name }: { readonly name: string }) => name === "repo:tides");
    assert.equal(shadowed.shadowed_by, machine.at("home/skills/tides"));
    assert.ok(shadowed.diagnostics.length > 0);
    const { skills: [known] } = await talk.data("skill_repos", { operation: "list", name: "sea" });
    assert.equal(known.known_as, "repo:tides");
    assert.equal((await talk.data("get_skill_info", { skill_name: "repo:tides" })).name, "repo:tides");

    // between repositories the one that was added first, also after its update
    await machine.remove("home/skills/tides");
    await until(async () => (await talk.skills()).join() === "tides", "the user's own skill to go");
    await talk.data("add_skill_repo", { url: other });
    await talk.data("skill_repos", { operation: "update", name: "sea" });
    await talk.data("load_skill", { skill_name: "tides" });
    assert.equal((await talk.data("tides__read")).message, "theirs");
  });
});
