/**
 * The plugin `skills`: finds skills, folders with a SKILL.md, and makes of them what a model can use, when it is wanted:
 * instructions, prompts, resources, and tools that are scripts.
 *
 * @example Load a skill
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import skills from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * await Deno.mkdir(`${home}/skills/tides`, { recursive: true });
 * await Deno.writeTextFile(`${home}/skills/tides/SKILL.md`, "---\nname: tides\ndescription: Read tide tables\n---\n# Tides\n");
 * const kernel = new Kernel().use(await detectPlatform({ home }))
 *   .use(skills, { default_paths: false, paths: [`${home}/skills`], watch: false });
 * await kernel.start();
 * const { structuredContent } = await kernel.call("load_skill", { skill_name: "tides" });
 * await kernel.stop();
 * if (!JSON.stringify(structuredContent).includes('"tides"')) throw new Error(JSON.stringify(structuredContent));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  Commands,
  definePlugin,
  Diagnostics,
  Environment,
  Files,
  optional,
  type Plugin,
  Processes,
  Protocol,
  RegistryChanged,
  Toolbox,
  Visibility,
} from "../../kernel/mod.ts";
import { Dependencies } from "../dependencies/contract.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { ToolLibrary } from "../library/contract.ts";
import { ScriptRunner } from "../scripts/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { Store } from "../store/contract.ts";
import { Trust } from "../trust/contract.ts";
import { SkillCatalog } from "./catalog/catalog.ts";
import { ToolRegistry } from "./catalog/registry.ts";
import { Requirements } from "./catalog/requirements.ts";
import { WantedSkills } from "./catalog/wanted_skills.ts";
import { Activation, SkillImports, Skills } from "./contract.ts";
import { readInstructions } from "./disclosure/instructions.ts";
import { registerDisclosure } from "./disclosure/mod.ts";
import { openSkill } from "./discovery/open_skill.ts";
import { SCOPES, type SkillScope } from "./discovery/scope.ts";
import { collectSearchPaths } from "./discovery/search_paths.ts";
import { SkillFolders } from "./discovery/skill_folders.ts";
import { registerKnowledge } from "./knowledge/mod.ts";
import { SkillFiles } from "./knowledge/skill_files.ts";
import { registerManagement } from "./management/mod.ts";
import { SkillPlaces, writableRoot } from "./management/skill_places.ts";
import { SkillTurns } from "./management/skill_turns.ts";
import { skillProbes } from "./probes.ts";
import { explainMissingTool } from "./running/missing_tools.ts";
import { OfferedTools } from "./running/offered_tools.ts";
import { ScriptGuards } from "./running/script_guards.ts";
import { SkillToolRunner } from "./running/skill_tool_runner.ts";
import { registerSkillScripts } from "./scripts/mod.ts";
import { createCandidates } from "./search/candidates.ts";
import { createSkillAccess, SkillAccess } from "./server/skill_access.ts";
import { offerSkills } from "./server_skills.ts";
import { createSkillsVerb } from "./skills_verb.ts";
import { registerSkillTools } from "./tools/mod.ts";

const Text = v.pipe(v.string(), v.minLength(1));
const Flag = (fallback: boolean) => v.optional(v.boolean(), fallback);
const Count = (fallback: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), fallback);

const Config = v.strictObject({
  app: v.optional(Text),
  paths: v.optional(
    v.array(v.union([Text, v.strictObject({ path: Text, scope: v.optional(v.picklist(SCOPES)) })])),
    [],
  ),
  default_paths: Flag(true),
  bundled: Flag(true),
  load: v.optional(v.array(Text), []),
  watch: Flag(true),
  products: v.optional(v.array(Text)),
  timeout_ms: Count(300_000),
  script_timeout_ms: Count(30_000),
  max_file_bytes: Count(1_000_000),
  keep_active: Flag(true),
  stubs: Flag(false),
  hide_made_tools: Flag(false),
  skill_mcp_names: Flag(false),
});

/** Settings of the plugin, as a caller writes them. */
export interface SkillsConfig {
  /** The application whose search paths count as well, such as `maya`; none by default. */
  readonly app?: string | undefined;
  /** Folders that skills are looked for in first, `~` allowed; their scope is `user` unless they say another. */
  readonly paths?: readonly (string | { readonly path: string; readonly scope?: SkillScope | undefined })[] | undefined;
  /** Whether skills are looked for in the usual places as well; `true` by default. */
  readonly default_paths?: boolean | undefined;
  /** Whether the skills that ship are among them; `true` by default. */
  readonly bundled?: boolean | undefined;
  /** Names of skills that are loaded as soon as they are found; none by default, but those that want it themselves. */
  readonly load?: readonly string[] | undefined;
  /** Whether changes of files are seen while the server runs; `true` by default. */
  readonly watch?: boolean | undefined;
  /** What this server is, for skills that are for some products only; `app` by default, else `collet`. */
  readonly products?: readonly string[] | undefined;
  /** Time limit of a tool whose skill sets none, in milliseconds; 300,000 by default. */
  readonly timeout_ms?: number | undefined;
  /**
   * Time limit of a run of `run_skill_script` or `execute_python_code` that names none, of a skill that asks for none, in
   * milliseconds; 30,000 by default.
   */
  readonly script_timeout_ms?: number | undefined;
  /** Most bytes of a file that `skill_files_crud` writes, or reads at once; 1,000,000 by default. */
  readonly max_file_bytes?: number | undefined;
  /** Whether what is active for whom is remembered from start to start; `true` by default. */
  readonly keep_active?: boolean | undefined;
  /** Whether each skill that is not loaded is listed by a tool that says how to load it; `false` by default. */
  readonly stubs?: boolean | undefined;
  /** Whether tools made at run time are listed only once they are activated; `false` by default. */
  readonly hide_made_tools?: boolean | undefined;
  /** Whether files and variables of skills are managed by the older tool names of skill-mcp as well; `false` by default. */
  readonly skill_mcp_names?: boolean | undefined;
}

