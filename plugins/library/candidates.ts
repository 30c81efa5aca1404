/**
 * What `search_tools` finds beside tools: skills that would bring some.
 *
 * @module
 */
import type { Call, JsonObject } from "../../kernel/mod.ts";

/** A skill that is not loaded and would bring tools, as `search_tools` answers with it. */
export interface SkillCandidate {
  readonly kind: "skill_candidate";
  readonly skill_name: string;
  readonly description: string;
  /** Names of its tools that match, as they are called once it is loaded. */
  readonly matching_tools: readonly string[];
  readonly requires_load_skill: true;
  /** The call that loads it. */
  readonly load_hint: { readonly tool: string; readonly arguments: JsonObject };
}

/** Knows tools that cannot be called yet, such as those of skills that are not loaded. */
export interface CandidateSource {
  /** Ranks what would bring tools that match a query, best first. */
  search(query: string, options: { readonly limit: number; readonly call: Call }): readonly SkillCandidate[];
}
