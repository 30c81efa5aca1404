/**
 * What the catalog tells of a skill: a summary for lists, and the detail of one.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { CatalogSkill, SkillState } from "./catalog_skill.ts";
import { listGroupsOf } from "./groups.ts";

/**
 * What lists say of a skill; frozen. Properties of several words have their name of the wire as well.
 */
export class SkillSummary {
  readonly name: string;
  readonly description: string;
  /** Keywords to search by; the description where there are none. */
  readonly searchHint: string;
  readonly tags: readonly string[];
  /** The application it is for. */
  readonly dcc: string;
  readonly version: string;
  /** Number of declared tools. */
  readonly toolCount: number;
  /** Names of declared tools. */
  readonly toolNames: readonly string[];
  readonly loaded: boolean;
  readonly scope: string;
  /** Whether a model may use it unasked. */
  readonly implicitInvocation: boolean;
  readonly status: SkillState;
  readonly missingDependencies: readonly string[];

  constructor({ name, found, metadata, state, missingDependencies }: CatalogSkill) {
    this.name = name;
    this.description = metadata.description;
    this.searchHint = metadata.searchHint || metadata.description;
    this.tags = Object.freeze([...metadata.tags]);
    this.dcc = metadata.dcc;
    this.version = metadata.version;
    this.toolNames = Object.freeze(metadata.tools.map((tool) => tool.name));
    this.toolCount = this.toolNames.length;
    this.loaded = state === "loaded";
    this.scope = found.scope;
    this.implicitInvocation = metadata.isImplicitInvocationAllowed();
    this.status = state;
    this.missingDependencies = missingDependencies;
    Object.freeze(this);
  }

  /** {@inheritDoc SkillSummary.searchHint} */
  get search_hint(): string {
    return this.searchHint;
  }

  /** {@inheritDoc SkillSummary.toolCount} */
  get tool_count(): number {
    return this.toolCount;
  }

  /** {@inheritDoc SkillSummary.toolNames} */
  get tool_names(): readonly string[] {
    return this.toolNames;
  }

  /** {@inheritDoc SkillSummary.implicitInvocation} */
  get implicit_invocation(): boolean {
    return this.implicitInvocation;
  }

  /** Gives the summary as the wire has it: `tool_names` is one text, its names joined by commas. */
  toJSON(): JsonObject {
    return {
      name: this.name,
      description: this.description,
      search_hint: this.searchHint,
      tags: this.tags,
      dcc: this.dcc,
      version: this.version,
      tool_count: this.toolCount,
      tool_names: this.toolNames.join(","),
      loaded: this.loaded,
      scope: this.scope,
      implicit_invocation: this.implicitInvocation,
      status: this.status,
      ...(this.missingDependencies.length > 0 && { missing_dependencies: this.missingDependencies }),
    };
  }

  /** Shows the summary as `SkillSummary(name='…', loaded=True)`. */
  toString(): string {
    return `SkillSummary(name='${this.name}', loaded=${this.loaded ? "True" : "False"})`;
  }
}

/** All that is known of one skill, as plain JSON. */
export interface SkillDetail extends JsonObject {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly dcc: string;
  readonly version: string;
  readonly depends: readonly string[];
  /** Absolute path of its folder. */
  readonly skill_path: string;
  readonly scripts: readonly string[];
  /** Its tools as they are declared. */
  readonly tools: readonly JsonObject[];
  readonly state: SkillState;
  /** Names of its tools that are registered. */
  readonly registered_tools: readonly string[];
  readonly scope: string;
  readonly implicit_invocation: boolean;
  /** Number of external dependencies. */
  readonly dependency_count: number;
  readonly search_hint: string;
  readonly license: string;
  readonly compatibility: string;
  readonly allowed_tools: readonly string[];
  readonly products: readonly string[];
  readonly groups: readonly SkillDetailGroup[];
  readonly missing_dependencies: readonly string[];
  /** Why it is not loaded, when it cannot be. */
  readonly error?: string;
  /** The folder of the skill of the same name that takes precedence. */
  readonly shadowed_by?: string;
  readonly diagnostics: readonly JsonObject[];
}

/** One group of a skill, as its detail tells. */
export interface SkillDetailGroup extends JsonObject {
  readonly name: string;
  readonly description: string;
  readonly active: boolean;
  readonly default_active: boolean;
}

/** Collects all that is known of one skill. */
export function detailOf(skill: CatalogSkill): SkillDetail {
  const { metadata, found } = skill;
  return {
    name: skill.name,
    description: metadata.description,
    tags: [...metadata.tags],
    dcc: metadata.dcc,
    version: metadata.version,
    depends: [...metadata.depends],
    skill_path: found.path,
    scripts: [...metadata.scripts],
    tools: metadata.tools.map((tool) => tool.toJSON()),
    state: skill.state,
    registered_tools: [...skill.registered],
    scope: found.scope,
    implicit_invocation: metadata.isImplicitInvocationAllowed(),
    dependency_count: metadata.externalDeps.length,
    search_hint: metadata.searchHint || metadata.description,
    license: metadata.license,
    compatibility: metadata.compatibility,
    allowed_tools: [...metadata.allowedTools],
    products: [...metadata.policy.products],
    groups: listGroupsOf(metadata).map(({ name, description, defaultActive }) => ({
      name,
      description,
      active: skill.activeGroups.includes(name),
      default_active: defaultActive,
    })),
    missing_dependencies: [...skill.missingDependencies],
    ...(skill.error !== undefined && { error: skill.error }),
    ...(skill.shadowedBy !== undefined && { shadowed_by: skill.shadowedBy }),
    diagnostics: skill.diagnostics.map((it) => ({ ...it })),
  };
}
