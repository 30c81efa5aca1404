/**
 * Starts kernels that run tools of skills for tests: real folders, the real catalog, and scripts as the plugin runs them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  definePlugin,
  Environment,
  Files,
  type JsonObject,
  optional,
  type Plugin,
  Processes,
  RegistryChanged,
  Toolbox,
  type ToolResult,
} from "../../../../kernel/mod.ts";
import type { PluginUse } from "../../../../kernel/testing.ts";
import { GrantPolicy } from "../../../../plugins/grants/contract.ts";
import { ScriptRunner } from "../../../../plugins/scripts/contract.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import { Secrets } from "../../../../plugins/secrets/contract.ts";
import { SkillCatalog } from "../../../../plugins/skills/catalog/catalog.ts";
import { ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { Requirements } from "../../../../plugins/skills/catalog/requirements.ts";
import type { FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import type { ToolDeclarationFields } from "../../../../plugins/skills/format/declaration.ts";
import { SkillMetadata, type SkillMetadataFields } from "../../../../plugins/skills/format/metadata.ts";
import { OfferedTools } from "../../../../plugins/skills/running/offered_tools.ts";
import { ScriptGuards } from "../../../../plugins/skills/running/script_guards.ts";
import { SkillToolRunner } from "../../../../plugins/skills/running/skill_tool_runner.ts";
import { type RunningKernel, startKernel, temporaryHome } from "../../library/kit.ts";

/** A skill to write: its files by path, and what it says of itself. */
export interface SkillToWrite extends Partial<SkillMetadataFields> {
  readonly files: Readonly<Record<string, string>>;
  /** Paths of files that may be run. */
  readonly executable?: readonly string[];
}

/** A kernel with skills. */
export interface SkillKit extends RunningKernel {
  readonly home: string;
  readonly catalog: SkillCatalog;
  readonly registry: ToolRegistry;
  readonly offered: OfferedTools;
  /** Writes skills beside those that are there, and loads them; gives their folders. */
  load(skills: Readonly<Record<string, SkillToWrite>>): Promise<readonly string[]>;
  /** Writes a skill of one script, loads it, and calls its tool. */
  runScript(path: string, code: string, args?: JsonObject): Promise<ToolResult>;
}

/** What a kernel is started with. */
export interface SkillKitOptions {
  readonly plugins?: readonly PluginUse[];
  /** Loaded after the skills. */
  readonly later?: readonly Plugin[];
  /** Files of the home folder, which nobody else may read. */
  readonly files?: Readonly<Record<string, string>>;
  /** Bounds of calls, in milliseconds. */
  readonly limits?: { readonly timeoutMs?: number; readonly longestMs?: number };
  /** Whether interpreters wait for calls; `false` by default. */
  readonly isWarm?: boolean;
}

/** Starts a kernel. */
export async function startSkills(options: SkillKitOptions = {}): Promise<SkillKit> {
  const { plugins = [], later = [], files = {}, isWarm = false } = options;
  const home = await temporaryHome();
  for (const [name, text] of Object.entries(files)) await writeFile(join(home.path, name), text, { mode: 0o600 });
  let parts!: Parts;
  const plugin = skillsPlugin(options, (made) => parts = made);
  const warm = isWarm ? {} : { per_key: 0 };
  const running = await startKernel({ home: home.path, plugins: [...plugins, [scripts, { warm }], plugin, ...later] });
  const written = new Map<string, FoundSkill>();
  const load = async (skills: Readonly<Record<string, SkillToWrite>>) => {
    const found = await Promise.all(Object.entries(skills).map((entry) => writeSkill(join(home.path, "s"), entry)));
    for (const skill of found) written.set(skill.name, skill);
    await parts.catalog.accept({ skills: [...written.values()], skipped: [], untrusted: [] });
    for (const name of Object.keys(skills)) await parts.catalog.loadSkill(name);
    return found.map(({ path }) => path);
  };
  let count = 0;
  return {
    ...running,
    ...parts,
    home: home.path,
    load,
    async runScript(path, code, args = {}) {
      const name = `s${count++}`;
      await load({ [name]: { files: { [path]: code }, tools: [{ name: "run", sourceFile: path }] } });
      return await running.call(`${name}__run`, args);
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

type Parts = Pick<SkillKit, "catalog" | "registry" | "offered">;

/** What the plugin `skills` does to run tools, and nothing else of it. */
function skillsPlugin({ limits }: SkillKitOptions, onMade: (parts: Parts) => void): Plugin {
  return definePlugin({
    name: "skills",
    version: "1.0.0",
    requires: {
      files: Files,
      processes: Processes,
      environment: Environment,
      toolbox: Toolbox,
      scripts: optional(ScriptRunner),
      secrets: optional(Secrets),
      policy: optional(GrantPolicy),
    },
    setup(ctx) {
      const { files, environment, processes, secrets } = ctx.deps;
      const registry = new ToolRegistry();
      const requirements = new Requirements({ environment, processes, secrets });
      const catalog = new SkillCatalog(registry, { open: (path) => files.open(path), requirements });
      const runner = new SkillToolRunner({
        ...ctx.deps,
        catalog,
        registry,
        requirements,
        guards: new ScriptGuards(),
        log: ctx.log,
        ...limits,
      });
      const offered = new OfferedTools({
        ...{ registry, log: ctx.log },
        tool: (definition) => ctx.tool(definition),
        run: (name, args, call) => runner.run(name, args, call),
      });
      ctx.own("tools of skills", () => offered.close());
      ctx.on(RegistryChanged, ({ kind }) => kind === "tool" ? offered.retry() : undefined);
      onMade({ catalog, registry, offered });
    },
  });
}

async function writeSkill(folder: string, [name, skill]: readonly [string, SkillToWrite]): Promise<FoundSkill> {
  const { files, executable = [], ...fields } = skill;
  const path = join(folder, name);
  for (const [file, text] of Object.entries({ "SKILL.md": `---\nname: ${name}\n---\n`, ...files })) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  }
  for (const file of executable) await chmod(join(path, file), 0o755);
  const scripts = Object.keys(files).filter((it) => it.startsWith("scripts/")).map((it) => join(path, it)).sort();
  return {
    name,
    metadata: new SkillMetadata({ name, description: `Skill ${name}`, skillPath: path, scripts, ...fields }),
    path,
    scope: "user",
    origin: "user",
    order: 0,
    diagnostics: [],
    fingerprint: crypto.randomUUID(),
  };
}

/** Declares a tool of a script. */
export function declare(
  name: string,
  sourceFile: string,
  more: Partial<ToolDeclarationFields> = {},
): ToolDeclarationFields {
  return { name, sourceFile, ...more };
}

/** Gives the structured content of a result that did not fail. */
export function valueOf(result: ToolResult): JsonObject {
  assert.equal(result.isError, undefined, JSON.stringify(result));
  return result.structuredContent as JsonObject;
}
