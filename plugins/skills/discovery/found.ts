/**
 * What a scan finds.
 *
 * @module
 */
import type { Diagnostic } from "../format/diagnostics.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import type { SkillScope } from "./scope.ts";
import type { SearchPath } from "./search_paths.ts";

/** A skill that can be used. */
export interface FoundSkill {
  /** As its front matter says; there without reading all of {@linkcode FoundSkill.metadata}. */
  readonly name: string;
  /** Shared by all who hold this skill: to be read, not changed. Made from the index when it is first asked for. */
  readonly metadata: SkillMetadata;
  /** Absolute, real path of its folder. */
  readonly path: string;
  readonly scope: SkillScope;
  /** Which kind of search path it was found below, such as `user`. */
  readonly origin: string;
  /** Place of its search path among all, from 0; skills of one search path come sorted by their paths. */
  readonly order: number;
  readonly diagnostics: readonly Diagnostic[];
  /** Another text whenever anything that was read of it has changed. */
  readonly fingerprint: string;
}

/** A folder that seems to be meant as a skill and cannot be used, or one that was not looked into. */
export interface SkippedFolder {
  /** Absolute. */
  readonly path: string;
  readonly scope: SkillScope;
  readonly origin: string;
  /** As that of a {@linkcode FoundSkill}. */
  readonly order: number;
  /** Whether it holds a SKILL.md, and so was meant as a skill. */
  readonly isSkill: boolean;
  /** Why; at least one. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A search path of a project that nobody has said to trust. */
export interface UntrustedPath extends SearchPath {
  /** How many skills it seems to hold, 1 at least; none of them was read. */
  readonly skills: number;
}

/** All that was found, in the order of search paths; never changed once it is given. */
export interface Discovery {
  /** Several may have one name: who uses them decides between them. */
  readonly skills: readonly FoundSkill[];
  readonly skipped: readonly SkippedFolder[];
  readonly untrusted: readonly UntrustedPath[];
}

/** Nothing. */
export const EMPTY_DISCOVERY: Discovery = Object.freeze({ skills: [], skipped: [], untrusted: [] });
