/**
 * The catalog of skills: what was found, what is loaded, and the tools that come of it.
 *
 * @module
 */
import { didYouMean, type Disposer } from "../../../kernel/mod.ts";
import { type Discovery, EMPTY_DISCOVERY } from "../discovery/found.ts";
import { SkillIndex } from "../search/skill_index.ts";
import type { CatalogChange, CatalogDiagnostic, CatalogSkill } from "./catalog_skill.ts";
import type {
  CatalogOptions,
  DiscoverRequest,
  ExtraPath,
  InProcessExecutor,
  SkillSearch,
  SkillStatus,
} from "./catalog_options.ts";
import { findCircles, listDiagnostics, listNewSkills, mergeDiscoveries } from "./discoveries.ts";
import { SkillValueError } from "./errors.ts";
import { chooseGroups, type GroupState, listGroupsOf } from "./groups.ts";
import { type LoadSkillOptions, SkillLoader } from "./loader.ts";
import type { ToolRegistry } from "./registry.ts";
import type { SkillEntry } from "./skill_entry.ts";
import type { SkillShelf } from "./skill_shelf.ts";
import { detailOf, type SkillDetail, SkillSummary } from "./summary.ts";
import { TaskQueue } from "./task_queue.ts";

/**
 * Knows skills, and loads them: their tools go to a registry. Whatever changes it is done one after another, all or
 * nothing; what is read of it is as it was between two changes.
 */
export class SkillCatalog {
  /** Ranks the skills that have their name; searches share it. */
  readonly index: SkillIndex;
  /** The tools of loaded skills. */
  readonly registry: ToolRegistry;
  readonly #loader: SkillLoader;
  readonly #queue = new TaskQueue();
  readonly #options: CatalogOptions;
  readonly #requests = new Map<string, DiscoverRequest>();
  readonly #summaries = new WeakMap<SkillEntry, SkillSummary>();
  #discovery: Discovery = EMPTY_DISCOVERY;
  #circles: readonly CatalogDiagnostic[] = [];
  #executor: InProcessExecutor | null = null;

