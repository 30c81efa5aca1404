/**
 * What very many calls of script tools leave behind.
 *
 * @module
 */
import { join } from "node:path";
import { type Bench, say } from "../bench.ts";
import { lowestResident } from "../memory.ts";
import { countEntries, countGroups, type Holdings, isAlive, readHoldings, settle } from "../process_tree.ts";
import { summarize, type Summary } from "../statistics.ts";
import { ScriptServer } from "./server.ts";
import { COLD_TOOL, type ScriptTool, toolName } from "./tools.ts";

/** A server at rest. */
export interface AtRest {
  readonly calls: number;
  readonly holdings: Holdings;
  /** In bytes. */
  readonly resident: number;
}

/** What was found. */
export interface Leftovers {
  /** After the first tenth of the calls, and as many persistent ones as all before. */
  readonly first: AtRest;
  /** After all of them. */
  readonly last: AtRest;
  /** What outlives the server: processes, and folders of control groups and of work. */
  readonly outliving: number;
  /** How much more the server holds after all calls, and what outlives it, together. */
  readonly left: Summary;
  /** Resident size, last to first. */
  readonly growth: Summary;
  readonly seconds: number;
}

/** Calls of one tool: their share of all, and how many at a time. */
interface Stream {
  readonly name: string;
  readonly share: number;
  readonly lanes: number;
}

/** How often all calls are divided; the first part shows what the server holds in any case. */
const PARTS = 10;
/** A pool that is empty a second after the last call shows what is left besides. */
const IDLE_MS = 1_000;
/** Where private folders of running scripts are, in the home. */
const WORK_FOLDER = "work";
const REST_QUIET_MS = IDLE_MS + 300;
/** Shares of calls, in thousandths: a cold start takes a hundred times as long as a call of what is there. */
const COLD_SHARE = 30;
const POOLED_SHARES: Readonly<Record<string, number>> = { python: 100, node: 50, deno: 20 };

/** Makes calls of every kind side by side, and looks what the server holds at rest. */
export async function measureLeftovers(
  { plan, runtime }: Bench,
  all: readonly ScriptTool[],
): Promise<Leftovers> {
  const tools = all.filter(({ name }) => name in POOLED_SHARES);
  const startedAt = performance.now();
  const server = await ScriptServer.open(runtime, {
    tools: [...tools, COLD_TOOL],
    hasPersistent: true,
    warm: { idle_ms: IDLE_MS },
  });
  try {
    const streams = streamsOf(tools);
    say(`${runtime.name}: scripts, ${plan.scriptCalls} calls before others are counted`);
    // of what grows only until a heap has its size, nothing is left behind
    let calls = await makeCalls(server, persistentStreams(tools, 1), plan.scriptCalls);
    let first: AtRest | undefined;
    for (let part = 1; part <= PARTS; part++) {
      say(`${runtime.name}: scripts, ${plan.scriptCalls} calls, ${part} of ${PARTS}`);
      calls += await makeCalls(server, streams, plan.scriptCalls / PARTS);
      first ??= await rest(server, calls);
    }
    const last = await rest(server, calls);
    const outliving = await endAndCount(server);
    const more = Object.keys(last.holdings).map((key) => {
      const name = key as keyof Holdings;
      return Math.max(0, last.holdings[name] - first!.holdings[name]);
    });
    return {
      first: first!,
      last,
      outliving,
      left: summarize([more.reduce((sum, count) => sum + count, outliving)]),
      growth: summarize([last.resident / first!.resident]),
      seconds: (performance.now() - startedAt) / 1_000,
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

function streamsOf(tools: readonly ScriptTool[]): readonly Stream[] {
  const pooled = tools.map((tool) => ({
    name: toolName(tool, "pooled"),
    share: (POOLED_SHARES[tool.name] ?? 0) / 1_000,
    lanes: 2,
  }));
  const cold = { name: toolName(COLD_TOOL, "spawned"), share: COLD_SHARE / 1_000, lanes: 2 };
  const remainder = 1 - [cold, ...pooled].reduce((sum, { share }) => sum + share, 0);
  return [cold, ...pooled, ...persistentStreams(tools, remainder)];
}

function persistentStreams(tools: readonly ScriptTool[], share: number): readonly Stream[] {
  return tools.map((tool) => ({ name: toolName(tool, "persistent"), share: share / tools.length, lanes: 4 }));
}

async function makeCalls(server: ScriptServer, streams: readonly Stream[], calls: number): Promise<number> {
  const made = await Promise.all(streams.map(({ name, share, lanes }) => {
    const count = Math.max(1, Math.round(share * calls));
    return server.timeCalls({ name, lanes: Math.min(lanes, count), until: { count } });
  }));
  return made.reduce((sum, it) => sum + it.calls, 0);
}

async function rest(server: ScriptServer, calls: number): Promise<AtRest> {
  await settle(server.pid, { quietMs: REST_QUIET_MS });
  const resident = await lowestResident(server);
  return { calls, holdings: readHoldings(server.pid, [server.home]), resident };
}

async function endAndCount(server: ScriptServer): Promise<number> {
  const { descendants } = await settle(server.pid);
  await server[Symbol.asyncDispose]();
  const processes = descendants.filter(({ pid }) => isAlive(pid)).length;
  return processes + countGroups(server.pid) + countEntries(join(server.home, WORK_FOLDER));
}
