/**
 * Ranked search over the skills of a catalog: BM25 over weighted fields, with prefixes and typos.
 *
 * @module
 */
import { type ItemTexts, type MatchReason, reasonsOf, TextIndex } from "../../library/contract.ts";
import { SkillValueError } from "../catalog/errors.ts";
import { compareScopes, isScope, SCOPES, type SkillScope } from "../discovery/scope.ts";
import type { ToolDeclaration } from "../format/declaration.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import { stemOf } from "./stems.ts";

/** What is known of a skill for a search; a `CatalogSkill` is one. */
export interface IndexedSkill {
  readonly name: string;
  readonly metadata: SkillMetadata;
  readonly found: { readonly path: string; readonly scope: SkillScope; readonly fingerprint: string };
}

/** What a {@linkcode SkillIndex} works with. */
export interface SkillIndexOptions {
  /** Gives the skills that can be found: the same array until one of them changes. */
  skills(): readonly IndexedSkill[];
}

/** What is looked for; what is left out, or `null`, narrows nothing. */
export interface SkillQuery {
  readonly query?: string | null | undefined;
  /** A skill has all of them; letter case does not count. */
  readonly tags?: readonly string[] | null | undefined;
  /** The application; letter case does not count. */
  readonly dcc?: string | null | undefined;
  /** `admin`, `system`, `user`, `team` or `repo`. */
  readonly scope?: string | null | undefined;
  /** How many matches are given, a whole number from 0 on; all by default. */
  readonly limit?: number | null | undefined;
  /** Whether matches say why they match; `false` by default. */
  readonly reasons?: boolean | undefined;
  /** Whether skills are found as well that a model must not use unasked; `false` by default. */
  readonly hidden?: boolean | undefined;
}

/** A skill that was found. */
export interface SkillMatch {
  readonly name: string;
  /** Higher is better; 0 where there is no query. */
  readonly score: number;
  /** Present with `reasons`. */
  readonly reasons?: readonly MatchReason[];
}

/** What was found. */
export interface SkillMatches {
  /** How many skills match, before the limit. */
  readonly total: number;
  /** Best first. */
  readonly matches: readonly SkillMatch[];
}

const WEIGHTS = {
  name: 5,
  dcc: 4,
  tags: 3,
  search_hint: 3,
  search_aliases: 3,
  description: 2,
  tool_names: 2,
  tool_descriptions: 1,
} as const;

/** What a query is compared with, beside the texts; read from the metadata when it is asked for, which may be late. */
class Entry {
  readonly skill: IndexedSkill;
  readonly lowerName: string;
  #tags: ReadonlySet<string> | undefined;

  constructor(skill: IndexedSkill) {
    this.skill = skill;
    this.lowerName = skill.name.toLowerCase();
  }

  get scope(): SkillScope {
    return this.skill.found.scope;
  }

  get dcc(): string {
    return this.skill.metadata.dcc.toLowerCase();
  }

  get tags(): ReadonlySet<string> {
    return this.#tags ??= new Set(this.skill.metadata.tags.map(lower));
  }

  get isHidden(): boolean {
    return !this.skill.metadata.isImplicitInvocationAllowed();
  }
}

/** Ranks the skills of a catalog. It takes over by itself what changed there since the last search. */
export class SkillIndex {
  readonly #skills: () => readonly IndexedSkill[];
  readonly #index = new TextIndex<IndexedSkill, keyof typeof WEIGHTS>({ weights: WEIGHTS, texts: textsOf });
  #indexed: readonly IndexedSkill[] = [];
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** By scope and name. */
  #sorted: readonly Entry[] | undefined;

  constructor({ skills }: SkillIndexOptions) {
    this.#skills = skills;
  }

  /**
   * Ranks the skills that match at least one word of a query: that of the very name first, then by score, then those
   * whose name contains the query, then by scope and name. Without a query all skills match, by scope and name.
   *
   * @throws {SkillValueError} `SCOPE_UNKNOWN` when the scope is none of the five, `ARGUMENT_INVALID` when the limit is no
   * whole number from 0 on.
   *
   * @example Find a skill
   * ```ts
   * import { SkillMetadata } from "../format/metadata.ts";
   * import { SkillIndex } from "./skill_index.ts";
   *
   * const metadata = new SkillMetadata({ name: "maya-geometry", description: "Create spheres", tags: ["modeling"] });
   * const found = { path: "/skills/maya-geometry", scope: "user", fingerprint: "1" } as const;
   * const skills = [{ name: metadata.name, metadata, found }];
   * const index = new SkillIndex({ skills: () => skills });
   * const { matches } = index.search({ query: "sphere", tags: ["Modeling"] });
   * if (matches[0]?.name !== "maya-geometry") throw new Error("unexpected");
   * ```
   */
  search({ query, tags, dcc, scope, limit, reasons = false, hidden = false }: SkillQuery = {}): SkillMatches {
    const wantedScope = readScope(scope);
    checkLimit(limit);
    const wantedTags = (tags ?? []).map(lower);
    const wantedDcc = dcc?.trim().toLowerCase();
    this.#settle();
    const wanted = query?.trim() ?? "";
    const found = wanted === "" ? this.#all() : this.#rank(wanted);
    const matching = found.filter(({ entry }) =>
      (hidden || !entry.isHidden) && (wantedDcc === undefined || entry.dcc === wantedDcc) &&
      (wantedScope === undefined || entry.scope === wantedScope) && wantedTags.every((tag) => entry.tags.has(tag))
    );
    const shown = matching.slice(0, limit ?? undefined);
    return {
      total: matching.length,
      matches: shown.map(({ entry, score, explain }) => ({
        name: entry.skill.name,
        score,
        ...(reasons && { reasons: explain?.() ?? [] }),
      })),
    };
  }

