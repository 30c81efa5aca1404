/**
 * The tools by which a model finds, reads, loads and unloads skills, and switches their groups.
 *
 * @module
 */
import type { Call, PluginContext } from "../../../kernel/mod.ts";
import type { Trust } from "../../trust/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { Refusal } from "../catalog/refusal.ts";
import type { SkillFolders } from "../discovery/skill_folders.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import type { OfferDiagnostic } from "../running/offered_tools.ts";
import { registerListRoots } from "./list_roots.ts";
import { registerListSkills } from "./list_skills.ts";
import { registerLoadSkill } from "./load_skill.ts";
import { registerSearchSkills } from "./search_skills.ts";
import { registerSkillInfo } from "./skill_info.ts";
import { SkillLookup } from "./skill_lookup.ts";
import { registerToolGroups } from "./tool_groups.ts";
import { registerUnloadSkill } from "./unload_skill.ts";
import { WaitingSkills } from "./waiting_skills.ts";

/** How skills are loaded. */
export interface LoadOptions {
  /** Whether groups that are not active by default are made active as well. */
  readonly activateGroups: boolean;
}

/** Loads skills and lists their tools to whoever calls; throws the reason of the first that cannot be loaded. */
export type LoadSkills = (names: readonly string[], call: Call, options: LoadOptions) => Promise<void>;

/** What the tools need. */
export interface SkillToolsContext {
  readonly tool: PluginContext["tool"];
  readonly catalog: SkillCatalog;
  readonly load: LoadSkills;
  /** Unloads a skill for everybody, and gives how many tools are gone; the catalog does it when this is left out. */
  readonly unload?: ((name: string, call: Call) => Promise<number>) | undefined;
  /** Gives what a skill requires and is not here, without loading it. */
  readonly refusals?: ((metadata: SkillMetadata) => Promise<readonly Refusal[]>) | undefined;
  /** Says which tools of loaded skills nobody can call, and why. */
  readonly notOffered?: (() => readonly OfferDiagnostic[]) | undefined;
  /** Reads the instructions of a skill, as a model is given them. */
  readonly instructions?: ((skill: CatalogSkill) => Promise<string | undefined>) | undefined;
  /** Where skills are looked for: knows those that wait for trust, and folders that were skipped. */
  readonly folders?: Pick<SkillFolders, "current" | "refresh"> | undefined;
  readonly trust?: Pick<Trust, "ask"> | undefined;
}

/** What the tools share. */
export interface SkillTools extends SkillToolsContext {
  readonly waiting: WaitingSkills;
  readonly lookup: SkillLookup;
}

/** Registers the tools. */
export function registerSkillTools(context: SkillToolsContext): void {
  const waiting = new WaitingSkills(context);
  const tools: SkillTools = { ...context, waiting, lookup: new SkillLookup({ ...context, waiting }) };
  registerSearchSkills(tools);
  registerListSkills(tools);
  registerSkillInfo(tools);
  registerLoadSkill(tools);
  registerUnloadSkill(tools);
  registerToolGroups(tools);
  registerListRoots(tools);
}