  /** @throws {TypeError} when the registry is none. */
  constructor(registry: ToolRegistry, options: CatalogOptions) {
    if (typeof registry?.swap !== "function") {
      throw new TypeError("Cannot make a skill catalog: its first argument is no ToolRegistry");
    }
    this.registry = registry;
    this.#options = options;
    this.#loader = new SkillLoader({
      registry,
      requirements: options.requirements,
      open: (path) => options.open(path),
    });
    this.index = new SkillIndex({ skills: () => this.#shelf.indexed });
  }

  /** Number of skills, without those that another takes precedence over. */
  get size(): number {
    return this.#shelf.size;
  }

  /** Tells whether there is no skill. */
  isEmpty(): boolean {
    return this.size === 0;
  }

  /**
   * Looks for skills, and adds those whose names are new; others stay as they are. Skills that depend on each other in a
   * circle keep all from being added: {@linkcode SkillCatalog.diagnostics} tells of it.
   *
   * @param extraPaths Folders that are looked into first.
   * @param dccName The application whose search paths count as well; what is found is not narrowed to it.
   * @returns how many names are new.
   */
  async discover(extraPaths?: readonly ExtraPath[] | null, dccName?: string | null): Promise<number> {
    const request: DiscoverRequest = { extraPaths: [...extraPaths ?? []], dccName: dccName ?? undefined };
    const found = await this.#find(request);
    return await this.#queue.run(async () => {
      this.#requests.set(JSON.stringify(request), request);
      const fresh = listNewSkills(found, this.#shelf);
      const all = mergeDiscoveries([this.#discovery, { ...found, skills: fresh }]);
      this.#circles = findCircles(this.#loader.makeShelf(all.skills), fresh);
      this.#discovery = this.#circles.length === 0 ? all : { ...all, skills: this.#discovery.skills };
      const { added } = await this.#loader.accept(this.#discovery.skills);
      return added.filter((name) => this.#shelf.find(name)?.shadowedBy === undefined).length;
    });
  }

  /** Looks again wherever {@linkcode SkillCatalog.discover} did, and takes over what is new, changed and gone. */
  async rediscover(): Promise<CatalogChange> {
    const found = await Promise.all([...this.#requests.values()].map((request) => this.#find(request)));
    return await this.accept(mergeDiscoveries(found));
  }

  /**
   * Takes over what was found in place of all that was known. Loaded skills whose files changed are loaded anew, with the
   * groups that were active; those that are gone, or can no longer be loaded, are unloaded.
   */
  async accept(discovery: Discovery): Promise<CatalogChange> {
    return await this.#queue.run(() => {
      this.#discovery = discovery;
      this.#circles = [];
      return this.#loader.accept(discovery.skills);
    });
  }

  /**
   * Loads a skill, and what it depends on before it: their tools are registered. Once more it registers what could not
   * be registered before, and changes nothing else.
   *
   * @returns the names of its registered tools, in the order of their declaration.
   * @throws {SkillValueError} `SKILL_UNKNOWN`, `DEPENDENCY_MISSING`, `DEPENDENCY_CYCLE`, `SKILL_REFUSED` or `NAME_TAKEN`,
   * and nothing was loaded.
   */
  async loadSkill(name: string, options: LoadSkillOptions = {}): Promise<string[]> {
    return await this.#queue.run(async () => {
      const entry = this.#require(name, "load");
      const { path } = entry.found;
      const choice = options.activateGroups ?? false;
      if (entry.loaded === undefined) await this.#loader.load(entry, options);
      else if (entry.loaded.diagnostics.length > 0) await this.#loader.accept(this.#discovery.skills);
      if (entry.loaded !== undefined && choice !== false) {
        for (const group of chooseGroups(entry.metadata, { choice })) this.#loader.switchGroup(path, group, true);
      }
      return [...this.#shelf.at(path)?.registered ?? []];
    });
  }

  /**
   * Unloads a skill: its tools are taken away, its groups are as at first. What depends on it stays.
   *
   * @returns how many tools were taken away.
   * @throws {SkillValueError} `SKILL_UNKNOWN` or `SKILL_NOT_LOADED`.
   */
  async unloadSkill(name: string): Promise<number> {
    return await this.#queue.run(() => {
      const entry = this.#require(name, "unload");
      if (entry.loaded !== undefined) return this.#loader.unload(entry);
      const message = `Cannot unload skill "${entry.name}": it is not loaded`;
      throw new SkillValueError("SKILL_NOT_LOADED", message, { skill: entry.name });
    });
  }

  /**
   * Finds skills, best first; all of them, by scope and name, when nothing is asked for. Those that a model may not use
   * unasked are left out.
   *
   * @throws {SkillValueError} `SCOPE_UNKNOWN` or `ARGUMENT_INVALID`.
   */
  searchSkills(search?: SkillSearch | null): SkillSummary[];
  /** Finds skills by what may be given one after another. */
  searchSkills(
    query?: string | null,
    tags?: readonly string[] | null,
    dcc?: string | null,
    scope?: string | null,
    limit?: number | null,
  ): SkillSummary[];
  searchSkills(
    first?: SkillSearch | string | null,
    tags?: readonly string[] | null,
    dcc?: string | null,
    scope?: string | null,
    limit?: number | null,
  ): SkillSummary[] {
    const search = typeof first === "object" && first !== null ? first : { query: first, tags, dcc, scope, limit };
    const { matches } = this.index.search({ ...search, hidden: search.includeHidden });
    const { names } = this.#shelf;
    return matches.flatMap(({ name }) => this.#shelf.at(names.get(name) ?? "") ?? []).map((it) => this.#summarize(it));
  }

  /** Lists skills, sorted by name. `unloaded` are all that are not loaded; a status that is none of these lists all. */
  listSkills(status?: SkillStatus | null): SkillSummary[] {
    return this.#shelf.winners.filter((entry) => hasStatus(entry, status ?? "all")).map((it) => this.#summarize(it));
  }

  /** Gives all that is known of a skill, as plain JSON; `null` when it is not known. */
  getSkillInfo(name: string): SkillDetail | null {
    const entry = this.#shelf.find(name);
    return entry === undefined ? null : structuredClone(detailOf(entry));
  }

  /** Tells whether a skill is loaded. */
  isLoaded(name: string): boolean {
    return this.#shelf.find(name)?.loaded !== undefined;
  }

  /** Gives the number of loaded skills. */
  loadedCount(): number {
    return this.#shelf.loadedCount;
  }

  /** Lists the skills that have their name, sorted by it; the same array until something changes. */
  skills(): readonly CatalogSkill[] {
    return this.#shelf.winners;
  }

  /** Lists the skills that another of the same name takes precedence over. */
  shadowed(): readonly CatalogSkill[] {
    return this.#shelf.shadowed;
  }

  /** Finds a skill by its name, by `scope:name`, or by the name of its folder. */
  find(name: string): CatalogSkill | undefined {
    return this.#shelf.find(name);
  }

  /** Calls back with every change, after it. */
  onChange(listener: (change: CatalogChange) => void): Disposer {
    return this.#loader.onChange(listener);
  }

  /** Lists what there is to say of skills, and of folders that hold none that can be used. */
  diagnostics(): CatalogDiagnostic[] {
    return [...this.#circles, ...listDiagnostics(this.#discovery, this.#shelf)];
  }

  /**
   * Makes a group of a loaded skill active: its tools are enabled.
   *
   * @param name `skill:group`, or the group alone when one loaded skill has it.
   * @returns how many tools that changed.
   */
  activateGroup(name: string): number {
    return this.#switchOnly(name, true);
  }

  /** Makes a group of a loaded skill inactive, as {@linkcode SkillCatalog.activateGroup} makes it active. */
  deactivateGroup(name: string): number {
    return this.#switchOnly(name, false);
  }

  /** Lists the active groups of loaded skills as `skill:group`, sorted. */
  activeGroups(): string[] {
    return this.#shelf.loaded.flatMap(({ name, activeGroups }) => activeGroups.map((group) => `${name}:${group}`))
      .sort();
  }

  /** Lists the groups of all skills by skill and group, and whether each is active. */
  listGroups(): [skill: string, group: string, isActive: boolean][] {
    const { winners, loaded } = this.#shelf;
    const entries = [...winners, ...loaded.filter((entry) => entry.shadowedBy !== undefined)];
    return entries.flatMap(statesOf).map(({ skill, group, isActive }) => [skill, group, isActive]);
  }

  /** Finds the groups that a name means: `skill:group`, or a group alone, which several loaded skills may have. */
  findGroups(name: string): readonly GroupState[] {
    const colon = name.lastIndexOf(":");
    const entry = colon < 0 ? undefined : this.#shelf.find(name.slice(0, colon));
    const exact = entry && statesOf(entry).find(({ group }) => group === name.slice(colon + 1));
    if (exact !== undefined) return [exact];
    return this.#shelf.loaded.flatMap(statesOf).filter(({ skill, group }) =>
      [group, `${skill}:${group}`].includes(name)
    );
  }

  /** The function that runs scripts within this process; `null` when each runs in a process of its own. */
  get inProcessExecutor(): InProcessExecutor | null {
    return this.#executor;
  }

  /** Says by which function scripts run within this process; `null` for none. */
  setInProcessExecutor(executor: InProcessExecutor | null): void {
    if (executor !== null && typeof executor !== "function") {
      throw new TypeError("Cannot set the executor: it is neither a function nor null");
    }
    this.#executor = executor;
  }

  /** Shows the catalog as `SkillCatalog(total=N, loaded=N)`. */
  toString(): string {
    return `SkillCatalog(total=${this.size}, loaded=${this.loadedCount()})`;
  }

  get #shelf(): SkillShelf {
    return this.#loader.shelf;
  }

  #find(request: DiscoverRequest): Promise<Discovery> {
    if (this.#options.discover !== undefined) return this.#options.discover(request);
    throw new TypeError("Cannot discover skills: the catalog was made without a way to find them");
  }

  #require(name: string, action: string): SkillEntry {
    const entry = this.#shelf.find(name);
    if (entry !== undefined) return entry;
    const near = didYouMean(name, this.#shelf.names.keys());
    const circle = this.#circles.map(({ message }) => `; discovery added nothing: ${message}`)[0] ?? "";
    const message = `Cannot ${action} skill "${name}": there is no skill of that name${near}${circle}`;
    throw new SkillValueError("SKILL_UNKNOWN", message, { skill: name });
  }

  #summarize(entry: SkillEntry): SkillSummary {
    const known = this.#summaries.get(entry) ?? new SkillSummary(entry);
    this.#summaries.set(entry, known);
    return known;
  }

  /** A bare group name means that of the one loaded skill that has it; what is not unique switches nothing. */
  #switchOnly(name: string, isActive: boolean): number {
    const [state, ...others] = this.findGroups(name);
    if (state === undefined || others.length > 0) return 0;
    const path = this.#shelf.names.get(state.skill);
    return path === undefined ? 0 : this.#loader.switchGroup(path, state.group, isActive);
  }
}

function statesOf(entry: SkillEntry): GroupState[] {
  return listGroupsOf(entry.metadata).map(({ name }) => ({
    skill: entry.name,
    group: name,
    isActive: entry.activeGroups.includes(name),
  }));
}

function hasStatus({ state }: SkillEntry, status: string): boolean {
  const states: readonly string[] = ["loaded", "discovered", "error", "pending_deps"];
  return status === "unloaded" ? state !== "loaded" : states.includes(status) ? state === status : true;
}
