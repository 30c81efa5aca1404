/**
 * The plugin `scripts`: tools that are scripts in any language. It adds the kind `script` to the library, registers
 * `register_script`, and provides the contract `ScriptRunner`.
 *
 * @example Make a tool and call it
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import library from "../library/mod.ts";
 * import scripts from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(scripts);
 * await kernel.start();
 * await kernel.call("register_script", {
 *   name: "hello",
 *   description: "Greet someone",
 *   interpreter: "sh",
 *   code: 'read -r request; echo "hello"',
 * });
 * const { content } = await kernel.call("hello", {});
 * await kernel.stop();
 * if (JSON.stringify(content) !== '[{"type":"text","text":"hello"}]') throw new Error(JSON.stringify(content));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  Catalog,
  definePlugin,
  Environment,
  Files,
  optional,
  type Plugin,
  Processes,
  Toolbox,
} from "../../kernel/mod.ts";
import { Dependencies } from "../dependencies/contract.ts";
import { ToolLibrary } from "../library/contract.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { Memory } from "../memory/contract.ts";
import { Sandbox, Unconfined } from "../sandbox/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { Services } from "../services/contract.ts";
import { ScriptRunner } from "./contract.ts";
import { registerDependenciesTool } from "./dependencies_tool.ts";
import { scriptKind } from "./kind.ts";
import { ScriptPackages } from "./packages.ts";
import { registerPrompts } from "./prompts/mod.ts";
import { registerRegisterScript } from "./register_script.ts";
import { Runner } from "./runner.ts";
import { ScriptGrants } from "./script_grants.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

const Config = v.strictObject({
  timeout_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 300_000),
  warm: v.optional(
    v.strictObject({
      per_key: v.optional(Count, 2),
      total: v.optional(Count, 16),
      idle_ms: v.optional(Count, 60_000),
    }),
    {},
  ),
});

/** Bounds of the interpreters that wait. */
export interface WarmConfig {
  /** How many of a kind wait at first, and a fourth of the most; 2 by default, 0 for none. */
  readonly per_key?: number | undefined;
  /** How many wait together; 16 by default, 0 for none. */
  readonly total?: number | undefined;
  /** How long they wait without a call, in milliseconds; 60,000 by default, 0 for not at all. */
  readonly idle_ms?: number | undefined;
}

/** Settings of the plugin, as a caller writes them. */
export interface ScriptsConfig {
  /** Time limit of a call, in milliseconds, for scripts that have none of their own; 300,000 by default. */
  readonly timeout_ms?: number | undefined;
  /** Interpreters that wait for the next call. */
  readonly warm?: WarmConfig | undefined;
}

const scripts: Plugin<ScriptsConfig> = definePlugin({
  name: "scripts",
  version: "1.0.0",
  description: "Tools that are scripts in any language",
  config: Config,
  requires: {
    files: Files,
    processes: Processes,
    environment: Environment,
    toolbox: Toolbox,
    catalog: Catalog,
    library: ToolLibrary,
    memory: optional(Memory),
    secrets: optional(Secrets),
    policy: optional(GrantPolicy),
    sandbox: optional(Sandbox),
    dependencies: optional(Dependencies),
    services: optional(Services),
  },
  provides: [ScriptRunner],
  async setup(ctx) {
    const {
      files,
      processes,
      environment,
      toolbox,
      catalog,
      library,
      memory,
      secrets,
      policy,
      dependencies,
      services,
    } = ctx.deps;
    const { sandbox = new Unconfined({ home: files, processes }) } = ctx.deps;
    const machine = { processes, environment };
    const { timeout_ms: timeoutMs, warm } = ctx.config;
    const grants = new ScriptGrants({ environment, files, sandbox, library, policy, secrets, log: ctx.log, timeoutMs });
    const packages = new ScriptPackages({
      dependencies,
      machine,
      authorize: policy && ((manifest, set, call) => grants.authorizePackages(manifest, set, call)),
    });
    const runner = new Runner({
      home: files,
      processes,
      environment,
      sandbox,
      log: ctx.log,
      warm: { perKey: warm.per_key, total: warm.total, idleMs: warm.idle_ms },
      toolbox,
      catalog,
      library,
      memory,
      secrets,
      signal: ctx.signal,
      timeoutMs,
    });
    ctx.own("running scripts", () => runner.close());
    await runner.cleanUp();
    ctx.provide(ScriptRunner, runner);
    const kind = await library.addKind(scriptKind({ runner, packages, grants, sandbox, services }));
    ctx.own('kind "script"', () => kind.dispose());
    registerPrompts({ prompt: ctx.prompt, library, toolbox, catalog, dependencies, hasGrants: policy !== undefined });
    registerRegisterScript({ tool: ctx.tool, log: ctx.log, library, machine, packages, grants, sandbox, services });
    if (dependencies !== undefined) registerDependenciesTool({ tool: ctx.tool, library, dependencies, packages });
  },
});

export default scripts;
