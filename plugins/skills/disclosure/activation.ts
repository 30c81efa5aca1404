/**
 * Activation: skills are loaded, become active for whoever asks, and show their tools to him.
 *
 * @module
 */
import {
  type Call,
  type Disposer,
  isToolError,
  type Log,
  messageOf,
  type Toolbox,
  ToolError,
  type Viewer,
} from "../../../kernel/mod.ts";
import type { Namespace } from "../../store/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { Activation as ActivationContract, ActivationChange, ShownTools } from "../contract.ts";
import type { LoadOptions } from "../tools/mod.ts";
import { type ActiveSet, type Cause, idOf, readId, type SkillId } from "./active_set.ts";
import { ActiveStates } from "./active_states.ts";
import type { Directory, Target } from "./directory.ts";
import type { Failed, Ready, Requests } from "./requests.ts";

/** What {@linkcode Activation} works with. */
export interface ActivationOptions {
  readonly catalog: Pick<SkillCatalog, "find" | "isLoaded" | "loadSkill" | "unloadSkill" | "onChange">;
  readonly directory: Directory;
  readonly requests: Requests;
  readonly toolbox: Pick<Toolbox, "get">;
  /** Where the state of principals is kept; without it they end with this server. */
  readonly namespace?: Namespace | undefined;
  readonly hidesMadeTools: boolean;
  readonly log: Log;
}

/** One skill that was activated, or was active before. */
export interface Activated extends Target {
  /** The tools that it shows, sorted. */
  readonly tools: readonly string[];
  readonly wasActive: boolean;
  /** The skill that depends on it, where nobody asked for it by name. */
  readonly neededBy?: string;
  /** Names by which others can be meant that have the same name. */
  readonly others: readonly string[];
}

/** What came of asking for skills. */
export interface ActivationOutcome {
  readonly skills: readonly Activated[];
  readonly failed: readonly Failed[];
  /** What of files of bundles cannot be used. */
  readonly problems: readonly string[];
}

/** What came of deactivating skills. */
export interface DeactivationOutcome {
  readonly deactivated: readonly string[];
  /** Skills that only those depended on. */
  readonly dependencies: readonly string[];
  readonly notActive: readonly string[];
  /** Tools that no active skill shows any more, sorted. */
  readonly hidden: readonly string[];
}

/** Whoever has skills. */
type Holder = Pick<Viewer, "sessionId" | "principal">;

/** Knows what is active for whom, and changes it. */
export class Activation implements ActivationContract {
  readonly hidesMadeTools: boolean;
  readonly #options: ActivationOptions;
  readonly #states: ActiveStates;
  readonly #listeners = new Set<(change: ActivationChange) => void>();
  /** Skills that are active for somebody and cannot be loaded as their files are now. */
  readonly #awaited = new Set<string>();
  #loading: Promise<void> = Promise.resolve();

