/**
 * Starts kernels with the tools about skills for tests: the real catalog and registry, and skills that a test says.
 *
 * @module
 */
import { type Call, definePlugin, Files, optional, type Plugin, toolResult } from "../../../../kernel/mod.ts";
import { type TestClientOptions, type TestKit, testPlugin } from "../../../../kernel/testing.ts";
import { ToolLibrary } from "../../../../plugins/library/contract.ts";
import library from "../../../../plugins/library/mod.ts";
import { SkillCatalog } from "../../../../plugins/skills/catalog/catalog.ts";
import { ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { Requirements } from "../../../../plugins/skills/catalog/requirements.ts";
import { type Discovery, EMPTY_DISCOVERY, type FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import type { SkillScope } from "../../../../plugins/skills/discovery/scope.ts";
import { SkillMetadata, type SkillMetadataFields } from "../../../../plugins/skills/format/metadata.ts";
import { OfferedTools } from "../../../../plugins/skills/running/offered_tools.ts";
import { createCandidates } from "../../../../plugins/skills/search/candidates.ts";
import { registerSkillTools, type SkillToolsContext } from "../../../../plugins/skills/tools/mod.ts";

/** A skill for a test: what it says of itself, and where it is. */
export interface SkillForTest extends SkillMetadataFields {
  readonly scope?: SkillScope;
  readonly order?: number;
  readonly folder?: string;
}

/** Makes what a scan would find of a skill. */
export function foundSkill({ scope = "user", order = 0, folder, ...fields }: SkillForTest): FoundSkill {
  const path = `/skills/${scope}/${order}/${folder ?? fields.name}`;
  const metadata = new SkillMetadata({ skillPath: path, ...fields });
  const fingerprint = JSON.stringify(metadata);
  return { name: fields.name, metadata, path, scope, origin: "extra", order, diagnostics: [], fingerprint };
}

/** Makes a discovery of skills. */
export function discoveryOf(skills: readonly SkillForTest[], more: Partial<Discovery> = {}): Discovery {
  return { ...EMPTY_DISCOVERY, skills: skills.map(foundSkill), ...more };
}

/** What a kit is started with. */
export interface StartOptions extends TestClientOptions, Pick<SkillToolsContext, "folders" | "instructions" | "trust"> {
  readonly discovery?: Discovery;
  readonly products?: readonly string[];
  /** Whether the library, with `search_tools`, is there; `false` by default. */
  readonly hasLibrary?: boolean;
  /** Whose turn it is when skills are loaded; by default the catalog's alone. */
  readonly onLoad?: (name: string, call: Call) => void;
}

/** What a tool answered. */
export interface Answer {
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- each tool answers with something else
  readonly data: any;
  readonly isError: boolean;
}

/** A started kit. */
export interface SkillToolsKit extends TestKit {
  readonly catalog: SkillCatalog;
  ask(tool: string, args?: Record<string, unknown>): Promise<Answer>;
}

/** Starts a kernel with the tools. */
export async function startTools(options: StartOptions = {}): Promise<SkillToolsKit> {
  let catalog!: SkillCatalog;
  const plugin = skillsPlugin(options, (made) => catalog = made);
  const kit = await testPlugin(plugin, undefined, { ...options, with: options.hasLibrary ? [library] : [] });
  return {
    ...kit,
    catalog,
    ask: async (name, args = {}) => {
      const result = await kit.client.callTool({ name, arguments: args });
      const blocks = result.content as readonly { readonly type: string; readonly text?: string }[];
      const text = blocks.map((it) => it.text ?? "").join("\n");
      return { text, data: result.structuredContent, isError: result.isError === true };
    },
  };
}

function skillsPlugin(options: StartOptions, made: (catalog: SkillCatalog) => void): Plugin<void> {
  const { discovery = EMPTY_DISCOVERY, products, onLoad, folders, instructions, trust } = options;
  return definePlugin({
    name: "skills",
    version: "1.0.0",
    requires: { files: Files, library: optional(ToolLibrary) },
    async setup(ctx) {
      const { files, library } = ctx.deps;
      const registry = new ToolRegistry();
      const environment = { variable: () => undefined, os: "linux" } as const;
      const requirements = new Requirements({ environment, products });
      const catalog = new SkillCatalog(registry, { open: (path) => files.open(path), requirements });
      const run = (name: string) => Promise.resolve(toolResult({ content: [{ type: "text", text: `ran ${name}` }] }));
      const offered = new OfferedTools({ registry, tool: ctx.tool, run, log: ctx.log });
      ctx.own("offered tools", () => offered.close());
      await catalog.accept(discovery);
      registerSkillTools({
        tool: ctx.tool,
        catalog,
        load: async (names, call, { activateGroups }) => {
          for (const name of names) {
            onLoad?.(name, call);
            await catalog.loadSkill(name, { activateGroups });
          }
        },
        refusals: (metadata) => requirements.check(metadata),
        instructions,
        folders,
        trust,
      });
      if (library !== undefined) ctx.own("candidates", library.addCandidates(createCandidates(catalog)));
      made(catalog);
    },
  });
}
