/**
 * The tool by which a model manages the environment variables of a skill, without ever seeing a value.
 *
 * @module
 */
import type { PluginContext } from "../../../kernel/mod.ts";
import type { SkillPlaces } from "../management/skill_places.ts";
import type { SkillTurns } from "../management/skill_turns.ts";
import { registerSkillEnvCrud } from "./skill_env_crud.ts";

/** What the tool needs. */
export interface SkillEnvContext {
  readonly tool: PluginContext["tool"];
  readonly places: Pick<SkillPlaces, "find" | "writable">;
  readonly turns: SkillTurns;
  /** Completes the name of a skill while it is typed; nothing by default. */
  readonly complete?: ((value: string) => readonly string[]) | undefined;
}

/** Registers the tool. */
export function registerSkillEnv(context: SkillEnvContext): void {
  registerSkillEnvCrud(context);
}
