/**
 * How many calls of a script tool go through when they keep coming, and how long many at once take.
 *
 * @module
 */
import { type Bench, say, takeTurns } from "../bench.ts";
import type { Timed } from "../servers/script_caller.ts";
import { summarize, type Summary } from "../statistics.ts";
import { type ServersByWay, settleAll } from "./latency.ts";
import { type ScriptTool, toolName, type Way, WAYS } from "./tools.ts";

/** One script, run in one way, with some calls on their way at a time; times are in milliseconds. */
export interface ScriptThroughput {
  readonly title: string;
  readonly way: Way;
  readonly lanes: number;
  readonly perSecond: Summary;
  readonly p50Ms: Summary;
  readonly p95Ms: Summary;
  /** Processor time of the server and all that it starts, until it is at rest again, for each call. */
  readonly cpuMs: Summary;
}

/** Many calls at once, all of which were answered. */
export interface ScriptBurst {
  readonly title: string;
  readonly way: Way;
  readonly calls: number;
  /** To the last answer, in milliseconds. */
  readonly ms: Summary;
}

/** What was measured of one script. */
export interface ScriptLoad {
  readonly sustained: readonly ScriptThroughput[];
  readonly bursts: readonly ScriptBurst[];
}

interface Sustained extends Timed {
  readonly cpuSeconds: number;
}

/** Until then calls take what has waited, which is soon gone. */
const LEAD_SHARE = 0.4;

/** Measures one script. */
export async function measureLoad(
  { plan, runtime }: Bench,
  tool: ScriptTool,
  servers: ServersByWay,
): Promise<ScriptLoad> {
  const { scriptLanes, scriptLoadRounds: rounds, scriptLoadMs: ms } = plan;
  const { title } = tool;
  const most = Math.max(...scriptLanes);
  const callAtOnce = async (way: Way) =>
    await servers[way].timeCalls({ name: toolName(tool, way), lanes: most, until: { count: most } });
  // a pool grows when calls find it empty, which is no part of what calls cost
  await callAtOnce("pooled");
  const sustained: ScriptThroughput[] = [];
  for (const lanes of scriptLanes) {
    say(`${runtime.name}: scripts, ${lanes} at a time, ${title}`);
    const taken = await takeTurns(WAYS, rounds, async (way): Promise<Sustained> => {
      await settleAll(servers);
      const before = servers[way].cpuSeconds;
      const timed = await servers[way].timeCalls({
        name: toolName(tool, way),
        lanes,
        leadMs: ms * LEAD_SHARE,
        until: { ms },
      });
      // a pool that is full again has paid for all that was taken from it
      await settleAll(servers);
      return { ...timed, cpuSeconds: servers[way].cpuSeconds - before };
    });
    for (const [way, runs] of taken) sustained.push({ title, way, lanes, ...figuresOf(runs) });
  }
  const bursts = await takeTurns(WAYS, rounds, async (way) => {
    await settleAll(servers);
    return (await callAtOnce(way)).ms;
  });
  return {
    sustained,
    bursts: [...bursts].map(([way, taken]) => ({ title, way, calls: most, ms: summarize(taken) })),
  };
}

function figuresOf(runs: readonly Sustained[]): Omit<ScriptThroughput, "title" | "way" | "lanes"> {
  return {
    perSecond: summarize(runs.map(({ calls, ms }) => calls / ms * 1_000)),
    p50Ms: summarize(runs.map(({ p50Ms }) => p50Ms)),
    p95Ms: summarize(runs.map(({ p95Ms }) => p95Ms)),
    cpuMs: summarize(runs.map(({ cpuSeconds, made }) => cpuSeconds / made * 1_000)),
  };
}
