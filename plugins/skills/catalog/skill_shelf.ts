/**
 * All skills that were found, by name: of several with one name the first by scope, then by search path, has it.
 *
 * @module
 */
import { compareScopes, isScope } from "../discovery/scope.ts";
import type { FoundSkill } from "../discovery/found.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import { underscored } from "./naming.ts";
import { type DependencyProblem, findProblems } from "./problems.ts";
import { type EntryProgress, type EntryQuestions, SkillEntry } from "./skill_entry.ts";

/** The skills of one discovery. Which there are does not change; how far each has come does. */
export class SkillShelf implements EntryQuestions {
  readonly #entries = new Map<string, SkillEntry>();
  /** Paths of skills whose tools would have the same names, that which takes precedence first. */
  readonly #families = new Map<string, string[]>();
  readonly #loaded = new Map<string, SkillEntry>();
  readonly #failed = new Map<string, SkillEntry>();
  readonly #refuse: (metadata: SkillMetadata) => string | undefined;
  #names: ReadonlyMap<string, string> | undefined;
  #aliases: ReadonlyMap<string, string> | undefined;
  #order: readonly string[] | undefined;
  #winners: readonly SkillEntry[] | undefined;
  #indexed: readonly SkillEntry[] | undefined;
  #problems: ReadonlyMap<string, DependencyProblem> | undefined;

  /** @param refuse Tells why a skill can never be loaded here. */
  constructor(
    skills: readonly FoundSkill[] = [],
    refuse: (metadata: SkillMetadata) => string | undefined = () => undefined,
  ) {
    this.#refuse = refuse;
    const families = new Map<string, FoundSkill[]>();
    for (const skill of skills) {
      const key = underscored(skill.name);
      const family = families.get(key);
      if (family === undefined) families.set(key, [skill]);
      else family.push(skill);
    }
    for (const [key, family] of families) {
      this.#addFamily(key, family.length === 1 ? family : family.sort(compareFound));
    }
  }

  /** Those that have their name, sorted by it; the same array until one of them comes further. */
  get winners(): readonly SkillEntry[] {
    return this.#winners ??= Object.freeze(this.#winnerPaths().map((path) => this.#entries.get(path)!));
  }

  /** Those that have their name, as they were at first: always the same array, so that an index need not look again. */
  get indexed(): readonly SkillEntry[] {
    return this.#indexed ??= this.winners;
  }

  /** Those that another takes precedence over, sorted by name. */
  get shadowed(): readonly SkillEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.shadowedBy !== undefined).sort(compareNames);
  }

  /** Those that are loaded, in the order in which they were. */
  get loaded(): readonly SkillEntry[] {
    return [...this.#loaded.values()];
  }

  /** Number of those that are loaded. */
  get loadedCount(): number {
    return this.#loaded.size;
  }

  /** Number of those that have their name. */
  get size(): number {
    return this.#families.size;
  }

  /** Those that could not be loaded when that was last tried. */
  get failed(): readonly SkillEntry[] {
    return [...this.#failed.values()];
  }

  /** Every entry. */
  get entries(): Iterable<SkillEntry> {
    return this.#entries.values();
  }

  /** Folders of entries by their names. */
  get names(): ReadonlyMap<string, string> {
    if (this.#names !== undefined) return this.#names;
    const names = new Map<string, string>();
    for (const { name, found } of this.#entries.values()) if (!names.has(name)) names.set(name, found.path);
    return this.#names = names;
  }

  /** Finds an entry by the path of its folder. */
  at(path: string): SkillEntry | undefined {
    return this.#entries.get(path);
  }

  /** Finds an entry by `scope:name`, by its name with `-` or `_`, else by the name of its folder. */
  find(name: string): SkillEntry | undefined {
    const colon = name.indexOf(":");
    const scope = name.slice(0, Math.max(0, colon));
    const scoped = isScope(scope)
      ? this.#familyOf(name.slice(colon + 1)).find((entry) => entry.found.scope === scope)
      : undefined;
    return scoped ?? this.#familyOf(name)[0] ?? this.#entries.get(this.#folderNames().get(name) ?? "");
  }

  /** Finds what an entry of another shelf is here: what has its name, else what lies in its folder. */
  findSuccessor({ name, found }: SkillEntry): SkillEntry | undefined {
    return this.#entries.get(this.names.get(name) ?? found.path);
  }

  /** Lists the skills whose tools would have the same names as those of an entry, itself among them. */
  familyOf({ found }: SkillEntry): readonly SkillEntry[] {
    return this.#familyOf(found.name);
  }

  /** Says how far an entry has come. */
  put(entry: SkillEntry, progress: EntryProgress): void {
    const { path } = entry.found;
    const next = entry.as(progress);
    this.#indexed ??= this.winners;
    this.#entries.set(path, next);
    keepIf(next.loaded !== undefined, this.#loaded, next);
    keepIf(next.failure !== undefined, this.#failed, next);
    this.#winners = undefined;
  }

  problemOf(entry: SkillEntry): DependencyProblem | undefined {
    this.#problems ??= this.#findProblems();
    return this.#problems.get(entry.found.path);
  }

  refuse(metadata: SkillMetadata): string | undefined {
    return this.#refuse(metadata);
  }

  #addFamily(key: string, family: readonly FoundSkill[]): void {
    const [first] = family;
    const paths: string[] = [];
    for (const found of family) {
      if (this.#entries.has(found.path)) continue;
      const shadowedBy = found === first ? undefined : first?.path;
      const name = shadowedBy === undefined ? found.name : `${found.scope}:${found.name}`;
      paths.push(found.path);
      this.#entries.set(found.path, new SkillEntry(name, found, { questions: this, shadowedBy }));
    }
    if (paths.length > 0) this.#families.set(key, paths);
  }

  #familyOf(name: string): SkillEntry[] {
    return (this.#families.get(underscored(name)) ?? []).map((path) => this.#entries.get(path)!);
  }

  #winnerPaths(): readonly string[] {
    this.#order ??= [...this.#families.values()].map(([path]) => this.#entries.get(path!)!).sort(compareNames)
      .map((entry) => entry.found.path);
    return this.#order;
  }

  #folderNames(): ReadonlyMap<string, string> {
    if (this.#aliases !== undefined) return this.#aliases;
    const aliases = new Map<string, string>();
    const winners = this.#winnerPaths().map((path) => this.#entries.get(path)!.found).sort(compareFound);
    for (const { path } of winners) {
      const folder = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
      if (!aliases.has(folder)) aliases.set(folder, path);
    }
    return this.#aliases = aliases;
  }

  #findProblems(): ReadonlyMap<string, DependencyProblem> {
    const nodes = new Map<string, SkillEntry>(this.#entries);
    const find = (name: string) => nodes.get(this.find(name)?.found.path ?? "");
    return new Map([...findProblems([...nodes.values()], find)].map(([entry, problem]) => [entry.found.path, problem]));
  }
}

function keepIf(isKept: boolean, entries: Map<string, SkillEntry>, entry: SkillEntry): void {
  if (isKept) entries.set(entry.found.path, entry);
  else entries.delete(entry.found.path);
}

function compareFound(a: FoundSkill, b: FoundSkill): number {
  return compareScopes(a.scope, b.scope) || a.order - b.order || compareTexts(a.path, b.path);
}

function compareNames(a: SkillEntry, b: SkillEntry): number {
  return compareTexts(a.name, b.name) || compareTexts(a.found.path, b.found.path);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
