/**
 * Loads and unloads the skills of a shelf: the one place where shelf and registry change, both in the same turn.
 *
 * @module
 */
import { type Disposer, type Folder, messageOf } from "../../../kernel/mod.ts";
import type { FoundSkill } from "../discovery/found.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import type { CatalogChange } from "./catalog_skill.ts";
import { SkillValueError } from "./errors.ts";
import { chooseGroups, type GroupChoice, listGroupsOf } from "./groups.ts";
import { Listeners } from "./listeners.ts";
import { type LoadingPlan, planLoading } from "./loading.ts";
import { placeOf } from "./places.ts";
import type { RegisteredTool, ToolRegistry } from "./registry.ts";
import type { Requirements } from "./requirements.ts";
import type { LoadedState, SkillEntry } from "./skill_entry.ts";
import { SkillShelf } from "./skill_shelf.ts";

/** What a {@linkcode SkillLoader} works with. */
export interface LoaderOptions {
  readonly registry: ToolRegistry;
  readonly requirements: Requirements | undefined;
  /** Opens the folder of a skill. */
  open(path: string): Folder;
}

/** How a skill is loaded. */
export interface LoadSkillOptions {
  /** Whether groups that are not active by default are made active, or which; `false` by default. */
  readonly activateGroups?: GroupChoice | undefined;
  /** Whether a model chose the skill, and no person asked for it; `false` by default. */
  readonly isImplicit?: boolean | undefined;
}

/** Skills that become loaded. */
interface Entrance {
  readonly plan: LoadingPlan;
  /** Names of tools that are taken away in the same turn. */
  readonly removed: readonly string[];
  /** What skills that are loaded anew were, by their folders. */
  readonly before?: ReadonlyMap<string, LoadedState>;
  /** Which groups are wanted, by folders. */
  readonly choices?: ReadonlyMap<string, GroupChoice>;
}

const NO_CHANGE: CatalogChange = { added: [], removed: [], changed: [], loaded: [], unloaded: [], groups: false };

/** Holds the skills that are known. Whoever calls it sees to it that one call has ended before the next. */
export class SkillLoader {
  readonly #options: LoaderOptions;
  readonly #listeners = new Listeners<CatalogChange>();
  #shelf: SkillShelf;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#shelf = this.makeShelf([]);
  }

  /** The skills that are known. */
  get shelf(): SkillShelf {
    return this.#shelf;
  }

  /** Puts skills on a shelf of their own, to look at. */
  makeShelf(skills: readonly FoundSkill[]): SkillShelf {
    return new SkillShelf(skills, (metadata) => this.#options.requirements?.refuseProducts(metadata));
  }

  /** Calls back with every change, after it. */
  onChange(listener: (change: CatalogChange) => void): Disposer {
    return this.#listeners.add(listener);
  }

  /**
   * Loads a skill and what it depends on.
   *
   * @throws {SkillValueError} and nothing was loaded.
   */
  async load(entry: SkillEntry, { activateGroups = false, isImplicit = false }: LoadSkillOptions): Promise<void> {
    const shelf = this.#shelf;
    const plan = await this.#plan(entry, { isImplicit }).catch((thrown) => {
      if (isLasting(thrown)) shelf.put(entry, { failure: messageOf(thrown) });
      throw thrown;
    });
    const choices = new Map([[entry.found.path, activateGroups]]);
    const add = this.#enter(shelf, { plan, removed: [], choices });
    this.#options.registry.swap({ add });
    this.#listeners.tell({ ...NO_CHANGE, loaded: [...plan.keys()].map((path) => shelf.at(path)!.name) });
  }

  /** Unloads a skill; gives how many tools were taken away. */
  unload(entry: SkillEntry): number {
    const remove = this.#toolsOf(entry);
    this.#shelf.put(entry, {});
    this.#options.registry.swap({ remove });
    this.#listeners.tell({ ...NO_CHANGE, unloaded: [entry.name] });
    return remove.length;
  }

  /** Switches a group of a skill; gives how many tools that changed, which is none unless the skill is loaded. */
  switchGroup(path: string, group: string, isActive: boolean): number {
    const entry = this.#shelf.at(path);
    if (entry?.loaded === undefined || entry.activeGroups.includes(group) === isActive) return 0;
    const others = entry.activeGroups.filter((it) => it !== group);
    this.#shelf.put(entry, { loaded: { ...entry.loaded, activeGroups: isActive ? [...others, group] : others } });
    const count = this.#options.registry.setGroupEnabled(entry.name, group, isActive);
    this.#listeners.tell({ ...NO_CHANGE, groups: true });
    return count;
  }

  /** Takes over other skills in place of those that are known; see `SkillCatalog.accept`. */
  async accept(skills: readonly FoundSkill[]): Promise<CatalogChange> {
    const before = this.#shelf;
    const next = this.makeShelf(skills);
    const same = new Set(before.loaded.filter((old) => isWhole(old) && next.at(old.found.path)?.isSameAs(old)));
    for (const old of same) next.put(next.at(old.found.path)!, { loaded: old.loaded });
    const { plan, successors } = await this.#planAnew(before.loaded.filter((old) => !same.has(old)), next);
    // from here on everything is one turn; groups may have been switched until now
    for (const { found } of same) next.put(next.at(found.path)!, { loaded: before.at(found.path)!.loaded });
    const removed = before.loaded.filter((old) => !isKept(old, next)).flatMap((old) => this.#toolsOf(old));
    const states = new Map([...successors].map(([path, old]) => [path, before.at(old)!.loaded!]));
    const add = this.#enter(next, { plan, removed, before: states });
    keepFailures(before, next);
    this.#shelf = next;
    this.#options.registry.swap({ remove: removed, add });
    const change = compareShelves(before, next);
    if (change !== NO_CHANGE) this.#listeners.tell(change);
    return change;
  }

  #plan(
    entry: SkillEntry,
    { shelf = this.#shelf, planned = new Map(), isImplicit = false }: {
      readonly shelf?: SkillShelf;
      readonly planned?: LoadingPlan;
      readonly isImplicit?: boolean;
    },
  ): Promise<LoadingPlan> {
    const { open, requirements } = this.#options;
    return planLoading(entry, { shelf, planned, isImplicit, requirements, open });
  }

  /** Plans to load anew what changed; what cannot be loaded any more is told on the shelf. */
  async #planAnew(
    changed: readonly SkillEntry[],
    next: SkillShelf,
  ): Promise<{ plan: LoadingPlan; successors: ReadonlyMap<string, string> }> {
    let plan: LoadingPlan = new Map();
    // folders now, and before
    const successors = new Map<string, string>();
    for (const old of changed) {
      const entry = next.findSuccessor(old);
      if (entry === undefined) continue;
      try {
        plan = await this.#plan(entry, { shelf: next, planned: plan });
        successors.set(entry.found.path, old.found.path);
      } catch (thrown) {
        next.put(entry, { failure: messageOf(thrown) });
      }
    }
    return { plan, successors };
  }

  /** Puts planned skills on a shelf as loaded, and gives the tools to register. */
  #enter(shelf: SkillShelf, { plan, removed, before, choices }: Entrance): RegisteredTool[] {
    const { registry } = this.#options;
    const free = new Set(removed);
    const added = new Map<string, RegisteredTool>();
    for (const [path, { tools, diagnostics }] of plan) {
      const entry = shelf.at(path)!;
      const activeGroups = chooseGroups(entry.metadata, { choice: choices?.get(path), before: before?.get(path) });
      const taken: Diagnostic[] = [];
      const registered: string[] = [];
      for (const tool of tools) {
        const holder = added.get(tool.name) ?? (free.has(tool.name) ? undefined : registry.get(tool.name));
        if (holder !== undefined) {
          taken.push({ ...describeTaken(tool, holder), ...placeOf(entry.metadata, ["tools"]) });
          continue;
        }
        registered.push(tool.name);
        added.set(tool.name, { ...tool, enabled: tool.group === "" || activeGroups.includes(tool.group) });
      }
      const groups = listGroupsOf(entry.metadata).map((group) => group.name);
      shelf.put(entry, { loaded: { registered, groups, activeGroups, diagnostics: [...diagnostics, ...taken] } });
    }
    return [...added.values()];
  }

  // an embedder may have taken some away, or put others in their place
  #toolsOf({ name, registered }: SkillEntry): string[] {
    return registered.filter((tool) => this.#options.registry.get(tool)?.skillName === name);
  }
}

