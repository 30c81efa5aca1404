/**
 * Who has which skills active: one state for each principal, kept in the store and the same in every server with that
 * store, and the copies of sessions that have changed theirs.
 *
 * @module
 */
import { type Disposer, isObject, sha256, type Viewer } from "../../../kernel/mod.ts";
import { type Change, type Entry, type Namespace, scanAll } from "../../store/contract.ts";
import type { ActivationChange } from "../contract.ts";
import { ActiveSet, type Cause, type SkillId } from "./active_set.ts";

/** What {@linkcode ActiveStates} works with. */
export interface ActiveStatesOptions {
  /** Where the states of principals are kept; without it they end with this server. */
  readonly namespace?: Namespace | undefined;
  /** Runs when somebody's skills are others than before, whoever changed them; `added` are those that were not active. */
  onChange(change: ActivationChange, added: readonly SkillId[]): void;
}

/** What a change is made on: a copy of the ids, each with its cause. */
export type Changing = (causes: Map<SkillId, Cause>) => void;

interface Kept {
  readonly set: ActiveSet;
  /** Of its entry in the store. */
  readonly version: number;
}

// sessions do not say goodbye here; one that is forgotten has its principal's skills again
const MAX_SESSIONS = 10_000;

/** States of principals and of sessions. */
export class ActiveStates {
  readonly #options: ActiveStatesOptions;
  /** By the id of the principal, which a caller in this process may lack. */
  readonly #principals = new Map<string | undefined, Kept>();
  readonly #idsByKey = new Map<string, string | undefined>();
  readonly #sessions = new Map<string, ActiveSet>();

  constructor(options: ActiveStatesOptions) {
    this.#options = options;
  }

  /** Reads what is stored, and follows it from there; gives what ends that. */
  async open(): Promise<Disposer> {
    const { namespace } = this.#options;
    if (namespace === undefined) return () => {};
    const unwatch = await namespace.watch("", (changes) => this.#follow(namespace, changes));
    await this.#readAll(namespace);
    return unwatch;
  }

  /** Gives what is active for a viewer: of its session, once that has changed something, else of its principal. */
  of({ sessionId, principal }: Pick<Viewer, "sessionId" | "principal">): ActiveSet {
    const own = sessionId === undefined ? undefined : this.#sessions.get(sessionId);
    return own ?? this.#principals.get(principal?.id)?.set ?? ActiveSet.EMPTY;
  }

  /** Gives what is active for anybody. */
  all(): readonly ActiveSet[] {
    return [...Array.from(this.#principals.values(), ({ set }) => set), ...this.#sessions.values()];
  }

  /** Changes what is active for a viewer: a session's own copy, or the state of its principal. */
  async change(viewer: Pick<Viewer, "sessionId" | "principal">, changing: Changing): Promise<ActiveSet> {
    return viewer.sessionId === undefined
      ? await this.#changePrincipal(viewer.principal?.id, changing)
      : await this.#changeSession(viewer.sessionId, viewer, changing);
  }

  async #changeSession(sessionId: string, viewer: Pick<Viewer, "principal">, changing: Changing): Promise<ActiveSet> {
    for (;;) {
      const before = this.of({ ...viewer, sessionId });
      const after = await changed(before, changing);
      // another call of the session was faster
      if (this.of({ ...viewer, sessionId }) !== before) continue;
      this.#sessions.delete(sessionId);
      this.#sessions.set(sessionId, after);
      if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
      this.#tell({ sessionId }, before, after);
      return after;
    }
  }

  async #changePrincipal(id: string | undefined, changing: Changing): Promise<ActiveSet> {
    const { namespace } = this.#options;
    const key = await keyOf(id);
    for (;;) {
      const kept = this.#principals.get(id);
      const entry = await namespace?.get(key);
      const before = namespace === undefined
        ? kept?.set ?? ActiveSet.EMPTY
        : await ActiveSet.of(ActiveSet.readCauses(entry?.value));
      const after = await changed(before, changing);
      if (isSame(before, after)) return before;
      const value = { principal: id ?? null, ...after.toJSON() };
      const ifVersion = entry?.version ?? 0;
      const version = namespace === undefined
        ? (this.#principals.get(id) === kept ? (kept?.version ?? 0) + 1 : undefined)
        : await namespace.compareAndSet(key, value, { ifVersion });
      if (version === undefined) continue;
      this.#accept(key, id, { set: after, version });
      return after;
    }
  }

  /** Takes a state over, unless a newer one is known. */
  #accept(key: string, id: string | undefined, { set, version }: Kept): void {
    const before = this.#principals.get(id);
    if (before !== undefined && before.version >= version) return;
    this.#idsByKey.set(key, id);
    this.#principals.set(id, { set, version });
    this.#tell({ principalId: id }, before?.set ?? ActiveSet.EMPTY, set);
  }

  #tell(change: ActivationChange, before: ActiveSet, after: ActiveSet): void {
    if (after.key !== before.key) this.#options.onChange(change, [...after.ids()].filter((id) => !before.has(id)));
  }

  async #follow(namespace: Namespace, changes: readonly Change[]): Promise<void> {
    for (const { kind, key, version } of changes) {
      if (kind === "missed") await this.#readAll(namespace);
      else if (kind === "delete") this.#forget(key, version);
      else await this.#acceptEntry(await namespace.get(key));
    }
  }

  #forget(key: string, version: number): void {
    if (!this.#idsByKey.has(key)) return;
    this.#accept(key, this.#idsByKey.get(key), { set: ActiveSet.EMPTY, version });
  }

  /** Reads every state; versions of a store that was restored may be lower than before. */
  async #readAll(namespace: Namespace): Promise<void> {
    const entries = new Map<string, Entry>();
    for await (const entry of scanAll(namespace, { limit: 1_000 })) entries.set(entry.key, entry);
    for (const [id, { set }] of this.#principals) this.#principals.set(id, { set, version: -1 });
    for (const key of [...this.#idsByKey.keys()]) if (!entries.has(key)) this.#forget(key, 0);
    for (const entry of entries.values()) await this.#acceptEntry(entry);
  }

  async #acceptEntry(entry: Entry | undefined): Promise<void> {
    if (entry === undefined || !isObject(entry.value)) return;
    const { principal } = entry.value;
    const id = typeof principal === "string" ? principal : undefined;
    const set = await ActiveSet.of(ActiveSet.readCauses(entry.value));
    this.#accept(entry.key, id, { set, version: entry.version });
  }
}

async function changed(before: ActiveSet, changing: Changing): Promise<ActiveSet> {
  const causes = before.causes();
  changing(causes);
  return await ActiveSet.of(causes);
}

function isSame(a: ActiveSet, b: ActiveSet): boolean {
  return a.key === b.key && JSON.stringify(a) === JSON.stringify(b);
}

// a principal's id may be longer than a key
async function keyOf(id: string | undefined): Promise<string> {
  return await sha256(JSON.stringify(id ?? null));
}
