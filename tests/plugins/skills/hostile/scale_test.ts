/**
 * Ten thousand skills: started with, searched, listed and loaded within seconds, also while their folders vanish.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { type HttpServer, Machine } from "../proof/kit.ts";

const SKILLS = 10_000;
const VANISHING = 2_000;
/** How many of them form one chain, each needing the next. */
const CHAIN = 1_000;
/** Far more than any of it takes on an idle machine. */
const SECONDS = 20;
const MEGABYTES = 1_000;

/** Writes the skills; quickly, since it is most of what the test does. */
function writeSkills(machine: Machine, count: number): void {
  for (let i = 0; i < count; i++) {
    const folder = machine.at("home/skills", `s${i}`);
    mkdirSync(folder, { recursive: true });
    const depends = i < CHAIN - 1 ? `metadata:\n  dcc-mcp:\n    depends: [s${i + 1}]\n` : "";
    const text = `---\nname: s${i}\ndescription: Handles matters of kind ${
      i % 97
    } and place ${i}\n${depends}---\n# ${i}\n`;
    writeFileSync(`${folder}/SKILL.md`, text);
    if (i % 100 === 0) {
      mkdirSync(`${folder}/scripts`);
      writeFileSync(`${folder}/scripts/say.sh`, `cat > /dev/null; echo number ${i}`);
    }
  }
}

/** Gives the most memory that the program had so far, in megabytes; `undefined` where nothing tells. */
async function peakOf({ running }: HttpServer): Promise<number | undefined> {
  const status = await readFile(`/proc/${running.child.pid}/status`, "utf8").catch(() => "");
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
}

after(removeBundle);

describe("ten thousand skills", { timeout: 180_000 }, () => {
  const took: Record<string, number> = {};
  const timed = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
    const started = Date.now();
    const result = await run();
    took[what] = Date.now() - started;
    return result;
  };

  test("are there soon after a first start, and at once after the next, in little memory", async (t) => {
    await using machine = await Machine.make();
    writeSkills(machine, SKILLS);
    const first = await timed("first start", () => machine.serve());
    {
      await using talk = await first.connect();
      const total = async () => (await talk.data("list_skills", { limit: 1 })).total;
      await timed("first scan", () => until(async () => await total() >= SKILLS, "all skills"));
      const found = await timed("first search", () => talk.data("search_skills", { query: "place 7777" }));
      assert.equal(found.skills[0].name, "s7777");
      await timed("20 searches", async () => {
        for (let i = 0; i < 20; i++) await talk.data("search_skills", { query: `kind ${i} plaze` });
      });
      const last = await timed("last page", () => talk.data("list_skills", { offset: SKILLS - 10 }));
      assert.ok(last.skills.length >= 10 && last.truncated === false);
      await timed("tools/list", () => talk.client.listTools());
      const loaded = await timed("load a chain", () => talk.call("load_skill", { skill_name: "s0" }));
      assert.equal((loaded.structuredContent as JsonObject)["loaded"], true);
      assert.ok(JSON.stringify(loaded).length < 200_000, `${JSON.stringify(loaded).length} characters`);
      assert.equal((await timed("call", () => talk.data("s100__say"))).message, "number 100");
      await machine.write("home/skills/new/SKILL.md", "---\nname: brand-new\ndescription: x\n---\n");
      await timed("one more", () => until(async () => await total() > SKILLS, "the new skill"));
      const peak = await peakOf(first);
      t.diagnostic(JSON.stringify({ ...took, peak }));
      assert.ok((peak ?? 0) < MEGABYTES, `${peak} MB`);
    }
    await timed("stop", () => first.stop());
    const again = await timed("next start", () => machine.serve());
    await using talk = await again.connect({ era: "2026" });
    const { skills } = await timed("search after it", () => talk.data("search_skills", { query: "place 7777" }));
    assert.equal(skills[0].name, "s7777");
    t.diagnostic(JSON.stringify(took));
    assert.ok(Object.values(took).every((ms) => ms < SECONDS * 1_000), JSON.stringify(took));
    assert.doesNotMatch(first.running.stderr() + again.running.stderr(), /Z error |Unhandled|Uncaught/);
  });

  test("of which many vanish while they are looked for, are those that are left", async () => {
    await using machine = await Machine.make();
    writeSkills(machine, VANISHING);
    const starting = machine.serve();
    for (let i = 0; i < VANISHING; i += 2) {
      rmSync(machine.at("home/skills", `s${i}`), { recursive: true });
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const server = await starting;
    const stopping = Date.now();
    const hasty = await machine.serve();
    await hasty.stop();
    assert.ok(Date.now() - stopping < SECONDS * 1_000, "stopped in the middle of its first look");
    await using talk = await server.connect();
    const total = async () => (await talk.data("list_skills", { limit: 1 })).total;
    // with those that ship
    await until(async () => await total() < VANISHING / 2 + 10, "what is gone to be forgotten");
    assert.ok(await total() >= VANISHING / 2);
    const gone = `s${VANISHING / 2}`;
    assert.match(await talk.refused("load_skill", { skill_name: gone }), /there is no skill of that name/);
    assert.equal((await talk.data("search_skills", { query: "place 777" })).skills[0].name, "s777");
    await server.stop();
    assert.doesNotMatch(server.running.stderr(), /Z error |Unhandled|Uncaught/);
  });
});
