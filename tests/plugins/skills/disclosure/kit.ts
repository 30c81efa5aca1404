/**
 * Servers with skills for tests of disclosure: a real home, a real catalog, and the parts of the plugin that disclosure
 * needs. What the tools of the skills do is no matter here.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Call,
  type CallPatch,
  definePlugin,
  Environment,
  Files,
  type Kernel,
  LOCAL_PRINCIPAL,
  optional,
  type Plugin,
  type Principal,
  textOf,
  Toolbox,
  type ToolResult,
  toolResult,
  type Viewer,
} from "../../../../kernel/mod.ts";
import type { PluginUse } from "../../../../kernel/testing.ts";
import exposure from "../../../../plugins/exposure/mod.ts";
import { ToolLibrary } from "../../../../plugins/library/contract.ts";
import { SkillCatalog } from "../../../../plugins/skills/catalog/catalog.ts";
import { ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { Requirements } from "../../../../plugins/skills/catalog/requirements.ts";
import { Activation as ActivationContract } from "../../../../plugins/skills/contract.ts";
import { type Activation, registerDisclosure } from "../../../../plugins/skills/disclosure/mod.ts";
import { EMPTY_DISCOVERY, type FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import type { SkillScope } from "../../../../plugins/skills/discovery/scope.ts";
import { SkillMetadata } from "../../../../plugins/skills/format/metadata.ts";
import type { SkillMetadataFields } from "../../../../plugins/skills/format/metadata_fields.ts";
import { SkillFiles } from "../../../../plugins/skills/knowledge/skill_files.ts";
import { OfferedTools } from "../../../../plugins/skills/running/offered_tools.ts";
import store from "../../../../plugins/store/mod.ts";
import { Store } from "../../../../plugins/store/contract.ts";
import { answeringKind, kindPlugin, type RunningKernel, startKernel } from "../../library/kit.ts";

/** A skill that a test makes. */
export interface MadeSkill extends Omit<SkillMetadataFields, "skillPath"> {
  /** What SKILL.md says; nothing by default. */
  readonly body?: string;
  readonly scope?: SkillScope;
  /** Below the home; `skills/NAME` by default. */
  readonly folder?: string;
}

/** What a server is started with. */
export interface SkillServerOptions {
  readonly home: string;
  readonly skills?: readonly MadeSkill[];
  /** Skills as a scan finds them, in place of made ones. */
  readonly found?: readonly FoundSkill[];
  /** Skills of a project that waits for the trust of the user of this machine, who gives it when asked. */
  readonly waiting?: readonly MadeSkill[];
  readonly stubs?: boolean;
  readonly hideMadeTools?: boolean;
  /** Whether lists are narrowed; `true` by default. */
  readonly isExposed?: boolean;
  readonly plugins?: readonly PluginUse[];
}

/** A server with skills. */
export interface SkillServer extends RunningKernel {
  readonly catalog: SkillCatalog;
  readonly activation: Activation;
  /** Replaces all skills. */
  find(skills: readonly MadeSkill[]): Promise<void>;
  /** Names of the tools that a viewer sees, sorted; by default the user of this machine. */
  seen(viewer?: Partial<Viewer>): readonly string[];
}

/** The principal of stdio. */
export const LOCAL: { readonly principal: Principal } = Object.freeze({ principal: LOCAL_PRINCIPAL });

/** Starts a server. */
export async function startSkills(options: SkillServerOptions): Promise<SkillServer> {
  const { home, skills = [], isExposed = true, plugins = [] } = options;
  const found = options.found ?? await Promise.all(skills.map((it) => writeSkill(home, it)));
  const made = skillsPlugin(options, found);
  const running = await startKernel({
    home,
    plugins: [
      [store, {}],
      kindPlugin(answeringKind()),
      ...plugins,
      made.plugin,
      ...(isExposed ? [exposure] : []),
    ],
  });
  const { catalog, activation } = made.access();
  return {
    ...running,
    catalog,
    activation,
    find: async (found) => void await catalog.accept(await discover(home, found)),
    seen: (viewer = LOCAL) => seenBy(running.kernel, viewer),
  };
}

