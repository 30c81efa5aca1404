/**
 * All that one run of the benchmark found, as it is written to JSON.
 *
 * @module
 */
import type { CallResults } from "./calls.ts";
import type { CodeResults } from "./code/mod.ts";
import type { ListResults } from "./lists.ts";
import type { Circumstances } from "./machine.ts";
import type { MemoryResults } from "./memory.ts";
import type { Plan, RuntimeName } from "./options.ts";
import type { PipelineResults } from "./pipelines/mod.ts";
import type { SavedTokens } from "./saved/mod.ts";
import type { ScriptResults } from "./scripts/mod.ts";
import type { SkillResults } from "./skills/mod.ts";
import type { StartResults } from "./starts.ts";
import type { TARGETS, Verdict } from "./targets.ts";
import type { TokenResults } from "./tokens.ts";
import type { UpstreamResults } from "./upstream/mod.ts";
import type { WasmResults } from "./wasm/mod.ts";

/** What was found on one runtime; a part that was not asked for is absent. */
export interface RuntimeResults {
  readonly runtime: RuntimeName;
  readonly start?: StartResults;
  readonly calls?: readonly CallResults[];
  readonly lists?: readonly ListResults[];
  readonly memory?: MemoryResults;
  readonly scripts?: ScriptResults;
  readonly wasm?: WasmResults;
  readonly skills?: SkillResults;
  readonly code?: CodeResults;
  readonly pipelines?: PipelineResults;
  readonly upstream?: UpstreamResults;
}

/** All that one run found. */
export interface Results {
  /** Version of this form. */
  readonly format: 1;
  readonly startedAt: string;
  readonly seconds: number;
  readonly isQuick: boolean;
  readonly plan: Plan;
  readonly circumstances: Circumstances;
  readonly runtimes: readonly RuntimeResults[];
  readonly tokens?: TokenResults;
  /** Tasks done by direct calls and by code. */
  readonly saved?: readonly SavedTokens[];
  readonly targets: typeof TARGETS;
  readonly verdicts: readonly Verdict[];
  /** What was not measured, and why; what to bear in mind. */
  readonly notes: readonly string[];
}
