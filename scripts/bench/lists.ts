/**
 * How long a client waits for the whole list of tools.
 *
 * @module
 */
import { shipped } from "../../plugins/mod.ts";
import { type Bench, type Measured, say, takeTurns } from "./bench.ts";
import { type ToolPages, walkTools } from "./requests.ts";
import { compare, type Comparison, summarize, type Summary } from "./statistics.ts";
import { serve, type Server, type Subject } from "./subjects.ts";
import { judge } from "./targets.ts";

/** What one server did. */
export interface ListFigures {
  readonly subject: Subject;
  /** Whole lists, all pages, that one client fetches in a second. */
  readonly perSecond: Summary;
  /** Requests of that client in a second, each for a page. */
  readonly pagesPerSecond: Summary;
  /** Processor time of the server for a whole list, in milliseconds. */
  readonly cpuMs: Summary;
  readonly pages: number;
  /** Of all pages together. */
  readonly bytes: number;
}

/** Collet against one other. */
export interface ListRatio {
  readonly rival: Subject;
  readonly perSecond: Comparison;
  readonly cpuMs: Comparison;
}

/** What was measured with one number of tools. */
export interface ListResults {
  readonly tools: number;
  readonly figures: readonly ListFigures[];
  readonly ratios: readonly ListRatio[];
}

/** What the target is for. */
const JUDGED_TOOLS = 1_000;
const JUDGED_RIVAL: Subject = "sdk_high_level";
const RIVALS: readonly Subject[] = [JUDGED_RIVAL, "sdk_stateless"];
const SETTLE_MS = 50;

interface Side {
  readonly server: Server;
  readonly pages: ToolPages;
}

interface Round {
  readonly perSecond: number;
  readonly pagesPerSecond: number;
  readonly cpuMs: number;
}

/** Measures lists of different lengths. Collet has the benchmark's tools alone here, so that all sides list the same. */
export async function measureLists(bench: Bench): Promise<Measured<readonly ListResults[]>> {
  const results: ListResults[] = [];
  for (const tools of bench.plan.toolCounts) {
    say(`${bench.runtime.name}: lists of ${tools} tools`);
    results.push(await measureList(bench, tools));
  }
  return {
    results,
    verdicts: results.filter(({ tools }) => tools === JUDGED_TOOLS).flatMap(({ ratios }) =>
      ratios.filter(({ rival }) => rival === JUDGED_RIVAL)
        .map(({ perSecond }) => judge("lists", bench.runtime.name, perSecond.ratio))
    ),
  };
}

async function measureList({ plan, runtime, load }: Bench, tools: number): Promise<ListResults> {
  await using stack = new AsyncDisposableStack();
  const begin = async (subject: Subject): Promise<Side> => {
    const without = shipped.map(({ name }) => name);
    const server = stack.use(await serve(runtime, subject, { tools, without }));
    return { server, pages: await walkAll(server, tools) };
  };
  const run = async ({ server: { port, pid }, pages }: Side, warmUpMs: number, ms: number): Promise<Round> => {
    const { exchanges, seconds, serverCpuSeconds } = await load.run({
      ...{ port, pid, clients: [pages.exchanges], warmUpMs, until: { ms } },
    });
    const lists = exchanges / pages.exchanges.length;
    return {
      perSecond: lists / seconds,
      pagesPerSecond: exchanges / seconds,
      cpuMs: serverCpuSeconds / lists * 1_000,
    };
  };
  const own = await begin("collet");
  const rivals: Side[] = [];
  for (const subject of RIVALS) rivals.push(await begin(subject));
  const sides = [own, ...rivals];
  for (const side of sides) await run(side, 0, plan.warmUpMs / 2);
  const taken = await takeTurns(sides, plan.listRounds, (side) => run(side, SETTLE_MS, plan.listMs));
  const rounds = (side: Side, key: keyof Round) => (taken.get(side) ?? []).map((it) => it[key]);
  return {
    tools,
    figures: sides.map((side) => ({
      subject: side.server.subject,
      perSecond: summarize(rounds(side, "perSecond")),
      pagesPerSecond: summarize(rounds(side, "pagesPerSecond")),
      cpuMs: summarize(rounds(side, "cpuMs")),
      pages: side.pages.exchanges.length,
      bytes: side.pages.bytes,
    })),
    ratios: rivals.map((rival) => ({
      rival: rival.server.subject,
      perSecond: compare(rounds(own, "perSecond"), rounds(rival, "perSecond")),
      cpuMs: compare(rounds(own, "cpuMs"), rounds(rival, "cpuMs")),
    })),
  };
}

/** Fetches the list once, and makes sure that it is whole: what is timed afterwards is the same requests again. */
async function walkAll({ port, subject }: Server, tools: number): Promise<ToolPages> {
  const pages = await walkTools(port);
  const distinct = new Set(pages.tools.map(({ name }) => name).filter((name) => /^tool_\d{5}$/.test(name)));
  if (distinct.size !== tools || pages.tools.length !== tools) {
    throw new Error(`Cannot measure lists: ${subject} lists ${pages.tools.length} tools, not ${tools}`);
  }
  return pages;
}
