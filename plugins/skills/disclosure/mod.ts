/**
 * Progressive disclosure: skills become active for whoever asks, and show their tools to him.
 *
 * @module
 */
import type { Environment, Files, PluginContext, Toolbox } from "../../../kernel/mod.ts";
import type { ToolLibrary } from "../../library/contract.ts";
import type { Store } from "../../store/contract.ts";
import type { Trust } from "../../trust/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { ToolRegistry } from "../catalog/registry.ts";
import type { SkillFolders } from "../discovery/skill_folders.ts";
import type { SkillFiles } from "../knowledge/skill_files.ts";
import { WaitingSkills } from "../tools/waiting_skills.ts";
import { Activation } from "./activation.ts";
import { registerActivateTools } from "./activate_tools.ts";
import { Bundles } from "./bundles.ts";
import { registerCallToolInternal } from "./call_tool_internal.ts";
import { Consent } from "./consent.ts";
import { Directory } from "./directory.ts";
import { Requests } from "./requests.ts";
import { Stubs } from "./stubs.ts";
import { registerSuggest } from "./suggest_tool.ts";
import { Suggestions } from "./suggestions.ts";

export { Activation } from "./activation.ts";
export { readInstructions } from "./instructions.ts";

/** Namespace of the store that holds what is active for whom. */
const NAMESPACE = "skills/activation";

/** What disclosure works with. */
export interface DisclosureOptions {
  readonly context: Pick<PluginContext, "plugin" | "tool" | "own" | "log">;
  readonly catalog: SkillCatalog;
  readonly registry: ToolRegistry;
  readonly skillFiles: SkillFiles;
  readonly toolbox: Toolbox;
  readonly files: Files;
  readonly environment: Environment;
  readonly library: ToolLibrary | undefined;
  /** Keeps what is active from start to start; without it that ends with this server. */
  readonly store: Store | undefined;
  /** Knows skills of projects that wait for trust, which `trust` asks for. */
  readonly folders?: Pick<SkillFolders, "current" | "refresh"> | undefined;
  readonly trust?: Pick<Trust, "ask"> | undefined;
  /** Whether skills that are not loaded are listed by a stub each. */
  readonly stubs: boolean;
  /** Whether tools made at run time are listed only while they are active. */
  readonly hideMadeTools: boolean;
}

/**
 * Registers `activate_skill`, `deactivate_skill`, `suggest_skill`, `call_tool_internal` and the stubs; gives what the
 * plugin provides as the contract `Activation`, and loads skills with.
 */
export async function registerDisclosure(options: DisclosureOptions): Promise<Activation> {
  const { context, catalog, registry, toolbox, library, store, files, environment } = options;
  const { tool, own, log } = context;
  const directory = new Directory({ catalog, registry, toolbox, library, owner: context.plugin.name });
  const gemini = environment.expand("~/.gemini/skills");
  const bundles = new Bundles([
    { folder: files, path: environment.home },
    { folder: files.open(gemini), path: gemini },
  ]);
  const hidesMadeTools = options.hideMadeTools;
  const waiting = new WaitingSkills(options);
  const activation = new Activation({
    catalog,
    directory,
    requests: new Requests({ catalog, directory, bundles, consent: new Consent(), waiting }),
    toolbox,
    namespace: store?.namespace(NAMESPACE),
    hidesMadeTools,
    log,
  });
  own("active skills", await activation.open());
  const search = (query: string, limit: number) =>
    catalog.index.search({ query, limit, reasons: true }).matches.map(({ name, reasons = [] }) => ({
      name,
      words: new Set(reasons.map(({ word }) => word)).size,
    }));
  const suggestions = new Suggestions({ directory, toolbox, hidesMadeTools, search });
  registerActivateTools({ tool, activation, directory, bundles, toolbox, skillFiles: options.skillFiles });
  registerSuggest({ tool, suggestions, activation });
  registerCallToolInternal({ tool, toolbox });
  if (options.stubs) own("stubs", await new Stubs({ tool, catalog, log }).open());
  return activation;
}
