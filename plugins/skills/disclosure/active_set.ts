/**
 * What is active for somebody: an immutable set of skills, in which a lookup costs the same however many there are.
 *
 * @module
 */
import { sha256 } from "../../../kernel/mod.ts";

/** A skill that can be active: `skill:NAME`, `virtual:NAME` or `tool:NAME`. */
export type SkillId = `${SkillKind}:${string}`;

/** What a skill is: of a SKILL.md, of tools that belong together, or a tool made at run time. */
export type SkillKind = "skill" | "virtual" | "tool";

/** How a skill came to be active: somebody asked for it, or one that was asked for depends on it. */
export type Cause = "asked" | "dependency";

const ID_REGEXP = /^(?:skill|virtual|tool):./;

/** Makes the id of a skill. */
export function idOf(kind: SkillKind, name: string): SkillId {
  return `${kind}:${name}`;
}

/** Takes an id apart. */
export function readId(id: SkillId): { readonly kind: SkillKind; readonly name: string } {
  const colon = id.indexOf(":");
  return { kind: id.slice(0, colon) as SkillKind, name: id.slice(colon + 1) };
}

/** Active skills, and the key that stands for them. */
export class ActiveSet {
  static readonly EMPTY: ActiveSet = new ActiveSet(new Map(), "");

  /** A digest of the ids: equal sets have equal keys, in every process. */
  readonly key: string;
  readonly #causes: ReadonlyMap<SkillId, Cause>;

  private constructor(causes: ReadonlyMap<SkillId, Cause>, key: string) {
    this.#causes = causes;
    this.key = key;
  }

  /** Makes a set of ids, each with its cause. */
  static async of(causes: ReadonlyMap<SkillId, Cause>): Promise<ActiveSet> {
    if (causes.size === 0) return ActiveSet.EMPTY;
    return new ActiveSet(new Map(causes), await sha256(JSON.stringify([...causes.keys()].sort())));
  }

  get size(): number {
    return this.#causes.size;
  }

  has(id: SkillId): boolean {
    return this.#causes.has(id);
  }

  /** Gives the ids, oldest first. */
  ids(): IterableIterator<SkillId> {
    return this.#causes.keys();
  }

  /** Copies what is in it. */
  causes(): Map<SkillId, Cause> {
    return new Map(this.#causes);
  }

  /** Writes it as the store keeps it. */
  toJSON(): { readonly active: readonly SkillId[]; readonly dependencies: readonly SkillId[] } {
    const of = (cause: Cause) => [...this.#causes].filter(([, it]) => it === cause).map(([id]) => id);
    return { active: of("asked"), dependencies: of("dependency") };
  }

  /** Reads what the store kept; what is no id is left out. */
  static readCauses(value: unknown): Map<SkillId, Cause> {
    const { active, dependencies } = (value ?? {}) as { readonly active?: unknown; readonly dependencies?: unknown };
    return new Map([
      ...idsIn(dependencies).map((id) => [id, "dependency"] as const),
      ...idsIn(active).map((id) => [id, "asked"] as const),
    ]);
  }
}

function idsIn(value: unknown): SkillId[] {
  return Array.isArray(value) ? value.filter((it): it is SkillId => typeof it === "string" && ID_REGEXP.test(it)) : [];
}
