/**
 * What somebody asks to activate: names are found, bundles taken apart, and skills loaded with what they depend on.
 *
 * @module
 */
import { type Call, didYouMean, ToolError } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { LoadOptions } from "../tools/mod.ts";
import { type WaitingSkills, waitingText } from "../tools/waiting_skills.ts";
import { type Bundles, expandBundle } from "./bundles.ts";
import type { Consent } from "./consent.ts";
import type { Directory, Target, Verb } from "./directory.ts";

/** What {@linkcode Requests} works with. */
export interface RequestsOptions {
  readonly catalog: Pick<SkillCatalog, "find" | "isLoaded" | "loadSkill">;
  readonly directory: Directory;
  readonly bundles: Pick<Bundles, "current">;
  readonly consent: Consent;
  readonly waiting: WaitingSkills;
}

/** Something that cannot be activated, and why. */
export interface Failed {
  readonly name: string;
  readonly reason: string;
}

/** Names without bundles. */
export interface Members {
  /** Each once, in order. */
  readonly names: readonly string[];
  readonly failed: readonly Failed[];
  /** What of files of bundles cannot be used. */
  readonly problems: readonly string[];
}

/** Something that is ready to be active. */
export interface Ready {
  readonly target: Target;
  /** Skills that it depends on, directly or by others. */
  readonly dependencies: readonly CatalogSkill[];
}

/** Makes ready what is asked for. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Puts the names of skills in place of bundles, to do something with them. */
  async expand(asked: readonly string[], verb: Verb): Promise<Members> {
    const trimmed = asked.map((it) => it.trim());
    if (!trimmed.some(isBundle)) return { names: [...new Set(trimmed)], failed: [], problems: [] };
    const { bundles, problems } = await this.#options.bundles.current();
    const names = new Set<string>();
    const failed: Failed[] = [];
    for (const name of trimmed) {
      if (!isBundle(name)) {
        names.add(name);
      } else if (bundles.has(name)) {
        const expanded = expandBundle(name, bundles);
        for (const member of expanded.names) names.add(member);
        failed.push(...expanded.problems.map((reason) => ({ name, reason })));
      } else {
        const near = didYouMean(name, bundles.keys());
        failed.push({ name, reason: `Cannot ${verb} "${name}": there is no bundle of that name${near}` });
      }
    }
    return { names: [...names], failed, problems };
  }

  /**
   * Finds all that a name to activate could mean, what it does mean first; a person is asked for projects that wait for trust before
   * there is nothing of that name.
   *
   * @throws {ToolError} with near names.
   */
  async find(name: string, call: Call): Promise<readonly [Target, ...Target[]]> {
    const { directory, waiting } = this.#options;
    const [known, ...others] = directory.findAll(name);
    if (known !== undefined) return [known, ...others];
    const projects = await waiting.settle(call);
    const [found, ...more] = directory.findAll(name);
    if (found !== undefined) return [found, ...more];
    throw new ToolError([await directory.unknown(name, "activate"), ...waitingText(projects)].join("; "));
  }

  /**
   * Loads a skill of a SKILL.md and what it depends on; what is none is ready as it is.
   *
   * @param options.isActive Whether it is active for whoever calls: then it was allowed before.
   * @throws {ToolError} with the reason why it cannot be loaded.
   */
  async prepare(
    target: Target,
    { call, isActive, activateGroups }: LoadOptions & { readonly call: Call; readonly isActive: boolean },
  ): Promise<Ready> {
    const { skill } = target;
    if (skill === undefined) return { target, dependencies: [] };
    const { catalog, consent } = this.#options;
    const isAllowed = (isActive && catalog.isLoaded(skill.name)) ||
      await consent.ask([skill, ...this.dependenciesOf(skill)], call);
    await catalog.loadSkill(skill.name, { activateGroups, isImplicit: !isAllowed });
    return { target, dependencies: this.dependenciesOf(catalog.find(skill.name) ?? skill) };
  }

  /** Collects what a skill depends on, directly or by others, as far as it is there; loading tells of the rest. */
  dependenciesOf(root: CatalogSkill): readonly CatalogSkill[] {
    const found = new Map<string, CatalogSkill>();
    const waiting = [...root.metadata.depends];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const skill = this.#options.catalog.find(name);
      if (skill === undefined || skill.name === root.name || found.has(skill.name)) continue;
      found.set(skill.name, skill);
      waiting.push(...skill.metadata.depends);
    }
    return [...found.values()];
  }
}

function isBundle(name: string): boolean {
  return name.startsWith("@");
}
