/**
 * Skills that are loaded without anybody asking: those that the operator names, and those that want it themselves.
 *
 * @module
 */
import { type Log, messageOf } from "../../../kernel/mod.ts";
import { REPOSITORY_ORIGIN } from "../discovery/scope.ts";
import type { SkillCatalog } from "./catalog.ts";
import type { CatalogSkill } from "./catalog_skill.ts";

/** How many skills are looked at before others have their turn: what each wants is read from the index first. */
const AT_ONCE = 100;

/** What {@linkcode WantedSkills} work with. */
export interface WantedSkillsOptions {
  readonly catalog: Pick<SkillCatalog, "find" | "loadSkill">;
  /** Names that the operator wants. */
  readonly names: readonly string[];
  readonly log: Log;
}

/** Loads wanted skills when they are found. */
export class WantedSkills {
  readonly #options: WantedSkillsOptions;
  #isClosed = false;

  constructor(options: WantedSkillsOptions) {
    this.#options = options;
  }

  /** Loads those of some skills that the operator wants; then, when others had their turn, those that want it themselves. */
  async found(names: readonly string[]): Promise<void> {
    const wanted = names.filter((name) => this.#options.names.includes(name));
    for (const name of wanted) await this.#load(name);
    void this.#loadAlways(names);
  }

  async #loadAlways(names: readonly string[]): Promise<void> {
    for (const [i, name] of names.entries()) {
      if (i % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.#isClosed) return;
      const skill = this.#options.catalog.find(name);
      if (skill !== undefined && mayLoadItself(skill) && skill.metadata.alwaysActive()) await this.#load(name);
    }
  }

  async #load(name: string): Promise<void> {
    try {
      await this.#options.catalog.loadSkill(name);
    } catch (error) {
      this.#options.log.warn(`Skill "${name}" is wanted in any case, and could not be loaded: ${messageOf(error)}`);
    }
  }

  /** Warns of names that no skill has; some may come later. */
  warnOfMissing(): void {
    const { catalog, names, log } = this.#options;
    for (const name of names) {
      if (catalog.find(name) === undefined) {
        log.warn(`Skill "${name}" is to be loaded, and there is none of that name yet`);
      }
    }
  }

  /** Looks at no more skills. */
  close(): void {
    this.#isClosed = true;
  }
}

function mayLoadItself({ found, shadowedBy }: CatalogSkill): boolean {
  // one that another takes precedence over would keep that one from being loaded, and those of a repository are hundreds
  return shadowedBy === undefined && found.origin !== REPOSITORY_ORIGIN;
}