const skills: Plugin<SkillsConfig> = definePlugin({
  name: "skills",
  version: "1.0.0",
  description: "Skills: found, searched, loaded on demand, and run",
  config: Config,
  requires: {
    files: Files,
    processes: Processes,
    environment: Environment,
    toolbox: Toolbox,
    visibility: Visibility,
    protocol: Protocol,
    commands: optional(Commands),
    diagnostics: optional(Diagnostics),
    store: optional(Store),
    library: optional(ToolLibrary),
    scripts: optional(ScriptRunner),
    dependencies: optional(Dependencies),
    secrets: optional(Secrets),
    policy: optional(GrantPolicy),
    trust: optional(Trust),
  },
  provides: [Activation, SkillImports, Skills, SkillAccess],
  async setup(ctx) {
    const { config, deps } = ctx;
    const { files, environment, toolbox, trust, library, secrets, processes } = deps;
    const collect = () =>
      collectSearchPaths({
        environment,
        realPath: (path) => files.open(path).path,
        app: config.app,
        extra: config.paths,
        hasDefaults: config.default_paths,
        hasBundled: config.bundled,
      });
    const folders = new SkillFolders({ files, log: ctx.log, trust, isWatched: config.watch, collect });
    ctx.own("search paths", () => folders.close());
    const registry = new ToolRegistry();
    const requirements = new Requirements({
      environment,
      processes,
      secrets,
      products: config.products ?? [config.app ?? "collet"],
      hasTool: (name) => toolbox.get(name) !== undefined,
    });
    const catalog = new SkillCatalog(registry, { open: (path) => openSkill(files, path), requirements });
    const wanted = new WantedSkills({ catalog, names: config.load, log: ctx.log });
    ctx.own("wanted skills", () => wanted.close());
    const accept = async () => {
      const { added } = await catalog.accept(folders.current());
      await wanted.found(added);
    };
    ctx.own("changes of folders", folders.onChange(() => void accept()));
    await folders.open();
    await accept();
    wanted.warnOfMissing();

    const guards = new ScriptGuards();
    const places = new SkillPlaces({ files, catalog, environment, root: writableRoot(environment) });
    const turns = new SkillTurns(places);
    const imports = registerSkillScripts({
      ...{ ...deps, tool: ctx.tool, places, turns, guards, requirements, registry, log: ctx.log },
      timeoutMs: config.script_timeout_ms,
    });
    ctx.provide(SkillImports, imports);
    const runner = new SkillToolRunner({
      ...{ ...deps, catalog, registry, requirements, guards, log: ctx.log },
      timeoutMs: config.timeout_ms,
    });
    const offered = new OfferedTools({
      registry,
      tool: (definition) => ctx.tool(definition),
      run: (name, args, call) => runner.run(name, args, call),
      log: ctx.log,
    });
    ctx.own("tools of skills", () => offered.close());
    // a name that was taken may be free
    ctx.on(RegistryChanged, ({ kind }) => kind === "tool" ? offered.retry() : undefined);
    const skillFiles = new SkillFiles(files);
    const activation = await registerDisclosure({
      ...{ context: ctx, catalog, registry, skillFiles, toolbox, files, environment, library, folders, trust },
      store: config.keep_active ? deps.store : undefined,
      stubs: config.stubs,
      hideMadeTools: config.hide_made_tools,
    });
    ctx.provide(Activation, activation);
    registerSkillTools({
      tool: ctx.tool,
      catalog,
      load: (names, call, options) => activation.load(names, call, options),
      unload: (name, call) => activation.unload(name, call),
      refusals: (metadata) => requirements.check(metadata),
      notOffered: () => offered.diagnostics(),
      instructions: (skill) => readInstructions(skill, { skillFiles }),
      folders,
      trust,
    });
    const offeredSkills = offerSkills({ catalog, folders, guards, accept });
    registerManagement({
      ...{
        own: ctx.own,
        tool: ctx.tool,
        places,
        turns,
        catalog,
        toolbox,
        log: ctx.log,
        hasAliases: config.skill_mcp_names,
      },
      mostBytes: config.max_file_bytes,
      async refresh(path) {
        await folders.refreshAt(path);
        await accept();
      },
    });
    registerKnowledge({ ctx, catalog, files: skillFiles, visibility: deps.visibility, protocol: deps.protocol });
    if (library !== undefined) ctx.own("candidates", library.addCandidates(createCandidates(catalog)));
    ctx.own(
      "explanation of missing tools",
      toolbox.explainMissing((name) => explainMissingTool(name, { registry, catalog })),
    );
    for (const probe of skillProbes({ folders, collect })) {
      if (deps.diagnostics !== undefined) ctx.own("probe", deps.diagnostics.add(probe));
    }
    if (deps.commands !== undefined) {
      ctx.own("verb", deps.commands.add(createSkillsVerb({ files, environment, trust })));
    }
    ctx.provide(Skills, offeredSkills);
    ctx.provide(SkillAccess, createSkillAccess({ catalog, folders, environment, accept }));
  },
});

export default skills;
