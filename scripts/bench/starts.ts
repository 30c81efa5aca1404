/**
 * How long a client waits for a server that it starts over stdio.
 *
 * @module
 */
import { type Bench, type Measured, say, takeTurns } from "./bench.ts";
import type { Command } from "./processes.ts";
import { makeScratchFolder } from "./scratch.ts";
import { compare, type Comparison } from "./statistics.ts";
import { converse } from "./stdio_client.ts";
import { commandFor } from "./subjects.ts";
import { judge } from "./targets.ts";

/** Milliseconds from the start of the process to the first answers, (a) as the other side. */
export interface StartResults {
  readonly list: Comparison;
  readonly call: Comparison;
}

interface Starter {
  readonly command: Command;
  /** A tool that takes no arguments. */
  readonly tool: string;
}

interface Start {
  readonly listMs: number;
  readonly callMs: number;
}

/**
 * Measures the start of Collet, with every plugin that ships and a home that was used before, and of (a). One start of
 * each comes first, untimed.
 */
export async function measureStarts({ plan, runtime }: Bench): Promise<Measured<StartResults>> {
  const home = await makeScratchFolder("home");
  const collet: Starter = { command: commandFor(runtime, "collet", { args: ["--home", home] }), tool: "list_tools" };
  const sdk: Starter = { command: commandFor(runtime, "sdk_stdio", { args: [] }), tool: "echo" };
  say(`${runtime.name}: start`);
  for (const starter of [collet, sdk]) await timeStart(starter);
  const taken = await takeTurns([collet, sdk], plan.startRounds, timeStart);
  const side = (starter: Starter, key: keyof Start) => (taken.get(starter) ?? []).map((it) => it[key]);
  const list = compare(side(collet, "listMs"), side(sdk, "listMs"));
  const call = compare(side(collet, "callMs"), side(sdk, "callMs"));
  return {
    results: { list, call },
    verdicts: [judge("startList", runtime.name, list.ratio), judge("startCall", runtime.name, call.ratio)],
  };
}

async function timeStart({ command, tool }: Starter): Promise<Start> {
  const [list, call] = await converse(command, [
    { id: 1, method: "tools/list" },
    { id: 2, method: "tools/call", params: { name: tool, arguments: {} } },
  ]);
  return { listMs: list?.ms ?? NaN, callMs: call?.ms ?? NaN };
}
