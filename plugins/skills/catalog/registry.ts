/**
 * The tools of loaded skills by name, whatever runs them.
 *
 * @module
 */
import { type Disposer, isItemName, type JsonObject, type ToolAnnotations } from "../../../kernel/mod.ts";
import { ToolDeclaration } from "../format/declaration.ts";
import { SkillValueError } from "./errors.ts";
import { Listeners } from "./listeners.ts";

/** A registered tool; immutable. */
export interface RegisteredTool {
  /** Such as `maya_geometry__create_sphere`. */
  readonly name: string;
  readonly description: string;
  /** The first tag of its skill, or empty. */
  readonly category: string;
  readonly tags: readonly string[];
  /** The application it is for. */
  readonly dcc: string;
  readonly version: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  /** The script that runs it: an absolute path inside its skill's folder, or empty where it has none. */
  readonly sourceFile: string;
  /** The skill's name in the catalog; empty for a tool of no skill. */
  readonly skillName: string;
  /** The group of its skill that it belongs to; empty for one that is always active. */
  readonly group: string;
  /** Whether its group is active. */
  readonly enabled: boolean;
  readonly requiredCapabilities: readonly string[];
  readonly execution: "sync" | "async";
  readonly timeoutHintSecs?: number;
  readonly threadAffinity: "any" | "main";
  readonly annotations: ToolAnnotations;
  readonly nextTools?: { readonly onSuccess: readonly string[]; readonly onFailure: readonly string[] };
  /** As its skill wrote it. */
  readonly declaration: ToolDeclaration;
}

/** What changed in a registry, by names. */
export interface RegistryChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Replaced, enabled or disabled. */
  readonly changed: readonly string[];
}

/** What is given to register a tool; everything but the name has a default. */
export type ToolRegistration = Pick<RegisteredTool, "name"> & Partial<RegisteredTool>;

/** What came of registering several tools. */
export interface RegistrationReport {
  readonly registered: readonly string[];
  /** Those that were left out, and why. */
  readonly refused: readonly { readonly name: string; readonly error: SkillValueError }[];
}

/**
 * Keeps tools by name.
 *
 * @example Register a tool, and switch its group
 * ```ts
 * import { ToolRegistry } from "collet/skills";
 *
 * const registry = new ToolRegistry();
 * registry.register({ name: "maya_geometry__bevel", skillName: "maya-geometry", group: "edges" });
 * if (registry.setGroupEnabled("maya-geometry", "edges", false) !== 1) throw new Error("unexpected");
 * if (registry.get("maya_geometry__bevel")?.enabled !== false) throw new Error("unexpected");
 * ```
 */
export class ToolRegistry {
  readonly #tools = new Map<string, RegisteredTool>();
  readonly #bySkill = new Map<string, Set<string>>();
  readonly #listeners = new Listeners<RegistryChange>();
  #list: readonly RegisteredTool[] | undefined;

  /** Number of tools. */
  get size(): number {
    return this.#tools.size;
  }

  /** Lists tools, sorted by name; those for one application if it is named, in any letter case. */
  list(dcc?: string | null): readonly RegisteredTool[] {
    this.#list ??= Object.freeze([...this.#tools.values()].sort(byName));
    if (dcc === undefined || dcc === null) return this.#list;
    const wanted = dcc.toLowerCase();
    return this.#list.filter((tool) => tool.dcc.toLowerCase() === wanted);
  }

  /** Lists the tools of a skill, in the order in which they were registered. */
  listBySkill(skillName: string): readonly RegisteredTool[] {
    return [...this.#bySkill.get(skillName) ?? []].flatMap((name) => this.#tools.get(name) ?? []);
  }

  /** Lists the tools of one group of a skill. */
  listInGroup(skillName: string, group: string): readonly RegisteredTool[] {
    return this.listBySkill(skillName).filter((tool) => tool.group === group);
  }

  /** Lists the groups of registered tools as pairs of skill and group, sorted. */
  listGroups(): readonly (readonly [skill: string, group: string])[] {
    return [...this.#bySkill.keys()].sort().flatMap((skill) => {
      const groups = new Set(this.listBySkill(skill).map((tool) => tool.group).filter((group) => group !== ""));
      return [...groups].sort().map((group) => [skill, group] as const);
    });
  }

  /** Finds a tool by name. */
  get(name: string): RegisteredTool | undefined {
    return this.#tools.get(name);
  }

  /**
   * Registers a tool.
   *
   * @throws {SkillValueError} `NAME_INVALID` or `NAME_TAKEN`.
   */
  register(tool: ToolRegistration): RegisteredTool {
    const complete = completeTool(tool);
    this.swap({ add: [complete] });
    return complete;
  }