  constructor(options: ActivationOptions) {
    this.#options = options;
    this.hidesMadeTools = options.hidesMadeTools;
    this.#states = new ActiveStates({
      namespace: options.namespace,
      onChange: (change, added) => this.#changed(change, added),
    });
  }

  /** Takes over what is stored; skills that were active are loaded when they are found. Gives what ends following it. */
  async open(): Promise<Disposer> {
    const unfollow = this.#options.catalog.onChange(({ unloaded }) => {
      this.#awaitGone(unloaded);
      this.#loadAwaited();
    });
    try {
      const close = await this.#states.open();
      // who connects from now on finds the tools of what was active
      await this.#loading;
      return async () => {
        await unfollow();
        await close();
      };
    } catch (thrown) {
      await unfollow();
      throw thrown;
    }
  }

  shows(viewer: Viewer): ShownTools {
    const set = this.#states.of(viewer);
    const { directory } = this.#options;
    return {
      key: set.key,
      has: (tool, owner) => directory.isStub(tool, owner) || directory.idsOf(tool, owner).some((id) => set.has(id)),
    };
  }

  onChange(listener: (change: ActivationChange) => void): Disposer {
    const own = (change: ActivationChange) => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells whether a skill is active for somebody. */
  isActive(holder: Holder, id: SkillId): boolean {
    return this.#states.of(holder).has(id);
  }

  /** Gives the ids of what is active for somebody, oldest first. */
  active(holder: Holder): readonly SkillId[] {
    return [...this.#states.of(holder).ids()];
  }

  /**
   * Loads skills, and makes them and those that they depend on active for whoever calls.
   *
   * @throws {ToolError} with the reason of the first that cannot be loaded; those before it are active.
   */
  async load(names: readonly string[], call: Call, { activateGroups }: LoadOptions): Promise<void> {
    const { catalog, directory } = this.#options;
    const ready: Ready[] = [];
    try {
      for (const name of names) {
        const target = directory.get(idOf("skill", catalog.find(name)?.name ?? name));
        if (target === undefined) throw new ToolError(await directory.unknown(name, "load"));
        ready.push(await this.#prepare(target, call, activateGroups));
      }
    } finally {
      await this.#add(ready, call);
    }
  }

  /**
   * Unloads a skill, for everybody, and makes it inactive for whoever calls.
   *
   * @returns how many tools are gone.
   * @throws {SkillValueError} when it is not loaded.
   */
  async unload(name: string, call: Call): Promise<number> {
    const removed = await this.#options.catalog.unloadSkill(name);
    await this.#states.change(call, (causes) => this.#remove(causes, [idOf("skill", name)]));
    return removed;
  }

  /**
   * Activates what names say: skills, virtual ones, tools made at run time, and bundles. What can be activated is, whatever
   * becomes of the rest.
   */
  async activate(names: readonly string[], call: Call): Promise<ActivationOutcome> {
    const { requests } = this.#options;
    const before = this.#states.of(call);
    const members = await requests.expand(names, "activate");
    const failed = [...members.failed];
    const ready: Ready[] = [];
    const others = new Map<SkillId, readonly SkillId[]>();
    for (const name of members.names) {
      call.signal.throwIfAborted();
      try {
        const [target, ...more] = await requests.find(name, call);
        others.set(target.id, more.map(({ id }) => id));
        ready.push(await this.#prepare(target, call, false));
      } catch (thrown) {
        if (!isToolError(thrown)) throw thrown;
        failed.push({ name, reason: messageOf(thrown) });
      }
    }
    await this.#add(ready, call);
    return { skills: this.#describe(ready, { before, others }), failed, problems: members.problems };
  }

  /**
   * Makes skills inactive for whoever calls, and those that only they depend on. They stay loaded.
   *
   * @throws {ToolError} when there is nothing of a name, and nothing of that name is active.
   */
  async deactivate(names: readonly string[], call: Call): Promise<DeactivationOutcome> {
    const before = this.#states.of(call);
    const leaving = await this.#idsOf(names, before);
    const after = await this.#states.change(call, (causes) => this.#remove(causes, leaving));
    const gone = [...before.ids()].filter((id) => !after.has(id));
    const wasAsked = (id: SkillId) => leaving.includes(id);
    return {
      deactivated: gone.filter(wasAsked).map(nameOf),
      dependencies: gone.filter((id) => !wasAsked(id)).map(nameOf),
      notActive: leaving.filter((id) => !before.has(id)).map(nameOf),
      hidden: this.#hiddenBy(gone, after),
    };
  }

  #prepare(target: Target, call: Call, activateGroups: boolean): Promise<Ready> {
    return this.#options.requests.prepare(target, { call, activateGroups, isActive: this.isActive(call, target.id) });
  }

  async #add(ready: readonly Ready[], call: Call): Promise<void> {
    if (ready.length === 0) return;
    await this.#states.change(call, (causes) => {
      for (const { target, dependencies } of ready) {
        for (const id of dependencies.map(({ name }) => idOf("skill", name))) {
          if (!causes.has(id)) causes.set(id, "dependency");
        }
        causes.set(target.id, "asked");
      }
    });
  }

  /** Removes ids, and what came along with them and nothing else needs. */
  #remove(causes: Map<SkillId, Cause>, leaving: readonly SkillId[]): void {
    for (const id of leaving) causes.delete(id);
    const asked = Array.from(causes).filter(([, cause]) => cause === "asked").map(([id]) => id);
    const needed = new Set(asked.flatMap((id) => this.#dependenciesOf(id)));
    for (const [id, cause] of causes) if (cause === "dependency" && !needed.has(id)) causes.delete(id);
  }

  #dependenciesOf(id: SkillId): readonly SkillId[] {
    const { directory, requests } = this.#options;
    const skill = directory.get(id)?.skill;
    return skill === undefined ? [] : requests.dependenciesOf(skill).map(({ name }) => idOf("skill", name));
  }

  #describe(
    ready: readonly Ready[],
    { before, others }: { readonly before: ActiveSet; readonly others: ReadonlyMap<SkillId, readonly SkillId[]> },
  ): readonly Activated[] {
    const { directory } = this.#options;
    const describe = (target: Target): Activated => ({
      ...target,
      tools: this.#toolsOf(target.id),
      wasActive: before.has(target.id),
      others: others.get(target.id) ?? [],
    });
    const skills = new Map(ready.map(({ target }) => [target.id, describe(target)]));
    for (const { target, dependencies } of ready) {
      for (const dependency of dependencies.map(({ name }) => directory.get(idOf("skill", name)))) {
        if (dependency === undefined || skills.has(dependency.id)) continue;
        skills.set(dependency.id, { ...describe(dependency), neededBy: target.name });
      }
    }
    return [...skills.values()];
  }

  /** Finds what names mean to whoever has skills active, of which some may be gone since. */
  async #idsOf(names: readonly string[], active: ActiveSet): Promise<readonly SkillId[]> {
    const { directory, requests } = this.#options;
    const members = await requests.expand(names, "deactivate");
    if (members.failed.length > 0) throw new ToolError(members.failed.map(({ reason }) => reason).join("; "));
    const ids = new Set<SkillId>();
    for (const name of members.names) {
      const found = directory.findAll(name);
      const id = found.find((it) => active.has(it.id))?.id ??
        [...active.ids()].find((it) => it === name || nameOf(it) === name) ?? found[0]?.id;
      if (id === undefined) throw new ToolError(await directory.unknown(name, "deactivate"));
      ids.add(id);
    }
    return [...ids];
  }

  #hiddenBy(gone: readonly SkillId[], after: ActiveSet): readonly string[] {
    const { directory, toolbox } = this.#options;
    const hidden = gone.flatMap((id) => this.#toolsOf(id)).filter((tool) => {
      const ids = directory.idsOf(tool, toolbox.get(tool)?.owner ?? "");
      const isMade = ids.some((id) => readId(id).kind === "tool");
      return !ids.some((id) => after.has(id)) && !(isMade && !this.hidesMadeTools);
    });
    return [...new Set(hidden)].sort();
  }

  #toolsOf(id: SkillId): readonly string[] {
    const { directory, toolbox } = this.#options;
    return directory.toolsOf(id).filter((name) => toolbox.get(name) !== undefined);
  }

  #changed(change: ActivationChange, added: readonly SkillId[]): void {
    for (const id of added) {
      const { kind, name } = readId(id);
      if (kind === "skill" && !this.#options.catalog.isLoaded(name)) this.#awaited.add(name);
    }
    this.#loadAwaited();
    for (const listener of this.#listeners) listener(change);
  }

  /** Awaits skills that are active for somebody and that their files took away; one that a call unloaded stays so. */
  #awaitGone(unloaded: readonly string[]): void {
    const sets = unloaded.length === 0 ? [] : this.#states.all();
    for (const name of unloaded) {
      const isActive = sets.some((set) => set.has(idOf("skill", name)));
      if (isActive && !this.#isLoadable(name)) this.#awaited.add(name);
    }
  }

  /**
   * Loads what is active for somebody since an earlier start, or by another server, once each when it is found; and what
   * was broken or gone, when it is back.
   */
  #loadAwaited(): void {
    this.#loading = this.#loading.then(() => this.#loadAll());
  }

  async #loadAll(): Promise<void> {
    const { catalog, log } = this.#options;
    for (const name of [...this.#awaited]) {
      if (!this.#isLoadable(name) || !this.#awaited.delete(name) || catalog.isLoaded(name)) continue;
      try {
        await catalog.loadSkill(name);
      } catch (thrown) {
        log.warn(`Skill "${name}" is active, and could not be loaded: ${messageOf(thrown)}`);
        if (!this.#isLoadable(name)) this.#awaited.add(name);
      }
    }
  }

  /** Tells whether a skill of a name is there, and nothing is known that keeps it from being loaded. */
  #isLoadable(name: string): boolean {
    const skill = this.#options.catalog.find(name);
    return skill?.name === name && (skill.state === "discovered" || skill.state === "loaded");
  }
}

function nameOf(id: SkillId): string {
  return readId(id).name;
}
