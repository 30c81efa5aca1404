/**
 * The plugin that times calls of script tools, and starts of commands, where a client cannot: from the kernel's call to
 * its result, in the process that is measured.
 *
 * @module
 */
import { contract, createCall, definePlugin, isObject, type Plugin, Toolbox, ToolError } from "collet";
import * as v from "valibot";
import type { Sandbox as SandboxContract } from "../../../plugins/sandbox/contract.ts";
import { quantile } from "../statistics.ts";

/** Calls to make; tools of the benchmark answer `{"n": n + 1}`. */
export interface TimeCalls {
  readonly name: string;
  /** How many are on their way at a time. */
  readonly lanes: number;
  /** Calls that end before this many milliseconds have passed are not counted; 0 by default. */
  readonly leadMs?: number;
  /** Ends after a number of calls, or begins no more after a time in milliseconds. */
  readonly until: { readonly count: number } | { readonly ms: number };
}

/** What was measured; times are in milliseconds. */
export interface Timed {
  /** How many were made, and how many of them were counted. */
  readonly made: number;
  readonly calls: number;
  /** From the end of the lead to that of the last call. */
  readonly ms: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

// by its name alone: the plugin's own modules would be loaded twice
const Sandbox = contract<SandboxContract>("sandbox");
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const CallsInput = v.object({
  name: v.string(),
  lanes: Count,
  leadMs: v.optional(v.number(), 0),
  until: v.union([v.object({ count: Count }), v.object({ ms: Count })]),
});
const StartInput = v.object({ program: v.string(), args: v.array(v.string()) });

const caller: Plugin = definePlugin({
  name: "script_caller",
  version: "1.0.0",
  requires: { toolbox: Toolbox, sandbox: Sandbox },
  setup({ tool, deps: { toolbox, sandbox } }) {
    tool({
      name: "time_calls",
      description: "Call a script tool, and tell how long that takes",
      input: CallsInput,
      run: async (input) => ({ ...await timeCalls(input, toolbox) }),
    });
    tool({
      name: "time_start",
      description: "Start a command in the sandbox, and tell how long it takes to its end",
      input: StartInput,
      run: async (command) => ({ ms: await timeStart(command, sandbox) }),
    });
  },
});

export default caller;

async function timeCalls({ name, lanes, leadMs = 0, until }: TimeCalls, toolbox: Toolbox): Promise<Timed> {
  const times: number[] = [];
  let begun = 0;
  const startedAt = performance.now();
  const isWanted = () => "count" in until ? begun < until.count : performance.now() - startedAt < until.ms;
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (isWanted()) {
      const n = begun++;
      const calledAt = performance.now();
      const { structuredContent, content } = await toolbox.call(name, { n }, createCall());
      const answeredAt = performance.now();
      if (answeredAt - startedAt >= leadMs) times.push(answeredAt - calledAt);
      if (isObject(structuredContent) && structuredContent["n"] === n + 1) continue;
      throw new ToolError(`Wrong answer of "${name}" to ${n}: ${JSON.stringify(structuredContent ?? content)}`);
    }
  }));
  const ms = performance.now() - startedAt - leadMs;
  times.sort((a, b) => a - b);
  return { made: begun, calls: times.length, ms, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
}

async function timeStart(
  { program, args }: { readonly program: string; readonly args: readonly string[] },
  sandbox: SandboxContract,
): Promise<number> {
  const startedAt = performance.now();
  const confined = await sandbox.confine({ network: false });
  const process = await confined.spawn({ program, args });
  await process.end();
  let said = "";
  for await (const text of process.stderr) said += text;
  const { code } = await process.exited;
  const ms = performance.now() - startedAt;
  if (code !== 0) throw new ToolError(`Cannot time "${program}": it exited with ${code}: ${said.trim()}`);
  return ms;
}
