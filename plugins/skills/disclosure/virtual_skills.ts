/**
 * Virtual skills: tools that came with the server, under a name by which they can be shown and hidden together. Each
 * plugin with tools is one, of its own name; `dev`, `sys` and `memory` are those of skillz.
 *
 * @module
 */
import type { Toolbox } from "../../../kernel/mod.ts";
import { idOf, type SkillId } from "./active_set.ts";

/** A virtual skill, as it is now. */
export interface VirtualSkill {
  readonly name: string;
  readonly description: string;
  /** Sorted. */
  readonly tools: readonly string[];
}

/** A virtual skill that more than one plugin, or less than a whole one, is part of. */
interface Group {
  readonly description: string;
  /** Plugins all of whose tools it shows. */
  readonly owners?: readonly string[];
  /** Single tools. */
  readonly tools?: readonly string[];
}

/** Those of skillz but `memory`, which is the plugin of that name. */
const GROUPS: Readonly<Record<string, Group>> = Object.freeze({
  dev: {
    description:
      "Developer tools: make, build, test, version, share, import and delete tools and skills, from scripts, " +
      "programs, repositories and other MCP servers",
    owners: ["library", "scripts", "wasm", "code", "sharing", "upstream", "repos"],
    tools: ["skill_crud", "skill_files_crud", "skill_env_crud", "run_skill_script", "execute_python_code"],
  },
  sys: {
    description: "System tools: pipelines, services, long-running jobs, what tools are allowed, resources and prompts",
    owners: ["pipelines", "services", "tasks", "grants", "resource_tools"],
    tools: ["call_tool_internal"],
  },
});

/** What {@linkcode VirtualSkills} works with. */
export interface VirtualSkillsOptions {
  readonly toolbox: Pick<Toolbox, "list" | "version">;
  /** Tells whether a tool came with its plugin: it was not made at run time, belongs to no skill, and stands for none. */
  isBuiltIn(tool: string, owner: string): boolean;
}

/** The virtual skills of a server. */
export class VirtualSkills {
  readonly #options: VirtualSkillsOptions;
  readonly #idsByOwner = new Map<string, readonly SkillId[]>();
  #kept: { readonly version: number; readonly skills: ReadonlyMap<string, VirtualSkill> } | undefined;

  constructor(options: VirtualSkillsOptions) {
    this.#options = options;
  }

  /** Gives the ids of those that show a tool. */
  idsOf(tool: string, owner: string): readonly SkillId[] {
    if (!this.#options.isBuiltIn(tool, owner)) return [];
    const ids = this.#idsByOwner.get(owner) ?? this.#addOwner(owner);
    const group = GROUP_OF_TOOL.get(tool);
    return group === undefined ? ids : [...ids, group];
  }

  #addOwner(owner: string): readonly SkillId[] {
    const groups = Object.entries(GROUPS).filter(([, { owners }]) => owners?.includes(owner));
    const ids = [...new Set([owner, ...groups.map(([name]) => name)])].map((name) => idOf("virtual", name));
    this.#idsByOwner.set(owner, ids);
    return ids;
  }

  /** Lists them, sorted by name. */
  list(): readonly VirtualSkill[] {
    return [...this.#current().values()];
  }

  get(name: string): VirtualSkill | undefined {
    return this.#current().get(name);
  }

  #current(): ReadonlyMap<string, VirtualSkill> {
    const { version } = this.#options.toolbox;
    if (this.#kept?.version !== version) this.#kept = { version, skills: this.#collect() };
    return this.#kept.skills;
  }

  #collect(): ReadonlyMap<string, VirtualSkill> {
    const toolsOf = new Map<SkillId, string[]>();
    for (const { name, owner } of this.#options.toolbox.list()) {
      for (const id of this.idsOf(name, owner)) toolsOf.set(id, [...toolsOf.get(id) ?? [], name]);
    }
    const skills = Array.from(toolsOf, ([id, tools]): VirtualSkill => {
      const name = id.slice("virtual:".length);
      const description = Object.hasOwn(GROUPS, name) ? GROUPS[name]!.description : `Tools of the plugin "${name}"`;
      return { name, description, tools };
    });
    return new Map(skills.sort((a, b) => (a.name < b.name ? -1 : 1)).map((it) => [it.name, it]));
  }
}

/** The group of a single tool. */
const GROUP_OF_TOOL: ReadonlyMap<string, SkillId> = new Map(
  Object.entries(GROUPS).flatMap(([name, { tools = [] }]) => tools.map((tool) => [tool, idOf("virtual", name)])),
);
