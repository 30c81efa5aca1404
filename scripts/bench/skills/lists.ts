/**
 * What skills that are there cost whoever lists tools: time, and tokens of a model.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, takeTurns } from "../bench.ts";
import { HttpConnection } from "../http_connection.ts";
import { settle } from "../process_tree.ts";
import { HAS_USAGE } from "../process_usage.ts";
import { messageText, statelessRequest, type ToolPages, walkTools } from "../requests.ts";
import { compare, type Comparison } from "../statistics.ts";
import { type Runtime, serve, type Server } from "../subjects.ts";
import { countTokens, type ListSize } from "../tokens.ts";
import { makeSkill } from "./tree.ts";

/** A folder of skills. */
export interface SkillFolder {
  /** Absolute path. */
  readonly folder: string;
  readonly skills: number;
}

/** Lists of a server with skills, those of one without as the other side. */
export interface SkillLists {
  readonly skills: number;
  readonly tools: number;
  readonly perSecond: Comparison;
  /** Processor time of the server for a whole list, in milliseconds. */
  readonly cpuMs: Comparison;
}

/** What a list costs a model. */
export interface SkillTokens extends ListSize {
  readonly title: string;
  readonly skills: number;
}

interface Served extends SkillFolder {
  readonly server: Server;
  readonly pages: ToolPages;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** How the skills of a server are shown. */
interface Showing {
  readonly args?: readonly string[];
  readonly hasStubs?: boolean;
  readonly isLoaded?: boolean;
}

const SETTLE_MS = 50;
const FIND_MS = 60_000;
const NONE: SkillFolder = { folder: "", skills: 0 };
const SHOWINGS: readonly (Showing & { readonly title: string })[] = [
  { title: "as it is by default" },
  { title: "all tools, `--expose all`", args: ["--expose", "all"] },
  { title: "all tools, and a stub for each skill", args: ["--expose", "all"], hasStubs: true },
  { title: "all tools, and every skill loaded", args: ["--expose", "all"], isLoaded: true },
];

/** Measures lists of servers that run side by side and work in turn: one without skills, and one for each folder. */
export async function measureSkillLists(
  { plan, runtime, load }: Bench,
  folders: readonly SkillFolder[],
): Promise<readonly SkillLists[]> {
  await using stack = new AsyncDisposableStack();
  const sides: Served[] = [];
  for (const folder of [NONE, ...folders]) sides.push(await serveSkills(stack, runtime, folder));
  const run = async ({ server: { port, pid }, pages: { exchanges } }: Served, warmUpMs: number): Promise<Round> => {
    const done = await load.run({ port, pid, clients: [exchanges], warmUpMs, until: { ms: plan.listMs } });
    const lists = done.exchanges / exchanges.length;
    return { perSecond: lists / done.seconds, cpuMs: done.serverCpuSeconds / lists * 1_000 };
  };
  for (const side of sides) await run(side, plan.warmUpMs / 2);
  const taken = await takeTurns(sides, plan.listRounds, (side) => run(side, SETTLE_MS));
  const rounds = (side: Served, key: keyof Round) => (taken.get(side) ?? []).map((it) => it[key]);
  const [none, ...others] = sides;
  return others.map((side) => ({
    skills: side.skills,
    tools: side.pages.tools.length,
    perSecond: compare(rounds(side, "perSecond"), rounds(none!, "perSecond")),
    cpuMs: compare(rounds(side, "cpuMs"), rounds(none!, "cpuMs")),
  }));
}

/** Counts the tokens of lists with the skills of a folder, by what is shown of them; the first is that of the default. */
export async function countSkillTokens(runtime: Runtime, folder: SkillFolder): Promise<readonly SkillTokens[]> {
  const counted: SkillTokens[] = [];
  for (const { title, ...showing } of SHOWINGS) {
    await using stack = new AsyncDisposableStack();
    const { pages: { tools, bytes } } = await serveSkills(stack, runtime, folder, showing);
    counted.push({ title, skills: folder.skills, tools: tools.length, bytes, ...countTokens(tools) });
  }
  return counted;
}

/** Serves the skills of a folder, until all of them are known and the server is at rest. */
async function serveSkills(
  stack: AsyncDisposableStack,
  runtime: Runtime,
  { folder, skills }: SkillFolder,
  { args = [], hasStubs = false, isLoaded = false }: Showing = {},
): Promise<Served> {
  const config = {
    paths: skills === 0 ? [] : [folder],
    default_paths: false,
    stubs: hasStubs,
    load: isLoaded ? Array.from({ length: skills }, (_, number) => makeSkill(number).name) : [],
  };
  const server = stack.use(await serve(runtime, "collet", { args, plugins: { skills: config } }));
  await awaitSkills(server.port, skills, isLoaded ? "loaded" : "all");
  if (HAS_USAGE) await settle(server.pid, { quietMs: 500, limitMs: FIND_MS });
  return { folder, skills, server, pages: await walkTools(server.port) };
}

async function awaitSkills(port: number, skills: number, status: "all" | "loaded"): Promise<void> {
  const connection = new HttpConnection(port);
  try {
    const params = { name: "list_skills", arguments: { status, limit: 1 } };
    const request = statelessRequest(port, { id: 1, method: "tools/call", params });
    for (const endsAt = performance.now() + FIND_MS; performance.now() < endsAt; await sleep(100)) {
      const { result } = JSON.parse(messageText(await connection.send(request)));
      if (result?.structuredContent?.total === skills) return;
    }
    throw new Error(
      `Cannot measure lists: ${skills} skills are not ${status === "all" ? "found" : status} in a minute`,
    );
  } finally {
    connection.close();
  }
}
