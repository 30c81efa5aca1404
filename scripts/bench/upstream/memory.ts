/**
 * What servers behind Collet, and clients before it, hold of memory.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, say } from "../bench.ts";
import { Inspector } from "../inspector.ts";
import { McpClient } from "../mcp_client.ts";
import { lowestResident } from "../memory.ts";
import { readTree } from "../process_tree.ts";
import { readResidentBytes } from "../process_usage.ts";
import { summarize, type Summary } from "../statistics.ts";
import { serve, type Server } from "../subjects.ts";
import { Lane } from "./lane.ts";
import { behind, type Program } from "./programs.ts";

/** What one more adds to Collet, in bytes. */
export interface Added {
  readonly resident: Summary;
  readonly heap: Summary;
}

/** Memory of Collet and of what it starts. */
export interface UpstreamMemory {
  readonly perUpstream: Added;
  readonly perClient: Added;
  /** Resident size of one process of the server, in bytes: what each client would start for itself. */
  readonly process: Summary;
  /** Processes of servers that ran for all clients. */
  readonly processes: number;
}

interface Held {
  readonly resident: number;
  readonly heap: number;
}

/** Servers behind Collet beside the first, and clients of the first beside one. */
export const UPSTREAMS = 8;
export const MORE_CLIENTS = 64;

/** Measures on servers of its own, after a first server and client of each kind, and after garbage was collected. */
export async function measureMemory({ plan, runtime }: Bench, program: Program): Promise<UpstreamMemory> {
  const upstreams: Held[] = [];
  const clients: Held[] = [];
  const processes: number[] = [];
  let running = 0;
  for (let round = 1; round <= plan.memoryServers; round++) {
    say(`${runtime.name}: memory of servers behind, round ${round} of ${plan.memoryServers}`);
    const names = Array.from({ length: UPSTREAMS + 1 }, (_, i) => `up${i}`);
    await using stack = new AsyncDisposableStack();
    const options = { plugins: behind(program.command, names), isInspected: true };
    const collet = stack.use(await serve(runtime, "collet", options));
    using inspector = await Inspector.connect(collet.inspectorUrl ?? "");
    const opened = await openLanes(collet, { program, names, stack });
    await operateAll(opened.client, names.slice(1), "stop");
    const before = await heldBy(collet, inspector);
    await operateAll(opened.client, names.slice(1), "restart");
    for (const lane of opened.lanes) await lane.call();
    const withUpstreams = await heldBy(collet, inspector);
    upstreams.push(differenceOf(withUpstreams, before, UPSTREAMS));
    const { descendants } = readTree(collet.pid);
    running = descendants.length;
    processes.push(...descendants.map(({ pid }) => readResidentBytes(pid)));
    for (let i = 0; i < MORE_CLIENTS; i++) {
      await stack.use(new Lane(await McpClient.open(collet), program, names[0])).call();
    }
    clients.push(differenceOf(await heldBy(collet, inspector), withUpstreams, MORE_CLIENTS));
    if (readTree(collet.pid).descendants.length !== running) throw new Error("More clients started more processes");
  }
  return {
    ...{ perUpstream: summaryOf(upstreams), perClient: summaryOf(clients), processes: running },
    process: summarize(processes),
  };
}

/** Connects a client, and calls each server once. */
async function openLanes(collet: Server, { program, names, stack }: {
  readonly program: Program;
  readonly names: readonly string[];
  readonly stack: AsyncDisposableStack;
}): Promise<{ readonly client: McpClient; readonly lanes: readonly Lane[] }> {
  const client = stack.use(await McpClient.open(collet));
  const lanes = names.map((name) => new Lane(client, program, name));
  for (const lane of lanes) {
    await lane.listed();
    await lane.call();
  }
  return { client, lanes };
}

async function operateAll(client: McpClient, names: readonly string[], action: "stop" | "restart"): Promise<void> {
  for (const name of names) await client.call("mcp_servers", { action, name });
}

async function heldBy(server: Server, inspector: Inspector): Promise<Held> {
  // what ends just now is gone by then
  await sleep(100);
  const heap = await inspector.collect();
  return { heap, resident: await lowestResident(server) };
}

function differenceOf(after: Held, before: Held, count: number): Held {
  return { resident: (after.resident - before.resident) / count, heap: (after.heap - before.heap) / count };
}

function summaryOf(held: readonly Held[]): Added {
  return {
    resident: summarize(held.map(({ resident }) => resident)),
    heap: summarize(held.map(({ heap }) => heap)),
  };
}
