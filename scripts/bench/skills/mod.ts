/**
 * Skills: how long they take to be found and searched beside the package dcc-mcp-core, compiled from Rust, on the same
 * folder, and what those that are there cost whoever lists tools.
 *
 * @module
 */
import { type Bench, type Measured, say } from "../bench.ts";
import { makeScratchFolder } from "../scratch.ts";
import { summarize } from "../statistics.ts";
import { judge, type Verdict } from "../targets.ts";
import { type Core, prepareCore } from "./core.ts";
import { countSkillTokens, measureSkillLists, type SkillFolder, type SkillLists, type SkillTokens } from "./lists.ts";
import { judgeTimes, measureTimes, type SkillTimes } from "./times.ts";
import { writeSkills } from "./tree.ts";

/** All that was measured of skills. */
export interface SkillResults {
  /** The package that they are compared with, or why it is missing. */
  readonly core: Core | { readonly missing: string };
  readonly times: readonly SkillTimes[];
  readonly lists: readonly SkillLists[];
  readonly tokens: readonly SkillTokens[];
}

/** Measures skills. */
export async function measureSkills(bench: Bench): Promise<Measured<SkillResults>> {
  const { plan, runtime } = bench;
  const core = await prepareCore();
  const isMissing = "missing" in core;
  if (isMissing) say(`${runtime.name}: skills are compared with nothing: ${core.missing}`);
  const folders: SkillFolder[] = [];
  const times: SkillTimes[] = [];
  for (const skills of plan.skillCounts) {
    say(`${runtime.name}: ${skills} skills`);
    const folder = await makeScratchFolder("skills");
    await writeSkills(folder, skills);
    folders.push({ folder, skills });
    times.push(await measureTimes(bench, { folder, skills, hasCore: !isMissing }));
  }
  say(`${runtime.name}: lists with skills`);
  const lists = await measureSkillLists(bench, folders);
  const tokens = await countSkillTokens(runtime, folders[0]!);
  return {
    results: { core, times, lists, tokens },
    verdicts: [
      ...times.flatMap((it) => judgeTimes(runtime, it)),
      ...lists.map(({ skills, perSecond }) => judge("skillsLists", describe(runtime.name, skills), perSecond.ratio)),
      ...tokens.slice(0, 1).map(({ skills, tokens }) =>
        judge("tokens", describe(runtime.name, skills), summarize([tokens]))
      ),
    ] satisfies Verdict[],
  };
}

function describe(runtime: string, skills: number): string {
  return `${runtime}, ${skills.toLocaleString("en")} skills`;
}
