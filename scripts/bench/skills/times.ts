/**
 * How long skills take to be found, found again and searched, beside the package dcc-mcp-core on the same folder. Each
 * round starts processes of its own: code that is compiled as it runs has not run before.
 *
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inRepository } from "../../lib/repository.ts";
import { type Bench, takeTurns } from "../bench.ts";
import type { Command } from "../processes.ts";
import { makeScratchFolder } from "../scratch.ts";
import { compare, summarize, type Summary } from "../statistics.ts";
import type { Runtime } from "../subjects.ts";
import { judge, type TargetName, type Verdict } from "../targets.ts";
import { coreCommand } from "./core.ts";
import type { LibraryResult, LibrarySearch } from "./library_job.ts";
import { LibraryProcess } from "./library_process.ts";
import { editSkill, NAMED, QUERIES } from "./tree.ts";

interface Step {
  /** Where the package has nothing of the kind, what it is compared with stands in brackets. */
  readonly title: string;
  readonly target?: TargetName;
}

/** What is timed. */
export const STEPS = {
  scan: { title: "first scan", target: "skillsScan" },
  scanCpu: { title: "first scan, processor time" },
  start: { title: "start from the index (first scan)", target: "skillsStart" },
  verified: { title: "start from the index, all files looked at (first scan)" },
  rescan: { title: "scan after an edit", target: "skillsRescan" },
  watched: { title: "scan after an edit that was seen (scan after an edit)", target: "skillsRescan" },
  firstSearch: { title: "first search" },
  search: { title: "one search for each query", target: "skillsSearch" },
} as const satisfies Readonly<Record<string, Step>>;

/** Name of a step. */
export type StepName = keyof typeof STEPS;

/** Collet, and beside it the package where that is there. */
export interface Timing {
  readonly own: Summary;
  readonly other?: Summary;
  readonly ratio?: Summary;
}

/** All times with one number of skills, in milliseconds. */
export interface SkillTimes {
  readonly skills: number;
  readonly steps: Readonly<Record<StepName, Timing>>;
  /** One search for each query, of those that follow one another. */
  readonly searches: readonly (Timing & { readonly query: string })[];
}

/** What is measured with. */
export interface TimesOptions {
  /** Absolute path of the folder with the skills. */
  readonly folder: string;
  readonly skills: number;
  /** Whether the package is there. */
  readonly hasCore: boolean;
}

/** What one side did in one round. */
interface Round<S extends StepName = StepName> {
  readonly steps: Readonly<Record<S, number>>;
  /** In the order of the queries. */
  readonly searches: readonly number[];
}

type Played = Round<Exclude<StepName, "start" | "verified">>;

/** What both sides work with. */
interface Play {
  readonly folder: string;
  readonly skills: number;
  readonly home: string;
  readonly searchMs: number;
  /** Changes one skill; gives the path of its file below the folder. */
  edit(): Promise<string>;
}

const STEP_NAMES = Object.keys(STEPS) as StepName[];
const LIMIT = 20;
const EDITED = 17;
/** What was written a moment ago is read once more, since it may be written again within one tick of the clock. */
const TICK_MS = 2_500;

/** Times everything with the skills of a folder. */
export async function measureTimes(
  { plan, runtime }: Bench,
  { folder, skills, hasCore }: TimesOptions,
): Promise<SkillTimes> {
  const home = await makeScratchFolder("home");
  let edits = 0;
  const edit = () => editSkill(folder, EDITED, ++edits);
  const options: Play = { folder, skills, home, searchMs: plan.searchMs, edit };
  const own = () => playOwn(ownCommand(runtime), options);
  const other = hasCore ? () => playCore(coreCommand(home), options) : undefined;
  await sleep(TICK_MS);
  const taken = await takeTurns(other === undefined ? [own] : [own, other], plan.skillRounds, (side) => side());
  const timing = (read: (round: Round) => number): Timing => {
    const ours = taken.get(own)!.map(read);
    return other === undefined ? { own: summarize(ours) } : compare(ours, taken.get(other)!.map(read));
  };
  const steps = STEP_NAMES.map((name) => [name, timing((round) => round.steps[name])] as const);
  return {
    skills,
    steps: Object.fromEntries(steps) as SkillTimes["steps"],
    searches: QUERIES.map((query, index) => ({ query, ...timing(({ searches }) => searches[index]!) })),
  };
}

/** Judges the steps that have a target, where there is something to judge them by. */
export function judgeTimes(runtime: Runtime, { skills, steps }: SkillTimes): readonly Verdict[] {
  return STEP_NAMES.flatMap((name) => {
    const { target, title }: Step = STEPS[name];
    const { ratio } = steps[name];
    if (target === undefined || ratio === undefined) return [];
    return judge(target, `${runtime.name}, ${skills.toLocaleString("en")} skills, ${title}`, ratio);
  });
}

/** Gives the command that starts Collet's library of skills. */
export function ownCommand({ name, binary, bundles = "" }: Runtime): Command {
  return name === "deno"
    ? [binary, "run", "-A", inRepository("scripts", "bench", "skills", "own_library.ts")]
    : [binary, join(bundles, "own_library.js")];
}

/** Does with a library what every library does. */
async function play(command: Command, { folder, skills, home, searchMs, edit }: Play): Promise<Played> {
  await using library = new LibraryProcess(command);
  const scan = expectCount(skills, await library.do({ do: "scan", folder, home }));
  await edit();
  const rescan = expectCount(1, await library.do({ do: "rescan", folder }));
  const touched = [await edit()];
  const watched = expectCount(1, await library.do({ do: "rescan", folder, touched }));
  const found = await library.do({ do: "search", queries: QUERIES, limit: LIMIT, leastMs: searchMs });
  const searches = expectNamed(found.searches ?? []).map(({ ms }) => ms);
  return {
    steps: {
      ...{ scan: scan.ms, scanCpu: scan.cpuMs, rescan: rescan.ms, watched: watched.ms },
      ...{ firstSearch: found.ms, search: searches.reduce((sum, ms) => sum + ms, 0) },
    },
    searches,
  };
}

async function playOwn(command: Command, options: Play): Promise<Round> {
  const { steps, searches } = await play(command, options);
  const { folder, skills, home } = options;
  await using library = new LibraryProcess(command);
  const { ms, verifiedMs = NaN } = expectCount(skills, await library.do({ do: "start", folder, home }));
  return { steps: { ...steps, start: ms, verified: verifiedMs }, searches };
}

async function playCore(command: Command, options: Play): Promise<Round> {
  const { steps, searches } = await play(command, options);
  return { steps: { ...steps, start: steps.scan, verified: steps.scan }, searches };
}

function expectCount(expected: number, result: LibraryResult): LibraryResult {
  if (result.count === expected) return result;
  throw new Error(`Wrong answer of a library of skills: ${result.count}, not ${expected}`);
}

function expectNamed(searches: readonly LibrarySearch[]): readonly LibrarySearch[] {
  const [first] = searches[QUERIES.indexOf(NAMED)]?.names ?? [];
  if (first === NAMED) return searches;
  throw new Error(`Wrong answer of a library of skills: "${first}" is found first by the name "${NAMED}"`);
}
