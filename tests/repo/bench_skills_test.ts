import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { parseSkillMdDetailed } from "../../plugins/skills/embed.ts";
import type { Command } from "../../scripts/bench/processes.ts";
import { coreCommand, findCore } from "../../scripts/bench/skills/core.ts";
import { LibraryProcess } from "../../scripts/bench/skills/library_process.ts";
import type { SkillResults } from "../../scripts/bench/skills/mod.ts";
import { skillSection } from "../../scripts/bench/skills/report.ts";
import { judgeTimes, ownCommand, type StepName, STEPS, type Timing } from "../../scripts/bench/skills/times.ts";
import { editSkill, makeSkill, NAMED, QUERIES, writeSkills } from "../../scripts/bench/skills/tree.ts";
import { compare, summarize } from "../../scripts/bench/statistics.ts";
import type { Runtime } from "../../scripts/bench/subjects.ts";

const DENO: Runtime = { name: "deno", version: "", binary: "Deno" in globalThis ? process.execPath : "deno" };
const SKILLS = 48;

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "collet-bench-skills-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe("makeSkill()", () => {
  test("gives each number a skill of its own, the same each time", () => {
    const names = Array.from({ length: 10_000 }, (_, number) => makeSkill(number).name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(makeSkill(7), makeSkill(7));
  });

  test("makes skills that nothing is wrong with, of the size that skills have", async () => {
    await using folder = await makeFolder();
    await writeSkills(folder.path, 16);
    let tools = 0;
    for (let number = 0; number < 16; number++) {
      const { name, files } = makeSkill(number);
      const { metadata, diagnostics } = await parseSkillMdDetailed(join(folder.path, name));
      assert.deepEqual([metadata?.name, diagnostics], [name, []]);
      const lines = files["SKILL.md"]!.split("\n---\n", 1)[0]!.split("\n").length - 1;
      assert.ok(lines >= 6 && lines <= 12, `${lines} lines of front matter`);
      assert.ok(metadata!.scripts.length > 0 && metadata!.scripts.length <= 2);
      tools += metadata!.tools.length;
    }
    assert.equal(tools, 8);
  });
});

/** Has a library do what the benchmark asks of it. */
async function checkLibrary(command: Command, folder: string, home: string): Promise<void> {
  await writeSkills(folder, SKILLS);
  await using library = new LibraryProcess(command);
  const scan = await library.do({ do: "scan", folder, home });
  assert.equal(scan.count, SKILLS);
  assert.ok(scan.ms > 0 && scan.cpuMs > 0, JSON.stringify(scan));
  const touched = [await editSkill(folder, 5, 1)];
  assert.equal((await library.do({ do: "rescan", folder, touched })).count, 1);
  await editSkill(folder, 5, 2);
  assert.equal((await library.do({ do: "rescan", folder })).count, 1);
  const { ms, searches = [] } = await library.do({ do: "search", queries: QUERIES, limit: 3, leastMs: 1 });
  assert.ok(ms > 0 && searches.every((it) => it.ms > 0 && it.names.length <= 3), JSON.stringify(searches));
  assert.equal(searches[QUERIES.indexOf(NAMED)]?.names[0], NAMED);
  await assert.rejects(library.do({ do: "search" } as never), /Cannot search skills: /);
}

describe("a library of skills as a process", { timeout: 60_000 }, () => {
  test("of Collet does every job, and starts from its index", async () => {
    await using folder = await makeFolder();
    await using home = await makeFolder();
    await checkLibrary(ownCommand(DENO), folder.path, home.path);
    await using library = new LibraryProcess(ownCommand(DENO));
    await assert.rejects(
      library.do({ do: "rescan", folder: folder.path }),
      /Cannot rescan skills: .*Nothing was scanned/,
    );
    const { count, ms, verifiedMs = NaN } = await library.do({ do: "start", folder: folder.path, home: home.path });
    assert.equal(count, SKILLS);
    assert.ok(ms < verifiedMs, `${ms} of ${verifiedMs} ms`);
  });

  test("of the package does every job", async (t: TestContext) => {
    if (await findCore() === undefined) return t.skip("the benchmark has not installed dcc-mcp-core here");
    await using folder = await makeFolder();
    await using home = await makeFolder();
    await checkLibrary(coreCommand(home.path), folder.path, home.path);
  });

  test("that cannot be started says why", async () => {
    await using library = new LibraryProcess(["no-such-library"]);
    const done = library.do({ do: "rescan", folder: "/" });
    await assert.rejects(done, /Cannot rescan skills: the library has ended\n.*no-such-library/);
  });
});

function timesOf(timing: Timing): SkillResults["times"][number] {
  const names = Object.keys(STEPS) as StepName[];
  return {
    skills: 1_000,
    steps: Object.fromEntries(names.map((name) => [name, timing])) as Record<StepName, Timing>,
    searches: [{ query: "turntable", ...timing }],
  };
}

describe("times of skills", () => {
  test("are judged by the package", () => {
    const verdicts = judgeTimes(DENO, timesOf(compare([20], [10])));
    assert.deepEqual(verdicts.map(({ target, isReached }) => [target, isReached]), [
      ["skillsScan", true],
      ["skillsStart", false],
      ["skillsRescan", false],
      ["skillsRescan", false],
      ["skillsSearch", false],
    ]);
    assert.match(verdicts[0]!.where, /^deno, 1,000 skills, first scan$/);
  });

  test("are judged by nothing without it", () => {
    assert.deepEqual(judgeTimes(DENO, timesOf({ own: summarize([20]) })), []);
  });
});

describe("the report of skills", () => {
  const rest: Pick<SkillResults, "lists" | "tokens"> = {
    lists: [{ skills: 1_000, tools: 9, perSecond: compare([900], [1_000]), cpuMs: compare([0.5], [0.25]) }],
    tokens: [{ title: "as it is by default", skills: 1_000, tools: 9, bytes: 12_345, tokens: 2_510, byTool: [] }],
  };

  test("has a row for each step, query, list and way to show skills", () => {
    const core = { version: "dcc-mcp-core 1.2.3 on Python 3.11" };
    const text = skillSection({ core, times: [timesOf(compare([20], [10]))], ...rest }).join("\n");
    for (
      const row of [
        "beside dcc-mcp-core 1.2.3 on Python 3.11",
        ...Object.values(STEPS).map(({ title }) => `| ${title} | 1,000 | 20 | 10 | 2 |`),
        "| turntable | 1,000 | 20 | 10 | 2 |",
        "| 1,000 | 9 | 900 | 1,000 | 0.900 | 0.500 | 2 |",
        "| as it is by default | 1,000 | 9 | 12,345 | 2,510 |",
      ]
    ) assert.ok(text.includes(row), `${row} is not in:\n${text}`);
  });

  test("says why the package is missing", () => {
    const core = { missing: "there is no Python" };
    const text = skillSection({ core, times: [timesOf({ own: summarize([20]) })], ...rest }).join("\n");
    assert.match(text, /not compared with the package dcc-mcp-core: there is no Python\./);
    assert.match(text, /\| first scan \| 1,000 \| 20 \| {2}\| {2}\|/);
  });
});
