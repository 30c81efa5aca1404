/**
 * How long the first call of a server that does not run takes.
 *
 * @module
 */
import { type Bench, say, timed, timeSides } from "../bench.ts";
import { McpClient } from "../mcp_client.ts";
import { compare, type Comparison } from "../statistics.ts";
import { commandFor, makeHome } from "../subjects.ts";
import { Lane } from "./lane.ts";
import { behind, NAMESPACE, type Program } from "./programs.ts";

/** The first call through Collet beside that of the server itself, from its start on; in milliseconds. */
export interface ColdCalls {
  /** Collet runs, and knows what the server offers; the server does not run. */
  readonly serverCold: Comparison;
  /** Neither runs; what the server offers is known from before. */
  readonly bothCold: Comparison;
  /** Neither runs, and nothing is known: the home is empty. */
  readonly firstEver: Comparison;
}

/** Measures first calls over stdio, each of processes of its own. */
export async function measureCold({ plan, runtime }: Bench, program: Program): Promise<ColdCalls> {
  say(`${runtime.name}: first calls of ${program.title}`);
  const newHome = () => makeHome({ plugins: behind(program.command) });
  const before = (home: string) => commandFor(runtime, "collet", { args: ["--home", home] });
  const used = await newHome();
  await (await Lane.proxied(before(used), program))[Symbol.asyncDispose]();
  const sides = {
    direct: () => timeCall(() => Lane.direct(program)),
    async serverCold() {
      await using lane = new Lane(await McpClient.start(before(used)), program, NAMESPACE);
      await lane.listed();
      return await timed(() => lane.call());
    },
    bothCold: () => timeCall(async () => new Lane(await McpClient.start(before(used)), program, NAMESPACE)),
    async firstEver() {
      const home = await newHome();
      return await timeCall(() => Lane.proxied(before(home), program));
    },
  };
  const of = await timeSides(sides, { rounds: plan.scriptRounds });
  const beside = (side: keyof typeof sides) => compare(of(side), of("direct"));
  return { serverCold: beside("serverCold"), bothCold: beside("bothCold"), firstEver: beside("firstEver") };
}

/** Times the start as well as the call, and not the end. */
async function timeCall(open: () => Promise<Lane>): Promise<number> {
  const startedAt = performance.now();
  await using lane = await open();
  await lane.call();
  return performance.now() - startedAt;
}
