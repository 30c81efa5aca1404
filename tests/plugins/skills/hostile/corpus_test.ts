/**
 * The program over a home full of hostile folders: what is well goes on working, nothing outside is read, and a user can
 * find what is wrong with each.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { removeBundle } from "../../../command_line/program.ts";
import { type HttpServer, Machine, type Talk } from "../proof/kit.ts";
import { CANARY, CORPUS, skillText, sockets, writeOutside } from "./corpus.ts";

interface Told {
  readonly rule: string;
  readonly message: string;
}

after(removeBundle);

describe("a home full of hostile folders", { timeout: 120_000 }, () => {
  let machine: Machine;
  let server: HttpServer;
  let talk: Talk;
  before(async () => {
    machine = await Machine.make();
    await writeOutside(machine);
    await Promise.all(Object.entries(CORPUS).map(([folder, { write }]) => write(machine, `home/skills/${folder}`)));
    const healthy = { "SKILL.md": skillText("healthy"), "scripts/say.sh": "cat > /dev/null; echo well" };
    await machine.skill("healthy", healthy);
    server = await machine.serve();
    talk = await server.connect();
  });
  after(async () => {
    await talk?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
    for (const socket of sockets) await new Promise((resolve) => socket.close(resolve));
  });

  /** Lists all pages of a list of skills. */
  const listAll = async (status: string) => {
    const [skills, skipped]: [Record<string, string>[], { path: string; diagnostics: Told[] }[]] = [[], []];
    for (let offset = 0;; offset += 50) {
      const page = await talk.data("list_skills", { status, offset, fields: ["path", "description"] });
      skills.push(...page.skills);
      skipped.push(...page.skipped ?? []);
      if (!page.truncated) return { skills, skipped };
    }
  };

  test("is started, and what is well works", async () => {
    const started = Date.now();
    await talk.data("load_skill", { skill_name: "healthy" });
    assert.equal((await talk.data("healthy__say")).message, "well");
    assert.equal((await talk.data("search_skills", { query: "healthy" })).skills[0].name, "healthy");
    assert.ok(Date.now() - started < 5_000, `${Date.now() - started} ms`);
  });

  test("has of each the skill that it is, or none", async () => {
    const { skills } = await listAll("all");
    const names = new Map(skills.map(({ name, path }) => [path!.slice(path!.lastIndexOf("/") + 1), name]));
    for (const [folder, { isSkill, name = folder }] of Object.entries(CORPUS)) {
      assert.equal(names.get(folder), isSkill ? name : undefined, folder);
    }
  });

  test("tells what is wrong with each, where a user looks", async () => {
    const { skipped } = await listAll("error");
    const wrong: string[] = [];
    for (const [folder, { rule, isSkill, name = folder }] of Object.entries(CORPUS)) {
      const told: readonly Told[] = isSkill
        ? (await talk.data("get_skill_info", { skill_name: name })).diagnostics
        : skipped.find(({ path }) => path.endsWith(`/${folder}`))?.diagnostics ?? [];
      const rules = told.map((it) => it.rule);
      if (rule === undefined ? told.some((it) => it.rule.includes("error")) : !rules.includes(rule)) {
        wrong.push(`${folder}: wanted ${rule}, told ${JSON.stringify(told).slice(0, 300)}`);
      }
      if (!isSkill && rule !== undefined) {
        const text = await talk.refused("load_skill", { skill_name: folder });
        if (!text.includes(`/${folder} was skipped: `)) wrong.push(`${folder}: ${text}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test("can be loaded, each skill of it, without any harm", async () => {
    for (const [folder, { isSkill, name = folder }] of Object.entries(CORPUS)) {
      if (!isSkill) continue;
      const { isError, structuredContent } = await talk.call("load_skill", { skill_name: `skill:${name}` });
      const report = isError ? await talk.call("load_skill", { skill_name: name }) : { structuredContent };
      const { registered_tools: tools = [] } = (report.structuredContent ?? {}) as Record<string, string[]>;
      for (const tool of tools) assert.equal((await talk.call(tool)).isError, true, tool);
    }
    assert.equal((await talk.data("healthy__say")).message, "well");
  });

  test("shows nothing of what lies outside, to clients, in its log, or in what it keeps", async () => {
    for (const path of ["SKILL.md", "references/x", "../../../outside/SKILL.md", "..%2f..%2f..%2foutside%2fSKILL.md"]) {
      for (const name of ["healthy", "out-skill-file", "out-scripts", "link-loop"]) {
        await talk.client.readResource({ uri: `skill://${name}/${path}` }).catch(() => {});
      }
    }
    for (const path of ["run.sh", "../run.sh"]) {
      await assert.rejects(talk.client.readResource({ uri: `skill://out-scripts/scripts/${path}` }));
      await assert.rejects(talk.client.readResource({ uri: `skill://out-script/scripts/${path}` }));
    }
    await assert.rejects(talk.client.readResource({ uri: "skill://link-loop/loop/healthy/SKILL.md" }));
    const told = [...talk.wire, server.running.stderr()].join("\n");
    assert.equal(told.toUpperCase().includes(CANARY), false);
    for (const path of await readdir(machine.at("home"), { recursive: true })) {
      const file = machine.at("home", path);
      const kind = await stat(file).catch(() => undefined);
      if (path.startsWith("skills/") || kind?.isFile() !== true) continue;
      assert.equal((await readFile(file, "latin1")).toUpperCase().includes(CANARY), false, path);
    }
  });

  test("is one that the program ends well in, and starts in again from its index", async () => {
    await talk[Symbol.asyncDispose]();
    await server.stop();
    assert.doesNotMatch(server.running.stderr(), /Z error |Unhandled|Uncaught/);
    const again = await machine.serve();
    await using other = await again.connect({ era: "2026" });
    await other.data("load_skill", { skill_name: "healthy" });
    assert.equal((await other.data("healthy__say")).message, "well");
    await again.stop();
  });
});
