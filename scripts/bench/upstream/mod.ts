/**
 * Other servers behind Collet: what a call through it costs beside the direct one, first calls, and memory.
 *
 * @module
 */
import type { Bench, Measured } from "../bench.ts";
import { HAS_USAGE } from "../process_usage.ts";
import { judge } from "../targets.ts";
import { type ColdCalls, measureCold } from "./cold.ts";
import { measureLatency, type ProxiedCalls, WAYS } from "./latency.ts";
import { measureMemory, type UpstreamMemory } from "./memory.ts";
import { bareProgram, everythingProgram } from "./programs.ts";

/** All that was measured of other servers. */
export interface UpstreamResults {
  readonly calls: readonly ProxiedCalls[];
  /** In milliseconds. */
  readonly cold: ColdCalls;
  /** Absent where the system does not tell what processes use. */
  readonly memory?: UpstreamMemory;
}

/** Measures other servers. Calls are judged where the direct client goes through the same doors, and the server is a real one. */
export async function measureUpstream(bench: Bench): Promise<Measured<UpstreamResults>> {
  const everything = await everythingProgram(bench.runtime);
  const real = await measureLatency(bench, everything, ["stdio", "http", "shared"]);
  const bare = await measureLatency(bench, bareProgram(bench.runtime), ["stdio", "http"]);
  const cold = await measureCold(bench, everything);
  const memory = HAS_USAGE ? await measureMemory(bench, everything) : undefined;
  const judged = real.filter(({ way }) => way !== "shared");
  return {
    results: { calls: [...real, ...bare], cold, ...(memory !== undefined && { memory }) },
    verdicts: judged.map(({ way, clients, latency }) =>
      judge("upstream", `${bench.runtime.name}, ${WAYS[way]}, ${clients} at a time`, latency.ratio)
    ),
  };
}
