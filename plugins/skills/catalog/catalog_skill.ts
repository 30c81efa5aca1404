/**
 * What the catalog tells of a skill, and of a change. All of it is immutable: a change puts another object in its place.
 *
 * @module
 */
import type { FoundSkill } from "../discovery/found.ts";
import type { SkillScope } from "../discovery/scope.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import type { SkillMetadata } from "../format/metadata.ts";

/**
 * How far a skill has come. `error`: it cannot be loaded as things stand, or loading it failed; `pending_deps`: a skill
 * that it depends on is not there.
 */
export type SkillState = "discovered" | "loaded" | "error" | "pending_deps";

/** One skill of the catalog, as it was when it was asked for. */
export interface CatalogSkill {
  /** Its front matter name; `scope:name` where another skill of the name takes precedence. */
  readonly name: string;
  readonly found: FoundSkill;
  readonly metadata: SkillMetadata;
  readonly state: SkillState;
  /** Names of its registered tools, in the order of their declaration; empty unless it is loaded. */
  readonly registered: readonly string[];
  /** Names that it depends on, directly or by others, and that no skill has; 20 at most. */
  readonly missingDependencies: readonly string[];
  /** Why it is not loaded, when its state is `error` or `pending_deps`. */
  readonly error: string | undefined;
  /** Its groups that are active; empty unless it is loaded. */
  readonly activeGroups: readonly string[];
  /** What its files, its name and its loading gave cause to say. */
  readonly diagnostics: readonly Diagnostic[];
  /** Folder of the skill of the same name that takes precedence; absolute. */
  readonly shadowedBy: string | undefined;
}

/** What changed in the catalog, by names. */
export interface CatalogChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Still there, and not as before: its files, its scope, or which skill has the name. */
  readonly changed: readonly string[];
  readonly loaded: readonly string[];
  readonly unloaded: readonly string[];
  /** Whether groups of loaded skills were switched. */
  readonly groups: boolean;
}

/** A diagnostic, and of what it is one. */
export interface CatalogDiagnostic extends Diagnostic {
  /** Names the skill; absent for a folder that holds none that can be used. */
  readonly skill?: string;
  /** Absolute path of the folder that `file` is relative to. */
  readonly path: string;
  readonly scope: SkillScope;
}
