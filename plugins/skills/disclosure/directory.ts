/**
 * What a name means to `activate_skill`: a virtual skill, one of a SKILL.md, or a tool made at run time, in that order.
 * Tools of another MCP server or web API are activated together, by their namespace.
 *
 * What came with the server comes first, so that nothing found on a disk passes itself off as it. A skill comes before a
 * made tool, which anybody who makes tools can name as he likes. Who means the other says so: `virtual:NAME`,
 * `skill:NAME` or `SCOPE:NAME`, and `tool:NAME`.
 *
 * @module
 */
import { didYouMean, type Toolbox } from "../../../kernel/mod.ts";
import { namespaceOf, type ToolLibrary } from "../../library/contract.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { ToolRegistry } from "../catalog/registry.ts";
import { idOf, readId, type SkillId, type SkillKind } from "./active_set.ts";
import { isStubName } from "./stub_names.ts";
import { type VirtualSkill, VirtualSkills } from "./virtual_skills.ts";

/** Something that can be activated. */
export interface Target {
  readonly id: SkillId;
  readonly kind: SkillKind;
  /** As the server calls it. */
  readonly name: string;
  readonly description: string;
  /** Of a SKILL.md. */
  readonly skill?: CatalogSkill;
}

/** What is done with a skill. */
export type Verb = "activate" | "deactivate" | "load";

/** The skills of a catalog, by name. */
export interface SkillsByName {
  skills(): readonly CatalogSkill[];
  find(name: string): CatalogSkill | undefined;
}

/** What a {@linkcode Directory} looks into. */
export interface DirectoryOptions {
  readonly catalog: SkillsByName;
  readonly registry: Pick<ToolRegistry, "get">;
  readonly toolbox: Pick<Toolbox, "get" | "list" | "version">;
  readonly library: Pick<ToolLibrary, "get" | "list"> | undefined;
  /** Names the plugin that offers the tools of skills. */
  readonly owner: string;
}

const QUALIFIED_REGEXP = /^(skill|virtual|tool):(.+)$/s;

/** Knows what can be activated: by name, and by the tools that each shows. */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #virtual: VirtualSkills;
  #imported: { readonly version: number; readonly byNamespace: ReadonlyMap<string, readonly string[]> } | undefined;
  readonly #finders: Readonly<Record<SkillKind, (name: string) => Target | undefined>> = {
    virtual: (name) => this.#findVirtual(name),
    skill: (name) => this.#findSkill(name),
    tool: (name) => this.#findTool(name),
  };

  constructor(options: DirectoryOptions) {
    this.#options = options;
    const { toolbox } = options;
    const isBuiltIn = (tool: string, owner: string) =>
      this.#ownId(tool, owner) === undefined && !this.isStub(tool, owner);
    this.#virtual = new VirtualSkills({ toolbox, isBuiltIn });
  }

  /** Gives the ids of those that show a tool; a stub is shown by none. */
  idsOf(tool: string, owner: string): readonly SkillId[] {
    const id = this.#ownId(tool, owner);
    return id === undefined ? this.#virtual.idsOf(tool, owner) : [id];
  }

  /** Tells whether a tool only stands for others. */
  isStub(tool: string, owner: string): boolean {
    return owner === this.#options.owner && isStubName(tool);
  }

  /** Gives the tools that a skill shows, sorted. */
  toolsOf(id: SkillId): readonly string[] {
    const { kind, name } = readId(id);
    if (kind === "tool") {
      const imported = this.#importedTools().get(name);
      return imported === undefined ? [name] : [...this.#isMade(name) ? [name] : [], ...imported];
    }
    if (kind === "virtual") return this.#virtual.get(name)?.tools ?? [];
    return [...this.#options.catalog.find(name)?.registered ?? []].sort();
  }

  /** Lists the virtual skills, sorted by name. */
  virtual(): readonly VirtualSkill[] {
    return this.#virtual.list();
  }

  /** Gives the id of a tool that came with no plugin. */
  #ownId(tool: string, owner: string): SkillId | undefined {
    const { registry, owner: own } = this.#options;
    const skill = owner === own ? registry.get(tool)?.skillName : undefined;
    if (skill !== undefined) return idOf("skill", skill);
    if (this.#isMade(tool)) return idOf("tool", tool);
    const summary = this.#options.toolbox.get(tool);
    const namespace = summary && namespaceOf(summary)?.namespace;
    return namespace === undefined ? undefined : idOf("tool", namespace);
  }

  #isMade(tool: string): boolean {
    return this.#options.library?.get(tool)?.state === "ready";
  }

  /** Gives the tools that came from elsewhere, by their namespaces. */
  #importedTools(): ReadonlyMap<string, readonly string[]> {
    const { toolbox } = this.#options;
    if (this.#imported?.version === toolbox.version) return this.#imported.byNamespace;
    const byNamespace = new Map<string, string[]>();
    for (const tool of toolbox.list()) {
      const namespace = namespaceOf(tool)?.namespace;
      if (namespace !== undefined) byNamespace.set(namespace, [...byNamespace.get(namespace) ?? [], tool.name]);
    }
    this.#imported = { version: toolbox.version, byNamespace };
    return byNamespace;
  }

  /** Finds all that a name could mean, what it does mean first. */
  findAll(name: string): readonly Target[] {
    const [, kind, rest] = QUALIFIED_REGEXP.exec(name) ?? [];
    const found = kind === undefined
      ? Object.values(this.#finders).map((find) => find(name))
      : [this.#finders[kind as SkillKind](rest!)];
    return found.filter((it) => it !== undefined);
  }

  /** Finds what an id stands for; `undefined` when it is gone. */
  get(id: SkillId): Target | undefined {
    const { kind, name } = readId(id);
    const found = this.#finders[kind](name);
    // the folder of another skill may have the name
    return found?.id === id ? found : undefined;
  }

  /** Lists all names, for completion and for suggesting near ones. */
  async names(): Promise<readonly string[]> {
    const { catalog, library } = this.#options;
    const made = await library?.list() ?? [];
    const named = [...this.#virtual.list(), ...catalog.skills(), ...made].map(({ name }) => name);
    return [...new Set([...named, ...this.#importedTools().keys()])];
  }

  /** Says that something cannot be done since there is nothing of a name, and what is near. */
  async unknown(name: string, verb: Verb): Promise<string> {
    const near = didYouMean(name, await this.names());
    const remedy = near === "" ? "; find one with search_skills or suggest_skill" : near;
    return `Cannot ${verb} skill "${name}": there is no skill of that name${remedy}`;
  }

  #findVirtual(name: string): Target | undefined {
    const skill = this.#virtual.get(name);
    return skill && { id: idOf("virtual", name), kind: "virtual", name, description: skill.description };
  }

  #findSkill(name: string): Target | undefined {
    const skill = this.#options.catalog.find(name);
    if (skill === undefined) return undefined;
    const { name: known, metadata: { description } } = skill;
    return { id: idOf("skill", known), kind: "skill", name: known, description, skill };
  }

  #findTool(name: string): Target | undefined {
    const imported = this.#importedTools().get(name);
    if (!this.#isMade(name) && imported === undefined) return undefined;
    const made = this.#isMade(name) ? this.#options.toolbox.get(name)?.description : undefined;
    const description = made ??
      (imported === undefined ? "" : `${imported.length} tools that were imported as "${name}"`);
    return { id: idOf("tool", name), kind: "tool", name, description };
  }
}
