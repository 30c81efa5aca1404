/**
 * What is kept of one skill of a search path.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import { SkillMetadata } from "../format/metadata.ts";
import type { FoundSkill, SkippedFolder } from "./found.ts";
import { isSameLook, type Looks } from "./looks.ts";
import { joinReal } from "./real_paths.ts";
import { SKILL_FILES } from "./rules.ts";
import type { SearchPath } from "./search_paths.ts";

/** What a {@linkcode SkillRecord} is made of. */
export interface RecordParts {
  /** Below the search path. */
  readonly path: string;
  readonly looks: Looks;
  readonly diagnostics: readonly Diagnostic[];
  /** Its metadata, or their JSON; absent when the skill cannot be used. */
  readonly metadata: SkillMetadata | { readonly name: string; readonly json: string } | undefined;
}

/** Where a record belongs. */
export interface Place {
  /** Real path of the search path. */
  readonly root: string;
  readonly searchPath: SearchPath;
  readonly order: number;
}

/** One skill, or a folder that is none for a reason. What it says never changes. */
export class SkillRecord {
  readonly path: string;
  #fingerprint: string;
  #looks: Looks;
  readonly diagnostics: readonly Diagnostic[];
  /** As its front matter says; `undefined` when it cannot be used. */
  readonly name: string | undefined;
  readonly #metadata: RecordParts["metadata"];
  #made: SkillMetadata | undefined;
  #placed: { readonly place: Place; readonly found: FoundSkill | SkippedFolder } | undefined;

  constructor({ path, looks, diagnostics, metadata }: RecordParts) {
    this.path = path;
    this.#looks = looks;
    this.#fingerprint = looks.map((look) => look.join("\n")).join("\n");
    this.diagnostics = diagnostics;
    this.name = metadata?.name;
    this.#metadata = metadata;
  }

  /** Its metadata as JSON; empty when it cannot be used. */
  get json(): string {
    if (this.#metadata === undefined) return "";
    return this.#metadata instanceof SkillMetadata ? JSON.stringify(this.#metadata.toJSON()) : this.#metadata.json;
  }

  /** Names what it says: what was looked at when it was read first. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** What was looked at when it was read last. */
  get looks(): Looks {
    return this.#looks;
  }

  /** Gives this record, with the looks of a later reading, where that says the same; else the later one. */
  orLater(later: SkillRecord): SkillRecord {
    const isSame = this.json === later.json && JSON.stringify(this.diagnostics) === JSON.stringify(later.diagnostics) &&
      // what follows the front matter is not kept
      SKILL_FILES.every((file) => isSameLook(file, this.looks, later.looks));
    if (isSame) this.#looks = later.looks;
    // written twice within one tick of the clock
    else if (this.fingerprint === later.fingerprint) later.#fingerprint += `\n${crypto.randomUUID()}`;
    return isSame ? this : later;
  }

  get metadata(): SkillMetadata {
    if (this.#metadata === undefined) throw new Error(`Cannot give metadata of "${this.path}": it has none`);
    if (this.#metadata instanceof SkillMetadata) return this.#metadata;
    return this.#made ??= SkillMetadata.fromJSON(JSON.parse(this.#metadata.json) as JsonObject);
  }

  /** Gives it as it is found in a place: the same object as long as that is the same. */
  at(place: Place): FoundSkill | SkippedFolder {
    const last = this.#placed;
    if (last !== undefined && isSamePlace(last.place, place)) return last.found;
    const found = this.name === undefined ? skippedAt(this, place) : new RecordedSkill(this, this.name, place);
    this.#placed = { place, found };
    return found;
  }
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.root === b.root && a.order === b.order && a.searchPath.scope === b.searchPath.scope &&
    a.searchPath.origin === b.searchPath.origin;
}

function skippedAt({ path, diagnostics }: SkillRecord, { root, searchPath, order }: Place): SkippedFolder {
  const { scope, origin } = searchPath;
  return { path: joinReal(root, path), scope, origin, order, isSkill: true, diagnostics };
}

class RecordedSkill implements FoundSkill {
  readonly name: string;
  readonly path: string;
  readonly scope: FoundSkill["scope"];
  readonly origin: string;
  readonly order: number;
  readonly fingerprint: string;
  readonly #record: SkillRecord;

  constructor(record: SkillRecord, name: string, { root, searchPath, order }: Place) {
    this.name = name;
    this.path = joinReal(root, record.path);
    this.scope = searchPath.scope;
    this.origin = searchPath.origin;
    this.order = order;
    this.fingerprint = record.fingerprint;
    this.#record = record;
  }

  get metadata(): SkillMetadata {
    return this.#record.metadata;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#record.diagnostics;
  }
}
