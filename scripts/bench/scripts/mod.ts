/**
 * Script tools: how fast a call is when a process is started for it, when one has waited for it and when one serves
 * many, what the sandbox adds, and what calls leave behind.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { run } from "../../lib/run.ts";
import type { Bench, Measured } from "../bench.ts";
import { HAS_USAGE } from "../process_usage.ts";
import { judge } from "../targets.ts";
import { judgeLatency, measureLatency, type ScriptLatency } from "./latency.ts";
import { type Leftovers, measureLeftovers } from "./leftovers.ts";
import { measureSandbox, type SandboxCost } from "./sandbox.ts";
import { ScriptServer } from "./server.ts";
import { measureLoad, type ScriptLoad } from "./throughput.ts";
import { findTools } from "./tools.ts";

/** All that was measured of script tools. */
export interface ScriptResults {
  readonly latency: readonly ScriptLatency[];
  readonly load: readonly ScriptLoad[];
  readonly sandbox: readonly SandboxCost[];
  readonly leftovers: Leftovers;
  /** Titles of scripts whose interpreters are not there. */
  readonly missing: readonly string[];
}

/** Says why script tools cannot be measured here; `undefined` where they can. */
export async function whyNoScripts(): Promise<string | undefined> {
  if (!HAS_USAGE) return "there is no /proc here";
  const { code } = await run(["bwrap", "--version"], { timeoutMs: 60_000 });
  return code === 0 ? undefined : "there is no bubblewrap here";
}

/** Measures script tools, all in the same sandbox. */
export async function measureScripts(bench: Bench): Promise<Measured<ScriptResults>> {
  const { runtime } = bench;
  const { tools, missing } = await findTools();
  const latency: ScriptLatency[] = [];
  const load: ScriptLoad[] = [];
  const sandbox: SandboxCost[] = [];
  const verdicts = [];
  {
    await using stack = new AsyncDisposableStack();
    const spawning = stack.use(await ScriptServer.open(runtime, { tools, warm: { total: 0 } }));
    const off = stack.use(await ScriptServer.open(runtime, { tools: [], sandbox: "off" }));
    sandbox.push(...await measureSandbox(bench, { confined: spawning, off }, existsSync("/usr/bin/python3")));
    const warm = stack.use(await ScriptServer.open(runtime, { tools, hasPersistent: true }));
    const servers = { spawned: spawning, pooled: warm, persistent: warm };
    for (const tool of tools) {
      const measured = await measureLatency(bench, tool, servers);
      latency.push(measured);
      verdicts.push(...judgeLatency(tool, `${runtime.name}, ${tool.title}`, measured));
    }
    // its modules make no difference to what bounds it
    for (const tool of tools.filter(({ name }) => name !== "python_modules")) {
      load.push(await measureLoad(bench, tool, servers));
    }
  }
  const leftovers = await measureLeftovers(bench, tools);
  const ofCalls = `${runtime.name}, ${bench.plan.scriptCalls.toLocaleString("en")} calls of scripts`;
  return {
    results: { latency, load, sandbox, leftovers, missing },
    verdicts: [
      ...verdicts,
      ...sandbox.map(({ command, added }) => judge("sandbox", `${runtime.name}, ${command}`, added)),
      judge("scriptsLeft", ofCalls, leftovers.left),
      judge("growth", ofCalls, leftovers.growth),
    ],
  };
}
