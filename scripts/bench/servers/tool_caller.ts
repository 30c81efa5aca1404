/**
 * The plugin that times calls of any tool where a client cannot: from the kernel's call to its result, in the process that
 * is measured.
 *
 * @module
 */
import { createCall, definePlugin, type JsonObject, type Plugin, textOf, Toolbox, ToolError } from "collet";
import * as v from "valibot";
import { quantile } from "../statistics.ts";

/** Calls to make, one after the other. */
export interface TimeTool {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly count: number;
  /** What the text of each answer has to contain. */
  readonly expected: string;
}

/** What was measured; times are in milliseconds. */
export interface TimedTool {
  readonly ms: number;
  readonly p50Ms: number;
}

const Input = v.object({
  name: v.string(),
  arguments: v.record(v.string(), v.unknown()),
  count: v.pipe(v.number(), v.integer(), v.minValue(1)),
  expected: v.string(),
});

const caller: Plugin = definePlugin({
  name: "tool_caller",
  version: "1.0.0",
  requires: { toolbox: Toolbox },
  setup({ tool, deps: { toolbox } }) {
    tool({
      name: "time_tool",
      description: "Call a tool, and tell how long that takes",
      input: Input,
      run: async (input) => ({ ...await timeTool(input, toolbox) }),
    });
  },
});

export default caller;

async function timeTool(
  { name, arguments: args, count, expected }: TimeTool,
  toolbox: Toolbox,
): Promise<TimedTool> {
  const times: number[] = [];
  const startedAt = performance.now();
  for (let i = 0; i < count; i++) {
    const calledAt = performance.now();
    const result = await toolbox.call(name, args as JsonObject, createCall());
    times.push(performance.now() - calledAt);
    const text = textOf(result);
    if (result.isError === true || !text.includes(expected)) {
      throw new ToolError(`Wrong answer of "${name}", without "${expected}": ${text.slice(0, 500)}`);
    }
  }
  const ms = performance.now() - startedAt;
  return { ms, p50Ms: quantile(times.sort((a, b) => a - b), 0.5) };
}