  #all(): readonly Ranked[] {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => compareScopes(a.scope, b.scope) || compareNames(a, b));
    return this.#sorted.map((entry) => ({ entry, score: 0 }));
  }

  #rank(query: string): readonly Ranked[] {
    const raw = query.toLowerCase();
    const ranked: Ranked[] = this.#index.search(query).map((match) => ({
      entry: this.#entries.get(match.id)!,
      score: match.score,
      explain: () => reasonsOf(match),
    }));
    // one of nothing but stop words is found by its very name
    const exact = this.#entries.get(query);
    if (exact !== undefined && !ranked.some(({ entry }) => entry === exact)) ranked.push({ entry: exact, score: 0 });
    return ranked.sort((a, b) =>
      Number(b.entry.lowerName === raw) - Number(a.entry.lowerName === raw) || b.score - a.score ||
      Number(b.entry.lowerName.includes(raw)) - Number(a.entry.lowerName.includes(raw)) ||
      compareScopes(a.entry.scope, b.entry.scope) || compareNames(a.entry, b.entry)
    );
  }

  #settle(): void {
    const skills = this.#skills();
    if (skills === this.#indexed) return;
    const before = this.#entries;
    const entries = new Map<string, Entry>();
    for (const skill of skills) {
      const known = before.get(skill.name);
      if (known !== undefined && isUnchanged(known.skill, skill)) {
        entries.set(skill.name, known);
        continue;
      }
      entries.set(skill.name, new Entry(skill));
      this.#index.put(skill.name, skill);
    }
    for (const name of before.keys()) if (!entries.has(name)) this.#index.remove(name);
    this.#entries = entries;
    this.#indexed = skills;
    this.#sorted = undefined;
  }
}

interface Ranked {
  readonly entry: Entry;
  readonly score: number;
  readonly explain?: () => readonly MatchReason[];
}

// what is loaded changes the objects of a catalog, and nothing that is searched; metadata is read where it has to be
function isUnchanged(before: IndexedSkill, skill: IndexedSkill): boolean {
  const [was, is] = [before.found, skill.found];
  if (was === is) return true;
  const isSame = is.fingerprint === "" ? before.metadata === skill.metadata : was.fingerprint === is.fingerprint;
  return isSame && was.scope === is.scope && was.path === is.path;
}

function textsOf({ name, metadata }: IndexedSkill): ItemTexts<keyof typeof WEIGHTS> {
  const { dcc, tags, searchHint, searchAliases, description, whenToUse, tools, scripts } = metadata;
  return {
    name,
    dcc,
    tags: tags.join(" "),
    search_hint: searchHint === "" ? description : searchHint,
    search_aliases: searchAliases.join(" "),
    description: `${description}\n${whenToUse}`,
    // a skill that declares no tools has one for each of its scripts
    tool_names: tools.length > 0 ? tools.flatMap(namesOf).join(" ") : scripts.map(stemOf).join(" "),
    tool_descriptions: tools.map((it) => it.description).join("\n"),
  };
}

function namesOf({ name, searchAliases }: ToolDeclaration): readonly string[] {
  return [name, ...searchAliases];
}

function readScope(scope: string | null | undefined): SkillScope | undefined {
  if (scope == null) return undefined;
  const wanted = scope.trim().toLowerCase();
  if (isScope(wanted)) return wanted;
  const names = SCOPES.map((it) => `"${it}"`).join(", ");
  throw new SkillValueError(
    "SCOPE_UNKNOWN",
    `Cannot search skills: unknown scope "${scope}"; expected one of ${names}`,
  );
}

function checkLimit(limit: number | null | undefined): void {
  if (limit == null || Number.isInteger(limit) && limit >= 0) return;
  throw new SkillValueError(
    "ARGUMENT_INVALID",
    `Cannot search skills: "limit" is ${String(limit)}; expected a whole number from 0 on`,
  );
}

function compareNames(a: Entry, b: Entry): number {
  return a.skill.name < b.skill.name ? -1 : 1;
}

function lower(text: string): string {
  return text.trim().toLowerCase();
}
