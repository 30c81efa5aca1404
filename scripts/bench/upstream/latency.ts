/**
 * How long a call through Collet takes beside the same call of the server itself, over the same door.
 *
 * @module
 */
import { inRepository } from "../../lib/repository.ts";
import { type Bench, say, takeTurns } from "../bench.ts";
import { McpClient } from "../mcp_client.ts";
import type { Command } from "../processes.ts";
import { HAS_USAGE, readCpuSeconds } from "../process_usage.ts";
import { compare, type Comparison, summarize, type Summary } from "../statistics.ts";
import { commandFor, makeHome, type Runtime, serve } from "../subjects.ts";
import { Lane } from "./lane.ts";
import { behind, NAMESPACE, type Program } from "./programs.ts";

/** The doors that a call goes through. */
export const WAYS = {
  stdio: "stdio before and behind",
  http: "HTTP before and behind",
  shared: "HTTP before, stdio behind",
} as const;

/** Name of a pair of doors. */
export type Way = keyof typeof WAYS;

/** What calls cost with some clients; times are in milliseconds. */
export interface ProxiedCalls {
  readonly program: string;
  readonly way: Way;
  readonly clients: number;
  /** The median of each round: through Collet, and of the server itself. */
  readonly latency: Comparison;
  /** Through a process of the same runtime that passes bytes on unread, beside the server itself; over stdio only. */
  readonly pumped?: Comparison;
  /** Processor time of Collet for each call. */
  readonly processor: Summary;
}

const BYTE_PUMP = inRepository("scripts", "bench", "upstream", "byte_pump.mjs");

/** Clients at a time. */
export const CLIENTS: readonly number[] = [1, 16];

interface Side {
  readonly lanes: readonly Lane[];
  /** The process whose processor time is taken. */
  readonly pid?: number | undefined;
}

interface Sides {
  readonly proxied: Side;
  readonly direct: Side;
  readonly pumped?: Side;
}

interface Round {
  readonly p50Ms: number;
  readonly processorMs: number;
}

/** Measures the calls of a program over some ways. */
export async function measureLatency(
  bench: Bench,
  program: Program,
  ways: readonly Way[],
): Promise<readonly ProxiedCalls[]> {
  const measured: ProxiedCalls[] = [];
  for (const way of ways) {
    for (const clients of CLIENTS) measured.push(await measureWay(bench, program, { way, clients }));
  }
  return measured;
}

async function measureWay(
  bench: Bench,
  program: Program,
  { way, clients }: { readonly way: Way; readonly clients: number },
): Promise<ProxiedCalls> {
  const { plan, runtime } = bench;
  say(`${runtime.name}: calls of ${program.title}, ${WAYS[way]}, ${clients} at a time`);
  await using stack = new AsyncDisposableStack();
  const { proxied, direct, pumped } = await OPEN[way](bench, program, { clients, stack });
  const sides = [proxied, direct, ...(pumped === undefined ? [] : [pumped])];
  for (const side of sides) await makeCalls(side, plan.warmUpMs);
  const taken = await takeTurns(sides, plan.callRounds, (side) => makeCalls(side, plan.callMs));
  const of = (side: Side, key: keyof Round) => (taken.get(side) ?? []).map((round) => round[key]);
  return {
    ...{ program: program.title, way, clients },
    latency: compare(of(proxied, "p50Ms"), of(direct, "p50Ms")),
    ...(pumped !== undefined && { pumped: compare(of(pumped, "p50Ms"), of(direct, "p50Ms")) }),
    processor: summarize(of(proxied, "processorMs")),
  };
}

interface Opening {
  readonly clients: number;
  /** Ends all that is opened. */
  readonly stack: AsyncDisposableStack;
}

type Open = (bench: Bench, program: Program, opening: Opening) => Promise<Sides>;

const OPEN: Readonly<Record<Way, Open>> = {
  // a program over stdio has one client, which has several calls in flight
  async stdio({ runtime }, program, { clients, stack }) {
    const args = ["--home", await makeHome({ plugins: behind(program.command) })];
    const proxied = stack.use(await Lane.proxied(commandFor(runtime, "collet", { args }), program));
    const direct = stack.use(await Lane.direct(program));
    const pump = await McpClient.start([...pumpCommand(runtime), ...program.command]);
    const pumped = stack.use(new Lane(pump, program));
    return {
      proxied: { lanes: times(clients, proxied), pid: proxied.pid },
      direct: { lanes: times(clients, direct) },
      pumped: { lanes: times(clients, pumped) },
    };
  },
  async http({ runtime }, program, { clients, stack }) {
    const listening = stack.use(await program.listen());
    const collet = stack.use(await serve(runtime, "collet", { plugins: behind(listening) }));
    const direct = await openAll(clients, async () => stack.use(new Lane(await McpClient.open(listening), program)));
    const lanes = await openBefore(collet, program, { clients, stack });
    return { proxied: { lanes, pid: collet.pid }, direct: { lanes: direct } };
  },
  async shared({ runtime }, program, { clients, stack }) {
    const collet = stack.use(await serve(runtime, "collet", { plugins: behind(program.command) }));
    const direct = await openAll(clients, async () => stack.use(await Lane.direct(program)));
    const lanes = await openBefore(collet, program, { clients, stack });
    return { proxied: { lanes, pid: collet.pid }, direct: { lanes: direct } };
  },
};

function pumpCommand({ name, binary }: Runtime): Command {
  return name === "deno" ? [binary, "run", "-A", BYTE_PUMP] : [binary, BYTE_PUMP];
}

function times(count: number, lane: Lane): readonly Lane[] {
  return Array.from({ length: count }, () => lane);
}

async function openBefore(
  collet: { readonly port: number },
  program: Program,
  { clients, stack }: Opening,
): Promise<readonly Lane[]> {
  const lanes = await openAll(
    clients,
    async () => stack.use(new Lane(await McpClient.open(collet), program, NAMESPACE)),
  );
  await lanes[0]?.listed();
  return lanes;
}

async function openAll(count: number, open: () => Promise<Lane>): Promise<readonly Lane[]> {
  const lanes: Lane[] = [];
  for (let i = 0; i < count; i++) lanes.push(await open());
  return lanes;
}

/** Has each lane make one call after the other for a time. */
async function makeCalls({ lanes, pid }: Side, ms: number): Promise<Round> {
  const taken: number[] = [];
  const cpuSeconds = () => pid !== undefined && HAS_USAGE ? readCpuSeconds(pid) : NaN;
  const cpuBefore = cpuSeconds();
  const end = performance.now() + ms;
  await Promise.all(lanes.map(async (lane) => {
    for (let now = performance.now(); now < end || taken.length === 0;) {
      const startedAt = now;
      await lane.call();
      now = performance.now();
      taken.push(now - startedAt);
    }
  }));
  return { p50Ms: summarize(taken).median, processorMs: (cpuSeconds() - cpuBefore) * 1_000 / taken.length };
}