  /** Registers those of several tools whose names can be used. */
  registerBatch(tools: readonly ToolRegistration[]): RegistrationReport {
    const add = new Map<string, RegisteredTool>();
    const refused: { name: string; error: SkillValueError }[] = [];
    for (const tool of tools) {
      const error = this.#refuse(tool.name, add.has(tool.name) || this.#tools.has(tool.name));
      if (error === undefined) add.set(tool.name, completeTool(tool));
      else refused.push({ name: tool.name, error });
    }
    this.swap({ add: [...add.values()] });
    return { registered: [...add.keys()], refused };
  }

  /** Enables or disables the tools of one group of a skill; gives how many that changed. */
  setGroupEnabled(skillName: string, group: string, isEnabled: boolean): number {
    const tools = this.listInGroup(skillName, group).filter((tool) => tool.enabled !== isEnabled);
    this.#replace(tools.map((tool) => ({ ...tool, enabled: isEnabled })));
    return tools.length;
  }

  /** Takes a tool away; tells whether it was there. */
  unregister(name: string): boolean {
    const isThere = this.#tools.has(name);
    this.swap({ remove: [name] });
    return isThere;
  }

  /** Takes the tools of a skill away; gives how many there were. */
  unregisterSkill(skillName: string): number {
    const names = [...this.#bySkill.get(skillName) ?? []];
    this.swap({ remove: names });
    return names.length;
  }

  /**
   * Takes tools away and registers others, all or nothing and as one change; a name that is in both is one that changed.
   *
   * @throws {SkillValueError} `NAME_INVALID` or `NAME_TAKEN`, and nothing has changed.
   */
  swap(
    { remove = [], add = [] }: { readonly remove?: readonly string[]; readonly add?: readonly RegisteredTool[] },
  ): void {
    const removed = new Set(remove.filter((name) => this.#tools.has(name)));
    const added = new Set<string>();
    for (const { name } of add) {
      const error = this.#refuse(name, added.has(name) || (this.#tools.has(name) && !removed.has(name)));
      if (error !== undefined) throw error;
      added.add(name);
    }
    for (const name of removed) this.#delete(name);
    for (const tool of add) this.#set(tool);
    this.#changed({
      added: [...added].filter((name) => !removed.has(name)),
      removed: [...removed].filter((name) => !added.has(name)),
      changed: [...added].filter((name) => removed.has(name)),
    });
  }

  /** Calls back with every change, after it. */
  onChange(listener: (change: RegistryChange) => void): Disposer {
    return this.#listeners.add(listener);
  }

  /** Shows the registry as `ToolRegistry(tools=N)`. */
  toString(): string {
    return `ToolRegistry(tools=${this.size})`;
  }

  #refuse(name: string, isTaken: boolean): SkillValueError | undefined {
    if (!isItemName(name)) {
      return new SkillValueError(
        "NAME_INVALID",
        `Cannot register tool ${quote(name)}: a name has 1 to 64 of A-Z a-z 0-9 _ -`,
      );
    }
    if (!isTaken) return undefined;
    const owner = this.#tools.get(name)?.skillName ?? "";
    const whose = owner === "" ? "it is registered already" : `skill "${owner}" has a tool of that name`;
    return new SkillValueError("NAME_TAKEN", `Cannot register tool "${name}": ${whose}`);
  }

  // where they are: their order in the list of their skill is kept
  #replace(tools: readonly RegisteredTool[]): void {
    for (const tool of tools) this.#tools.set(tool.name, Object.freeze(tool));
    this.#changed({ added: [], removed: [], changed: tools.map((tool) => tool.name) });
  }

  #set(tool: RegisteredTool): void {
    this.#tools.set(tool.name, Object.freeze(tool));
    const names = this.#bySkill.get(tool.skillName);
    if (names === undefined) this.#bySkill.set(tool.skillName, new Set([tool.name]));
    else names.add(tool.name);
  }

  #delete(name: string): void {
    const skill = this.#tools.get(name)?.skillName ?? "";
    const names = this.#bySkill.get(skill);
    names?.delete(name);
    if (names?.size === 0) this.#bySkill.delete(skill);
    this.#tools.delete(name);
  }

  #changed(change: RegistryChange): void {
    if (change.added.length + change.removed.length + change.changed.length === 0) return;
    this.#list = undefined;
    this.#listeners.tell(change);
  }
}

function completeTool(tool: ToolRegistration): RegisteredTool {
  return {
    description: "",
    category: "",
    tags: [],
    dcc: "python",
    version: "1.0.0",
    inputSchema: { type: "object" },
    sourceFile: "",
    skillName: "",
    group: "",
    enabled: true,
    requiredCapabilities: [],
    execution: "sync",
    threadAffinity: "any",
    annotations: {},
    declaration: tool.declaration ?? new ToolDeclaration({ name: tool.name }),
    ...tool,
  };
}

function byName(a: RegisteredTool, b: RegisteredTool): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

// what is no name may be anything, and long
function quote(name: unknown): string {
  const text = JSON.stringify(name) ?? String(name);
  return text.length > 100 ? `${text.slice(0, 100)}…"` : text;
}