/** Tells whether a failure is one of the skill, and not of how it was asked for. */
function isLasting(thrown: unknown): boolean {
  if (!(thrown instanceof SkillValueError)) return true;
  return thrown.code === "SKILL_REFUSED" && thrown.refusals.some(({ rule }) => rule !== "implicit-invocation");
}

/** Tells whether all tools of a skill could be registered; what one lacked may be there later, and nobody tells of it. */
function isWhole({ loaded }: SkillEntry): boolean {
  return loaded?.diagnostics.length === 0;
}

function isKept(old: SkillEntry, next: SkillShelf): boolean {
  const entry = next.at(old.found.path);
  return entry?.loaded !== undefined && entry.loaded === old.loaded;
}

function keepFailures(before: SkillShelf, next: SkillShelf): void {
  for (const old of before.failed) {
    const entry = next.at(old.found.path);
    if (entry?.loaded === undefined && entry?.isSameAs(old)) next.put(entry, { failure: old.failure });
  }
}

function describeTaken({ name, declaration }: RegisteredTool, holder: RegisteredTool): Omit<Diagnostic, "file"> {
  const whose = holder.skillName === "" ? "another tool has" : `a tool of skill "${holder.skillName}" has`;
  const message = `Cannot register tool "${declaration.name}": ${whose} the name "${name}"`;
  return { severity: "error", rule: "tool-name-taken", message, remedy: "Rename the tool" };
}

/** Tells what became of the names. */
function compareShelves(before: SkillShelf, next: SkillShelf): CatalogChange {
  const wasLoaded = new Set(before.loaded.map((entry) => entry.name));
  const isLoaded = new Set(next.loaded.map((entry) => entry.name));
  const isOther = (name: string) => {
    const old = before.at(before.names.get(name) ?? "");
    const now = next.at(next.names.get(name) ?? "");
    return old !== undefined && now !== undefined && !old.isSameAs(now);
  };
  const change: CatalogChange = {
    added: [...next.names.keys()].filter((name) => !before.names.has(name)),
    removed: [...before.names.keys()].filter((name) => !next.names.has(name)),
    changed: [...next.names.keys()].filter(isOther),
    loaded: [...isLoaded].filter((name) => !wasLoaded.has(name)),
    unloaded: [...wasLoaded].filter((name) => !isLoaded.has(name)),
    groups: groupsOf(before) !== groupsOf(next),
  };
  const hasChanged = Object.values(change).some((it) => typeof it === "boolean" ? it : it.length > 0);
  return hasChanged ? change : NO_CHANGE;
}

function groupsOf(shelf: SkillShelf): string {
  return JSON.stringify(shelf.loaded.map(({ name, activeGroups }) => [name, [...activeGroups].sort()]).sort());
}
