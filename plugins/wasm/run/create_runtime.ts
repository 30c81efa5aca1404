/**
 * Makes what runs artifacts, as the platform allows.
 *
 * @module
 */
import type { Workers } from "../../../kernel/mod.ts";
import type { ConversationOptions, ScriptRunner } from "../../scripts/contract.ts";
import { InlineRuntime } from "./inline_runtime.ts";
import type { WasmRuntime } from "./runtime.ts";
import { WorkerRuntime } from "./worker_runtime.ts";

const LEAST_RUNS = 8;
const IDLE_MS = 60_000;
const CACHE_BYTES = 64 * 1024 * 1024;

/** What artifacts are run with. */
export interface RuntimeOptions extends ConversationOptions {
  /** What starts threads; without them artifacts run in line. */
  readonly workers: Workers | undefined;
  /** Talks with modules that speak the script protocol over stdin and stdout, if there is such a thing. */
  readonly scripts: ScriptRunner | undefined;
  /**
   * Most runs at the same time, of each depth of nesting; by default as many as twice the processors, and at least 8.
   */
  readonly most?: number | undefined;
  /** How long a worker waits without a run, in milliseconds; 60,000 by default. */
  readonly idleMs?: number | undefined;
  /** Most bytes of modules that are kept compiled, and of texts of bundles; 64 MiB by default. */
  readonly cacheBytes?: number | undefined;
}

/** Makes what runs artifacts: in workers where there are some. */
export function createRuntime(
  { workers, scripts, most, idleMs = IDLE_MS, cacheBytes = CACHE_BYTES, ...conversation }: RuntimeOptions,
): WasmRuntime {
  if (workers === undefined) return new InlineRuntime({ cacheBytes, conversation });
  return new WorkerRuntime({
    ...{ workers, scripts, idleMs, cacheBytes, conversation },
    most: most ?? Math.max(LEAST_RUNS, 2 * workers.parallelism),
  });
}
