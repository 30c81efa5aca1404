/**
 * Who is asked before a script of a skill runs.
 *
 * @module
 */
import type { Call, Disposer } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { KnownSkill, ScriptGuard } from "../contract.ts";

/** The guards of a server. */
export class ScriptGuards {
  readonly #guards = new Set<ScriptGuard>();

  /** Adds a guard; the disposer takes it away. */
  add(guard: ScriptGuard): Disposer {
    const own: ScriptGuard = (skill, call) => guard(skill, call);
    this.#guards.add(own);
    return () => void this.#guards.delete(own);
  }

  /**
   * Asks all of them, one after another.
   *
   * @throws {ToolError} of the first that refuses.
   */
  async check(skill: KnownSkill, call: Call): Promise<void> {
    for (const guard of [...this.#guards]) await guard(skill, call);
  }
}

/** Gives what other plugins know of a skill. */
export function knownSkill({ name, found, metadata }: CatalogSkill): KnownSkill {
  const { path, scope, origin } = found;
  return { name, path, scope, origin, description: metadata.description };
}