/** Lists what a viewer sees. */
export function seenBy(kernel: Kernel, viewer: Partial<Viewer>): readonly string[] {
  const view = kernel.view({ sessionId: undefined, principal: undefined, client: undefined, ...viewer });
  return kernel.tools.entries().filter(({ key, owner }) => view.has("tool", key, owner)).map(({ key }) => key);
}

/** Makes a tool at run time. */
export async function makeTool({ kernel }: Pick<RunningKernel, "kernel">, name: string): Promise<void> {
  const library = kernel.get(ToolLibrary)!;
  const call = { signal: AbortSignal.timeout(60_000) } as never;
  await library.save({ name, description: `Made: ${name}`, tool_type: "answering" }, {}, { call });
}

/** Calls a tool as the user of this machine, and gives the text of its answer. */
export async function say(
  server: Pick<SkillServer, "call">,
  tool: string,
  args: unknown = {},
  call: CallPatch = { principal: LOCAL_PRINCIPAL },
): Promise<string> {
  return textOf(await server.call(tool, args, call));
}

/** Gives the structured part of a result. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
export function dataOf(result: ToolResult): any {
  return result.structuredContent;
}

function skillsPlugin(
  { home, stubs = false, hideMadeTools = false, waiting = [] }: SkillServerOptions,
  found: readonly FoundSkill[],
) {
  let access: { readonly catalog: SkillCatalog; readonly activation: Activation } | undefined;
  const plugin: Plugin<void> = definePlugin({
    name: "skills",
    version: "1.0.0",
    requires: {
      files: Files,
      environment: Environment,
      toolbox: Toolbox,
      library: optional(ToolLibrary),
      store: optional(Store),
    },
    provides: [ActivationContract],
    async setup(ctx) {
      const { files } = ctx.deps;
      const registry = new ToolRegistry();
      const requirements = new Requirements({ environment: ctx.deps.environment });
      const catalog = new SkillCatalog(registry, { open: (path) => files.open(path), requirements });
      const run = (name: string) => Promise.resolve(toolResult({ content: [{ type: "text", text: `ran ${name}` }] }));
      const offered = new OfferedTools({ registry, tool: ctx.tool, log: ctx.log, run });
      ctx.own("tools of skills", () => offered.close());
      await catalog.accept({ skills: found, skipped: [], untrusted: [] });
      // not the bundles of whoever runs the tests
      const expand = (path: string) => path.replace("~", `${ctx.deps.environment.home}/user`);
      const activation = await registerDisclosure({
        ...ctx.deps,
        environment: { ...ctx.deps.environment, expand },
        context: ctx as never,
        catalog,
        registry,
        skillFiles: new SkillFiles(files),
        ...waitingProject(home, waiting),
        stubs,
        hideMadeTools,
      });
      ctx.provide(ActivationContract, activation);
      access = { catalog, activation };
    },
  });
  return { plugin, access: () => access! };
}

function waitingProject(home: string, waiting: readonly MadeSkill[]) {
  const untrusted = { path: "/project", scope: "repo", origin: "project", skills: waiting.length } as const;
  const isWaiting = waiting.length > 0;
  return {
    folders: {
      current: () => ({ ...EMPTY_DISCOVERY, untrusted: isWaiting ? [untrusted] : [] }),
      refresh: () => discover(home, waiting),
    },
    trust: { ask: (_: unknown, { principal }: Call) => Promise.resolve(principal?.id === LOCAL_PRINCIPAL.id) },
  };
}

async function discover(home: string, skills: readonly MadeSkill[]) {
  return { skills: await Promise.all(skills.map((it) => writeSkill(home, it))), skipped: [], untrusted: [] };
}

async function writeSkill(home: string, { body = "", scope = "user", folder, ...fields }: MadeSkill) {
  const path = join(home, folder ?? `skills/${fields.name}`);
  await mkdir(path, { recursive: true });
  const { name, description = `Skill ${name}` } = fields;
  await writeFile(join(path, "SKILL.md"), `---\nname: ${name}\ndescription: ${description}\n---\n${body}\n`);
  const metadata = new SkillMetadata({ ...fields, description, skillPath: path });
  const fingerprint = JSON.stringify([metadata.toJSON(), body]);
  return { name, metadata, path, scope, origin: "test", order: 0, diagnostics: [], fingerprint } satisfies FoundSkill;
}

/** Writes a file below a home. */
export async function writeBelow(home: string, path: string, text: string): Promise<void> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
