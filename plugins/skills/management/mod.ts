/**
 * The tools by which a model manages skills.
 *
 * @module
 */
import { type Log, messageOf, type PluginContext, rankCompletions, type Toolbox } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import { registerAliases } from "./aliases.ts";
import { registerSkillFilesCrud } from "./files/skill_files_crud.ts";
import { registerSkillCrud } from "./skill_crud.ts";
import { registerSkillEnvCrud } from "./skill_env_crud.ts";
import type { SkillPlaces } from "./skill_places.ts";
import type { SkillTurns } from "./skill_turns.ts";
import { WritableSkills } from "./writable_skills.ts";

/** What the tools need. */
export interface ManagementContext {
  readonly own: PluginContext["own"];
  readonly tool: PluginContext["tool"];
  readonly places: SkillPlaces;
  readonly turns: SkillTurns;
  readonly catalog: Pick<SkillCatalog, "find" | "skills">;
  readonly toolbox: Pick<Toolbox, "call">;
  readonly log: Log;
  /** Whether the tools are offered by the names that came before these as well. */
  readonly hasAliases: boolean;
  /** Most bytes of a file that is written, or read at once; 1,000,000 by default. */
  readonly mostBytes?: number | undefined;
  /** Looks again at what is at an absolute path; resolves when the catalog has what is there now. */
  refresh(path: string): Promise<void>;
}

/** Registers the tools. */
export function registerManagement(context: ManagementContext): void {
  const { own, tool, places, turns, catalog, log, hasAliases } = context;
  const skills = new WritableSkills(() => places.root);
  // secrets of deleted skills are not to lie there for as long as nobody deletes another one
  const cleaning = Promise.all([skills.cleanUp(), turns.cleanUp()]).catch((thrown: unknown) =>
    log.warn(`Cannot clean up deleted skills: ${messageOf(thrown)}`)
  );
  own("clean-up of deleted skills", async () => void await cleaning);
  const complete = (value: string) => rankCompletions(value, catalog.skills().map(({ name }) => name));
  registerSkillCrud({ ...context, skills, complete });
  registerSkillFilesCrud({ ...context, complete });
  registerSkillEnvCrud({ tool, places, turns, complete });
  if (hasAliases) registerAliases(context);
}
