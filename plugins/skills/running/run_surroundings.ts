/**
 * What everything works with that runs code of skills.
 *
 * @module
 */
import type { Environment, Files, Log, Processes } from "../../../kernel/mod.ts";
import type { GrantPolicy } from "../../grants/contract.ts";
import type { ScriptRunner } from "../../scripts/contract.ts";
import type { Secrets } from "../../secrets/contract.ts";
import type { ToolRegistry } from "../catalog/registry.ts";
import type { Requirements } from "../catalog/requirements.ts";
import type { ScriptGuards } from "./script_guards.ts";

/** What code of skills is run with. */
export interface RunSurroundings {
  /** Who is asked before each run. */
  readonly guards: Pick<ScriptGuards, "check">;
  readonly requirements: Pick<Requirements, "check">;
  readonly registry: Pick<ToolRegistry, "get">;
  /** What runs scripts; without it every call fails, saying so. */
  readonly scripts: ScriptRunner | undefined;
  readonly files: Files;
  readonly processes: Pick<Processes, "which" | "run">;
  readonly environment: Environment;
  readonly secrets: Secrets | undefined;
  readonly policy: GrantPolicy | undefined;
  readonly log: Log;
}
