/**
 * Finds the skill that a model named, or says why there is none.
 *
 * @module
 */
import { type Call, didYouMean, rankCompletions, ToolError } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { SkillFolders } from "../discovery/skill_folders.ts";
import { describeDiagnostic, MAX_REASONS, oneLine } from "./texts.ts";
import { type WaitingSkills, waitingText } from "./waiting_skills.ts";

/** What a {@linkcode SkillLookup} works with. */
export interface LookupOptions {
  readonly catalog: Pick<SkillCatalog, "find" | "skills">;
  readonly folders?: Pick<SkillFolders, "current"> | undefined;
  readonly waiting: WaitingSkills;
}

/** Finds skills by name. */
export class SkillLookup {
  readonly #options: LookupOptions;

  constructor(options: LookupOptions) {
    this.#options = options;
  }

  /**
   * Finds a skill by its name, by `scope:name`, or by the name of its folder.
   *
   * @param verb What is going to be done with it, such as `load`.
   * @throws {ToolError} saying which names are near, why a folder of that name was skipped, or what waits for trust.
   */
  async require(name: string, { verb, call }: { readonly verb: string; readonly call: Call }): Promise<CatalogSkill> {
    const { catalog, waiting } = this.#options;
    const known = catalog.find(name);
    if (known !== undefined) return known;
    const projects = await waiting.settle(call);
    const found = catalog.find(name);
    if (found !== undefined) return found;
    const near = didYouMean(name, catalog.skills().map((it) => it.name));
    const reasons = [
      `Cannot ${verb} skill "${name}": there is no skill of that name${
        near === "" ? "; find one with search_skills" : near
      }`,
      ...this.#skipped(name),
      ...waitingText(projects),
    ];
    throw new ToolError(reasons.join("\n"), { data: { code: "SKILL_UNKNOWN", skill: name } });
  }

  /** Completes the name of a skill while it is typed. */
  complete(value: string): string[] {
    return rankCompletions(value, this.#options.catalog.skills().map((it) => it.name));
  }

  #skipped(name: string): readonly string[] {
    const skipped = this.#options.folders?.current().skipped ?? [];
    return skipped.filter(({ path }) => path.split(/[\\/]/).at(-1) === name)
      .map(({ path, diagnostics }) =>
        `${oneLine(path)} was skipped: ${diagnostics.slice(0, MAX_REASONS).map(describeDiagnostic).join("; ")}`
      );
  }
}
