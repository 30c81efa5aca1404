/**
 * What clients can read of skills: prompts, resources, and the skills extension of the protocol.
 *
 * @module
 */
import {
  type Disposer,
  type ItemKind,
  type Log,
  messageOf,
  type PluginContext,
  type Protocol,
  RegistryChanged,
  type Requires,
  type Visibility,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogChange } from "../catalog/catalog_skill.ts";
import { skillsExtension } from "./extension.ts";
import { SkillPrompts } from "./prompts.ts";
import { PublishedSkills } from "./published_skills.ts";
import { registerResources } from "./resources.ts";
import type { SkillFiles } from "./skill_files.ts";
import { MANIFEST, SKILL_FILE, skillUri } from "./uris.ts";

/** What {@linkcode registerKnowledge} works with. */
export interface KnowledgeOptions {
  readonly ctx: Pick<
    PluginContext<unknown, Requires>,
    "plugin" | "prompt" | "resource" | "own" | "updated" | "emit" | "log"
  >;
  readonly catalog: SkillCatalog;
  readonly files: SkillFiles;
  readonly visibility: Visibility;
  readonly protocol: Protocol;
}

/** Registers prompts, resources and the extension, and keeps them up to date with the catalog. */
export function registerKnowledge(options: KnowledgeOptions): void {
  const { ctx, catalog, files, visibility, protocol } = options;
  const published = new PublishedSkills({ catalog, files });
  const prompts = new SkillPrompts({
    prompt: ctx.prompt,
    visibility,
    catalog,
    files,
    log: ctx.log,
    owner: ctx.plugin.name,
  });
  ctx.own("narrowing of prompts", prompts.narrow());
  ctx.own("prompts", () => prompts.close());
  ctx.own(
    "skills extension",
    protocol.extension(skillsExtension({ catalog, published, files })),
  );
  registerResources({ resource: ctx.resource, catalog, files });
  const updates = new Updates(prompts, ctx.log);
  updates.add(catalog.skills().map(({ name }) => name));
  const stop: Disposer = catalog.onChange((change) => {
    published.changed();
    updates.add(concerned(change));
    // what is listed of resources comes and goes with loading
    ctx.emit<{ readonly kind: ItemKind }>(RegistryChanged, { kind: "resource" });
    for (const name of change.changed) {
      for (const path of [SKILL_FILE, MANIFEST]) ctx.updated(skillUri(name, path));
    }
  });
  ctx.own("changes of the catalog", stop);
}

function concerned({ added, removed, changed, loaded, unloaded }: CatalogChange): readonly string[] {
  return [...new Set([...added, ...removed, ...changed, ...loaded, ...unloaded])];
}

/** Brings prompts up to date, one change after the other. */
class Updates {
  readonly #prompts: SkillPrompts;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  constructor(prompts: SkillPrompts, log: Log) {
    this.#prompts = prompts;
    this.#log = log;
  }

  add(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#last = this.#last.then(() => this.#prompts.update(names)).catch((error) =>
      this.#log.error(`Prompts of skills are not up to date: ${messageOf(error)}`, { error })
    );
  }
}
