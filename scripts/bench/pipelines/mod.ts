/**
 * Pipelines: what a step costs beside a call of its tool, in the process and through a client, and many items.
 *
 * @module
 */
import { inRepository } from "../../lib/repository.ts";
import { type Bench, type Measured, say, timed, timeSides } from "../bench.ts";
import { McpClient } from "../mcp_client.ts";
import type { TimedTool, TimeTool } from "../servers/tool_caller.ts";
import { compare, type Comparison, summarize, type Summary } from "../statistics.ts";
import { serve } from "../subjects.ts";

/** Calls of a tool, made by a pipeline and directly; times are in milliseconds. */
export interface PipelineCost {
  readonly title: string;
  readonly calls: number;
  /** All of them: by the pipeline, and directly. */
  readonly all: Comparison;
  /** What the pipeline adds to each call. */
  readonly added: Summary;
}

/** All that was measured of pipelines. */
export interface PipelineResults {
  readonly costs: readonly PipelineCost[];
}

/** Steps of the pipeline that is run. */
const STEPS = 100;
/** Items of the loop. */
const ITEMS = 1_000;
const TOOL_CALLER = inRepository("scripts", "bench", "servers", "tool_caller.ts");
const ECHO_STEP = { tool: "echo", args: { text: "$input.text" } };
const LOOP_STEP = { tool: "echo", args: { text: "$item" } };
const ITEM_LIST = Array.from({ length: ITEMS }, (_, i) => `hello ${i}`);

/** The pipelines, by name. */
const PIPELINES: Readonly<Record<string, { readonly steps: readonly object[]; readonly calls: number }>> = {
  bench_steps: { steps: Array.from({ length: STEPS }, () => ECHO_STEP), calls: STEPS },
  bench_items: { steps: [{ for_each: { items: "$input.items", steps: [LOOP_STEP] } }], calls: ITEMS },
  bench_items_at_once: {
    steps: [{ for_each: { items: "$input.items", concurrency: 16, steps: [LOOP_STEP] } }],
    calls: ITEMS,
  },
};
const TITLES: Readonly<Record<string, string>> = {
  bench_steps: `${STEPS} steps`,
  bench_items: `for_each of ${ITEMS.toLocaleString("en")} items, one at a time`,
  bench_items_at_once: `for_each of ${ITEMS.toLocaleString("en")} items, 16 at a time`,
};

/** Measures pipelines. */
export async function measurePipelines({ plan, runtime }: Bench): Promise<Measured<PipelineResults>> {
  await using server = await serve(runtime, "collet", { plugins: { [TOOL_CALLER]: {} } });
  await using client = await McpClient.open(server);
  for (const [name, { steps }] of Object.entries(PIPELINES)) {
    await client.call("pipeline", { action: "create", name, description: "Echo many texts", steps });
  }
  const costs: PipelineCost[] = [];
  for (const [name, { calls }] of Object.entries(PIPELINES)) {
    const title = TITLES[name] ?? name;
    say(`${runtime.name}: pipelines, ${title}`);
    const args = { action: "run", name, arguments: { text: "hello", items: ITEM_LIST } };
    const inside = async (job: TimeTool) => ((await client.call("time_tool", job)).structured as TimedTool).ms;
    costs.push(
      await measureCost(plan.scriptRounds, {
        ...{ title: `${title}, inside the server`, calls },
        run: () => inside({ name: "pipeline", arguments: args, count: 1, expected: "hello" }),
        direct: () => inside({ name: "echo", arguments: { text: "hello" }, count: calls, expected: "hello" }),
      }),
    );
    costs.push(
      await measureCost(plan.scriptRounds, {
        ...{ title: `${title}, through a client`, calls },
        run: () => timed(() => client.call("pipeline", args)),
        direct: () =>
          timed(async () => {
            for (let i = 0; i < calls; i++) await client.call("echo", { text: "hello" });
          }),
      }),
    );
  }
  return { results: { costs }, verdicts: [] };
}

async function measureCost(rounds: number, { title, calls, run, direct }: {
  readonly title: string;
  readonly calls: number;
  readonly run: () => Promise<number>;
  readonly direct: () => Promise<number>;
}): Promise<PipelineCost> {
  const of = await timeSides({ run, direct }, { rounds });
  const added = of("run").map((ms, i) => (ms - (of("direct")[i] ?? NaN)) / calls);
  return { title, calls, all: compare(of("run"), of("direct")), added: summarize(added) };
}
