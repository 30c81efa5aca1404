/**
 * The skills that are published by the protocol's skills extension: those whose front matter keeps the rules of the
 * Agent Skills specification.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { findPublishingObstacle } from "../format/publishing.ts";
import type { SkillFiles } from "./skill_files.ts";
import { readSkillUri, SKILL_FILE, skillUri } from "./uris.ts";

/** What the extension is told of the catalog. */
export interface PublishedOptions {
  readonly catalog: Pick<SkillCatalog, "skills" | "find" | "onChange">;
  readonly files: SkillFiles;
}

/** Lists skills, in one order, and describes them. */
export class PublishedSkills {
  readonly #catalog: PublishedOptions["catalog"];
  readonly #files: SkillFiles;
  #sorted: readonly CatalogSkill[] | undefined;

  constructor({ catalog, files }: PublishedOptions) {
    this.#catalog = catalog;
    this.#files = files;
  }

  /** Forgets what was sorted; the catalog changed. */
  changed(): void {
    this.#sorted = undefined;
  }

  /** Gives up to so many skills whose names sort after another, and whether there are more. */
  page(after: string, most: number): { readonly skills: readonly CatalogSkill[]; readonly hasMore: boolean } {
    this.#sorted ??= this.#catalog.skills().filter(isPublishable).sort((a, b) => (a.name < b.name ? -1 : 1));
    let first = 0;
    for (let high = this.#sorted.length; first < high;) {
      const middle = (first + high) >>> 1;
      if (this.#sorted[middle]!.name > after) high = middle;
      else first = middle + 1;
    }
    return { skills: this.#sorted.slice(first, first + most), hasMore: this.#sorted.length > first + most };
  }

  /** Finds a skill by the address of its SKILL.md. */
  find(uri: string): CatalogSkill | undefined {
    const at = readSkillUri(uri);
    if (at === undefined || at.path !== SKILL_FILE) return undefined;
    const skill = this.#catalog.find(at.name);
    return skill?.name === at.name && isPublishable(skill) ? skill : undefined;
  }

  /** Describes a skill, as `skills/list` and `skills/get` do; `undefined` when its files are gone. */
  async entry({ name, metadata, found }: CatalogSkill): Promise<JsonObject | undefined> {
    const files = await this.#files.published(found.path);
    if (files !== undefined && files[0]?.path !== SKILL_FILE) return undefined;
    const resources = files?.map(({ path, size, digest }) => ({ uri: skillUri(name, path), digest, size }));
    return { uri: skillUri(name, SKILL_FILE), frontmatter: metadata.frontmatter, resources: resources ?? "dynamic" };
  }
}

function isPublishable({ name, metadata: { frontmatter } }: CatalogSkill): boolean {
  return findPublishingObstacle({ name, frontmatter }) === undefined;
}
