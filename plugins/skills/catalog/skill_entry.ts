/**
 * A skill on the {@linkcode SkillShelf}.
 *
 * @module
 */
import type { FoundSkill } from "../discovery/found.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import type { CatalogSkill, SkillState } from "./catalog_skill.ts";
import type { DependencyProblem } from "./problems.ts";
import { type Dependent, describeCycle } from "./resolver.ts";

/** What loading a skill left. */
export interface LoadedState {
  /** Names of its tools. */
  readonly registered: readonly string[];
  /** All its groups, so that one that it gets later is known to be new. */
  readonly groups: readonly string[];
  readonly activeGroups: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What is asked about an entry when somebody wants to know; none of it is worked out before. */
export interface EntryQuestions {
  /** Tells what is wrong with what an entry depends on. */
  problemOf(entry: SkillEntry): DependencyProblem | undefined;
  /** Tells why a skill can never be loaded here. */
  refuse(metadata: SkillMetadata): string | undefined;
}

/** How far an entry has come. */
export interface EntryProgress {
  readonly loaded?: LoadedState | undefined;
  /** Why it could not be loaded when that was last tried. */
  readonly failure?: string | undefined;
}

/** What an entry is from the beginning. */
interface EntryOptions {
  readonly questions: EntryQuestions;
  readonly shadowedBy: string | undefined;
}

const NONE: readonly never[] = Object.freeze([]);

/** One skill, immutable. Its metadata is not read before it has to be: the index of 10,000 skills stays text. */
export class SkillEntry implements CatalogSkill, Dependent {
  readonly name: string;
  readonly found: FoundSkill;
  readonly shadowedBy: string | undefined;
  readonly loaded: LoadedState | undefined;
  readonly failure: string | undefined;
  readonly #options: EntryOptions;

  constructor(name: string, found: FoundSkill, options: EntryOptions & EntryProgress) {
    this.name = name;
    this.found = found;
    this.shadowedBy = options.shadowedBy;
    this.loaded = options.loaded;
    this.failure = options.failure;
    this.#options = options;
  }

  /** Gives the same skill, as far as it has come now. */
  as(progress: EntryProgress): SkillEntry {
    const { questions, shadowedBy } = this.#options;
    return new SkillEntry(this.name, this.found, { questions, shadowedBy, ...progress });
  }

  /** Tells whether another entry is the same skill with the same files, under the same name. */
  isSameAs({ name, found }: SkillEntry): boolean {
    return this.name === name && this.found.path === found.path && this.found.scope === found.scope &&
      this.found.fingerprint === found.fingerprint;
  }

  get metadata(): SkillMetadata {
    return this.found.metadata;
  }

  get depends(): readonly string[] {
    return this.metadata.depends;
  }

  get registered(): readonly string[] {
    return this.loaded?.registered ?? NONE;
  }

  get activeGroups(): readonly string[] {
    return this.loaded?.activeGroups ?? NONE;
  }

  get missingDependencies(): readonly string[] {
    return this.#problem?.missing ?? NONE;
  }

  get state(): SkillState {
    if (this.loaded !== undefined) return "loaded";
    if (this.missingDependencies.length > 0) return "pending_deps";
    return this.error === undefined ? "discovered" : "error";
  }

  get error(): string | undefined {
    if (this.loaded !== undefined) return undefined;
    const { missing = NONE, cycle } = this.#problem ?? {};
    if (missing.length > 0) return `Skill "${this.name}" needs ${missing.map((it) => `"${it}"`).join(", ")}`;
    if (cycle !== undefined) return `Skill "${this.name}" depends on skills in a circle: ${describeCycle(cycle)}`;
    return this.#options.questions.refuse(this.metadata) ?? this.failure;
  }

  get diagnostics(): readonly Diagnostic[] {
    const { error } = this;
    return [
      ...this.found.diagnostics,
      ...(this.shadowedBy === undefined ? NONE : [warn("skill-shadowed", describeShadow(this, this.shadowedBy))]),
      ...(error === undefined ? NONE : [warn("skill-not-loadable", error)]),
      ...this.loaded?.diagnostics ?? NONE,
    ];
  }

  get #problem(): DependencyProblem | undefined {
    return this.#options.questions.problemOf(this);
  }
}

function warn(rule: string, message: string): Diagnostic {
  return { severity: "warning", file: "SKILL.md", rule, message };
}

function describeShadow({ name, found }: SkillEntry, shadowedBy: string): string {
  return `Another skill of the name "${found.name}" takes precedence: ${shadowedBy}. This one answers to "${name}"`;
}
