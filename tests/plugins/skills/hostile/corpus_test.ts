/**
 * The program over a home full of hostile folders: what is well goes on working, nothing outside is read, and a user can
 * find what is wrong with each.
 */
import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { removeBundle, runProgram } from "../../../command_line/program.ts";
import { modern, post } from "../../../support/raw.ts";
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
    const { body, headers } = modern("skills/list");
    const listed = await (await post((request) => fetch(new Request(server.url, request)), body, { headers })).text();
    assert.match(listed, /skill:\/\/healthy\/SKILL\.md/);
    const told = [...talk.wire, listed, server.running.stderr()].join("\n");
    assert.equal(told.toUpperCase().includes(CANARY), false);
    const kept = (await readdir(machine.at("home"), { withFileTypes: true })).filter(({ name }) => name !== "skills");
    for (const entry of kept) {
      const folder = machine.at("home", entry.name);
      for (const path of entry.isDirectory() ? await readdir(folder, { recursive: true }) : [""]) {
        const file = join(folder, path);
        if (!(await stat(file)).isFile()) continue;
        assert.equal((await readFile(file, "latin1")).toUpperCase().includes(CANARY), false, path);
      }
    }
  });

  test("is checked on the command line, which follows no way out either", async () => {
    const folders = Object.keys(CORPUS).map((folder) => machine.at("home/skills", folder));
    const options = { home: machine.at("home"), cwd: machine.at("project"), env: machine.env };
    const { code, stdout, stderr } = await runProgram(["skills", "validate", "--json", ...folders], options);
    assert.equal(code, 1, stderr);
    const { skills } = JSON.parse(stdout);
    assert.equal(skills.length, folders.length);
    for (const [i, [folder, { rule, isSkill }]] of Object.entries(CORPUS).entries()) {
      const severities = skills[i].issues.map((it: { readonly severity: string }) => it.severity);
      assert.ok(isSkill ? rule === undefined || severities.length > 0 : severities.includes("error"), folder);
    }
    assert.equal((stdout + stderr).toUpperCase().includes(CANARY), false);
  });

  test("tells of what may not be read", { skip: process.getuid?.() === 0 && "root may read everything" }, async () => {
    await using closed = await Machine.make();
    const rules = { folder: "folder-unreadable", file: "file-unreadable", scripts: "file-unreadable" };
    const paths = { folder: "folder", file: "file/SKILL.md", scripts: "scripts/scripts" };
    for (const name of Object.keys(rules)) {
      await closed.skill(name, { "SKILL.md": skillText(name), "scripts/a.sh": "" });
    }
    for (const path of Object.values(paths)) await chmod(closed.at("home/skills", path), 0o000);
    try {
      await using it = await closed.pipe();
      const { skipped } = await it.data("list_skills");
      const { diagnostics } = await it.data("get_skill_info", { skill_name: "scripts" });
      const told = Object.fromEntries([
        ...skipped.map((
          { path, diagnostics: [first] }: Told & { path: string; diagnostics: Told[] },
        ) => [path.split("/").at(-1), first?.rule]),
        ["scripts", diagnostics[0].rule],
      ]);
      assert.deepEqual(told, rules);
    } finally {
      for (const path of Object.values(paths)) await chmod(closed.at("home/skills", path), 0o755);
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
