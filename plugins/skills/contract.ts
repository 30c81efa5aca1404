/**
 * What the plugin `skills` offers to others: the contract `Skills`, by which they bring skills and decide whether their
 * scripts run, the contract `Activation`, which tools the skills that somebody has activated show, and the contract
 * `SkillImports`, by which Python code imports modules of skills.
 *
 * @module
 */
import { type Call, type Contract, contract, type Disposer, type ViewChange, type Viewer } from "../../kernel/mod.ts";
import type { InstalledPackages, PackageSet } from "../dependencies/contract.ts";
import type { GivenToScript } from "../scripts/contract.ts";
import type { SkillScope } from "./discovery/scope.ts";

export { isEntered, MOST_DEPTH, SKILL_FILES } from "./discovery/rules.ts";
export { REPOSITORY_ORIGIN, type SkillScope } from "./discovery/scope.ts";
export { isEnvFile } from "./env/env_names.ts";
export type { SkillMetadata } from "./format/metadata.ts";
export { type ParsedSkill, parseSkill } from "./format/parse.ts";
export { writtenGrants } from "./running/skill_grants.ts";
export {
  preparePython,
  type PythonCommand,
  type PythonPackagesOptions,
  type PythonSources,
} from "./scripts/python/python_packages.ts";

/** A skill, as other plugins know it. */
export interface KnownSkill {
  /** Its name in the catalog. */
  readonly name: string;
  /** Absolute, real path of its folder. */
  readonly path: string;
  readonly scope: SkillScope;
  /** Which kind of search path it was found below, such as `user` or `repository`. */
  readonly origin: string;
  readonly description: string;
}

/** A folder that another plugin brings skills in. */
export interface SkillPath {
  /** Absolute. */
  readonly path: string;
  readonly scope: SkillScope;
  /** Names the kind of it, such as `repository`. */
  readonly origin: string;
}

/**
 * Decides whether scripts of a skill may run, before each run.
 *
 * @throws {ToolError} to refuse, with what would change that.
 */
export type ScriptGuard = (skill: KnownSkill, call: Call) => Promise<void>;

/** The skills of a server. */
export interface Skills {
  /** Adds a folder that skills are looked for in; the disposer takes it away. */
  addPath(path: SkillPath): Disposer;
  /** Resolves when what is in folders that were added, and no more in those that were taken away, is known. */
  settle(): Promise<void>;
  /** Looks at all folders again; resolves when what is there now is known. */
  refresh(): Promise<void>;
  /** Lists all skills, also those that another of their name takes precedence over. */
  list(): readonly KnownSkill[];
  /** Finds a skill by its name, by `scope:name`, or by the name of its folder. */
  find(name: string): KnownSkill | undefined;
  /** Asks `guard` before any script of a skill runs; one that refuses suffices. */
  addGuard(guard: ScriptGuard): Disposer;
}
export const Skills: Contract<Skills> = contract("skills");

/** The tools that the active skills of one viewer show. */
export interface ShownTools {
  /** Equal keys mean equal answers, as long as no tool comes or goes. */
  readonly key: string;
  /** Tells whether an active skill shows a tool of a plugin, or the tool stands for a skill. */
  has(tool: string, owner: string): boolean;
}

/** Whose active skills changed: those of a principal, or of a session that has its own. */
export type ActivationChange = Omit<ViewChange, "kind">;

/** Skills that are active, for a principal or for a session that has changed its own copy. */
export interface Activation {
  /** Whether tools made at run time are to be listed only while they are active. */
  readonly hidesMadeTools: boolean;
  /** Gives what a viewer's active skills show now; asked for each list. */
  shows(viewer: Viewer): ShownTools;
  /** Calls back when somebody's active skills are others than before. */
  onChange(listener: (change: ActivationChange) => void): Disposer;
}
export const Activation: Contract<Activation> = contract("skill-activation");

/** What code is run with that imports modules of skills. */
export interface ImportedSkills {
  /** What their `.env` files set; not to be shown. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folders that Python is to look for modules in, absolute. */
  readonly folders: readonly string[];
  /** The files that are referred to, each with its reference, which names it in errors. */
  readonly sources: readonly { readonly text: string; readonly source: string }[];
  /**
   * Adds what the skills are granted, and leave to read them, to what the code is given in any case; its time stays.
   *
   * @throws {ToolError} when a grant is refused, or a secret is not there.
   */
  give<T extends GivenToScript>(base: T, call: Call): Promise<T>;
  /**
   * Installs packages, by address or with scripts of their own only where one of the skills is granted that.
   *
   * @throws {ToolError} when they cannot be installed.
   */
  install(set: PackageSet, options: { readonly owner: string; readonly call: Call }): Promise<InstalledPackages>;
}

/** Opens skills for code that imports from them. */
export interface SkillImports {
  /**
   * Opens what references name, `skill:path/to/file.py`; who guards scripts is asked.
   *
   * @throws {ToolError} when a reference cannot be used, its skill may not run, or two skills contradict each other.
   */
  open(references: readonly string[], call: Call): Promise<ImportedSkills>;
}
export const SkillImports: Contract<SkillImports> = contract("skill-imports");
