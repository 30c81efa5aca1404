/**
 * What the catalog of skills works with and is asked.
 *
 * @module
 */
import type { Folder, JsonObject } from "../../../kernel/mod.ts";
import type { Discovery } from "../discovery/found.ts";
import type { SkillScope } from "../discovery/scope.ts";
import type { SkillQuery } from "../search/skill_index.ts";
import type { RegisteredTool } from "./registry.ts";
import type { Requirements } from "./requirements.ts";

/** A folder to look for skills in, with the scope of what is found there. */
export type ExtraPath = string | { readonly path: string; readonly scope: SkillScope };

/** What is looked for. */
export interface DiscoverRequest {
  readonly extraPaths: readonly ExtraPath[];
  /** The application whose search paths count beside the general ones. */
  readonly dccName?: string | undefined;
}

/** What a {@linkcode SkillCatalog} works with. */
export interface CatalogOptions {
  /** Opens the folder of a skill, by its absolute path. */
  open(path: string): Folder;
  /** Finds skills, for {@linkcode SkillCatalog.discover}. */
  discover?(request: DiscoverRequest): Promise<Discovery>;
  /** Says what is required of a skill before it is loaded; nothing is when it is left out. */
  readonly requirements?: Requirements | undefined;
}

/** What skills are searched by; what is left out narrows nothing. */
export interface SkillSearch extends Pick<SkillQuery, "query" | "tags" | "dcc" | "scope" | "limit"> {
  /** Whether skills are found that a model may not use unasked; `false` by default. */
  readonly includeHidden?: boolean | undefined;
}

/** Which skills are listed. */
export type SkillStatus = "all" | "loaded" | "unloaded" | "discovered" | "error" | "pending_deps";

/** Runs a script within this process, in place of a process of its own. */
export type InProcessExecutor = (
  scriptPath: string,
  params: JsonObject,
  tool: RegisteredTool,
) => unknown | Promise<unknown>;
