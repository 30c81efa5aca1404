/**
 * How long one call of a script tool takes, run in each way.
 *
 * @module
 */
import { type Bench, say, takeTurns } from "../bench.ts";
import { settle } from "../process_tree.ts";
import { compare, summarize, type Summary } from "../statistics.ts";
import { judge, type Verdict } from "../targets.ts";
import type { ScriptServer } from "./server.ts";
import { type ScriptTool, toolName, type Way, WAYS } from "./tools.ts";

/** The servers that tools are called on, by the way in which they run them. */
export type ServersByWay = Readonly<Record<Way, ScriptServer>>;

/** One script; times are in milliseconds. */
export interface ScriptLatency {
  readonly title: string;
  /** From the kernel's call to its result, by way; each call comes when all is at rest. */
  readonly inside: Readonly<Record<Way, Summary>>;
  /** The same of calls that follow one another, where none has to wait for a pool. */
  readonly inRow: Readonly<Record<RowWay, Summary>>;
  /** As a client over stdio sees it, by way. */
  readonly endToEnd: Readonly<Record<Way, Summary>>;
  /** How many times faster than spawned, inside. */
  readonly gain: { readonly pooled: Summary; readonly persistent: Summary; readonly persistentInRow: Summary };
}

type RowWay = Exclude<Way, "pooled">;

interface Sample {
  readonly insideMs: number;
  /** Median of some calls; NaN where it is not taken. */
  readonly inRowMs: number;
  readonly endToEndMs: number;
}

/** Calls of each kind before any is timed, at most. */
const WARM_UP_CALLS = 8;
/** How many calls follow one another. */
const ROWS: Readonly<Record<RowWay, number>> = { spawned: 3, persistent: 30 };

/** Measures one script. Pooled calls come when the pool is full again. */
export async function measureLatency(
  { plan, runtime }: Bench,
  tool: ScriptTool,
  servers: ServersByWay,
): Promise<ScriptLatency> {
  say(`${runtime.name}: scripts, one call at a time, ${tool.title}`);
  const count = Math.min(WARM_UP_CALLS, plan.scriptRounds);
  for (const way of WAYS) {
    const name = toolName(tool, way);
    await servers[way].timeCalls({ name, lanes: 1, until: { count } });
    // whoever calls may have a persistent process of their own
    await servers[way].timeEndToEnd(name);
  }
  const taken = await takeTurns(WAYS, plan.scriptRounds, async (way): Promise<Sample> => {
    const name = toolName(tool, way);
    await settleAll(servers);
    const { p50Ms } = await servers[way].timeCalls({ name, lanes: 1, until: { count: 1 } });
    await settleAll(servers);
    const endToEndMs = await servers[way].timeEndToEnd(name);
    if (way === "pooled") return { insideMs: p50Ms, endToEndMs, inRowMs: NaN };
    const row = await servers[way].timeCalls({ name, lanes: 1, until: { count: ROWS[way] } });
    return { insideMs: p50Ms, endToEndMs, inRowMs: row.p50Ms };
  });
  const side = (way: Way, key: keyof Sample) => (taken.get(way) ?? []).map((it) => it[key]);
  const byWay = (key: keyof Sample) => ({
    spawned: summarize(side("spawned", key)),
    pooled: summarize(side("pooled", key)),
    persistent: summarize(side("persistent", key)),
  });
  const gainOf = (way: Way, key: keyof Sample) => compare(side("spawned", key), side(way, key)).ratio;
  return {
    title: tool.title,
    inside: byWay("insideMs"),
    inRow: { spawned: summarize(side("spawned", "inRowMs")), persistent: summarize(side("persistent", "inRowMs")) },
    endToEnd: byWay("endToEndMs"),
    gain: {
      pooled: gainOf("pooled", "insideMs"),
      persistent: gainOf("persistent", "insideMs"),
      persistentInRow: gainOf("persistent", "inRowMs"),
    },
  };
}

/** Waits until no server does anything: a process that one starts would slow the other down. */
export async function settleAll(servers: ServersByWay): Promise<void> {
  await Promise.all([...new Set(Object.values(servers))].map(({ pid }) => settle(pid)));
}

/** Judges what was measured of one script. */
export function judgeLatency({ pooledTarget }: ScriptTool, where: string, { gain }: ScriptLatency): readonly Verdict[] {
  return [
    ...(pooledTarget === undefined ? [] : [judge(pooledTarget, where, gain.pooled)]),
    judge("persistent", where, gain.persistentInRow),
  ];
}
