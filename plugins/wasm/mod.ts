/**
 * The plugin `wasm`: tools that run as WebAssembly, built from source in one call. It adds the kind `wasm` to the
 * library, registers `build_tool` and `toolchains`, and provides the contracts `CodeRunner` and `Compilers`.
 *
 * @example Build a tool and call it
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import library from "../library/mod.ts";
 * import wasm from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(wasm);
 * await kernel.start();
 * await kernel.call("build_tool", {
 *   name: "shout",
 *   description: "Say it loudly",
 *   code: "export default ({ text }: { text: string }) => ({ loud: text.toUpperCase() });",
 * });
 * const { structuredContent } = await kernel.call("shout", { text: "hello" });
 * await kernel.stop();
 * if (JSON.stringify(structuredContent) !== '{"loud":"HELLO"}') throw new Error(JSON.stringify(structuredContent));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  Catalog,
  Commands,
  definePlugin,
  Diagnostics,
  Environment,
  Files,
  optional,
  OwnPackages,
  type Plugin,
  Processes,
  Toolbox,
  Workers,
} from "../../kernel/mod.ts";
import { Dependencies } from "../dependencies/contract.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { ToolLibrary } from "../library/contract.ts";
import { Memory } from "../memory/contract.ts";
import { Sandbox } from "../sandbox/contract.ts";
import { ScriptRunner } from "../scripts/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { Services } from "../services/contract.ts";
import { registerBuildTool } from "./build_tool.ts";
import { CodeRunner, Compilers } from "./contract.ts";
import { wasmKind } from "./kind.ts";
import { languageProbes, summarizeLanguages } from "./languages_here.ts";
import { createToolchainVerb, registerToolchainsTool } from "./build/toolchains_tool.ts";
import { createParts } from "./parts.ts";
import { registerPrompts } from "./prompts/mod.ts";
import { WasmGrants } from "./run/wasm_grants.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const Config = v.strictObject({
  timeout_ms: v.optional(Count, 300_000),
  memory_mb: v.optional(v.pipe(Count, v.maxValue(4_096)), 256),
  module_cache_mb: v.optional(Count, 64),
  workers: v.optional(
    v.strictObject({ most: v.optional(Count), idle_ms: v.optional(v.pipe(v.number(), v.minValue(0)), 60_000) }),
    {},
  ),
  build: v.optional(
    v.strictObject({
      timeout_ms: v.optional(Count, 600_000),
      memory_mb: v.optional(Count, 4_096),
      processes: v.optional(Count, 256),
      parallelism: v.optional(Count),
      cache_mb: v.optional(Count, 512),
    }),
    {},
  ),
});

/** Bounds of the workers that tools run in. */
export interface WorkersConfig {
  /** Most runs at the same time; twice as many as processors by default, and at least 8. */
  readonly most?: number | undefined;
  /** How long a worker waits without a run, in milliseconds; 60,000 by default. */
  readonly idle_ms?: number | undefined;
}

/** Bounds of builds. */
export interface BuildConfig {
  /** Time limit of one build, in milliseconds; 600,000 by default. */
  readonly timeout_ms?: number | undefined;
  /** Memory of a compiler and all that it starts, in MiB; 4,096 by default. */
  readonly memory_mb?: number | undefined;
  /** Processes of a compiler at one time; 256 by default. */
  readonly processes?: number | undefined;
  /** How many builds run at once; as many as processors by default. */
  readonly parallelism?: number | undefined;
  /** What is kept of builds, in MiB; those that were used longest ago go first; 512 by default. */
  readonly cache_mb?: number | undefined;
}

/** Settings of the plugin, as a caller writes them. */
export interface WasmConfig {
  /** Time limit of a call, in milliseconds, for tools that ask for none of their own; 300,000 by default. */
  readonly timeout_ms?: number | undefined;
  /** Memory of a call, in MiB, for tools that ask for none of their own; 256 by default. */
  readonly memory_mb?: number | undefined;
  /** Most MiB of modules that are kept compiled; 64 by default. */
  readonly module_cache_mb?: number | undefined;
  /** Threads that tools run in. */
  readonly workers?: WorkersConfig | undefined;
  /** Compilers, and what is kept of their work. */
  readonly build?: BuildConfig | undefined;
}

const wasm: Plugin<WasmConfig> = definePlugin({
  name: "wasm",
  version: "1.0.0",
  description: "Tools that run as WebAssembly, built from source",
  config: Config,
  requires: {
    files: Files,
    environment: Environment,
    toolbox: Toolbox,
    catalog: Catalog,
    library: ToolLibrary,
    processes: optional(Processes),
    workers: optional(Workers),
    packages: optional(OwnPackages),
    sandbox: optional(Sandbox),
    dependencies: optional(Dependencies),
    policy: optional(GrantPolicy),
    secrets: optional(Secrets),
    scripts: optional(ScriptRunner),
    services: optional(Services),
    memory: optional(Memory),
    diagnostics: optional(Diagnostics),
    commands: optional(Commands),
  },
  provides: [Compilers, CodeRunner],
  async setup(ctx) {
    const { deps, config, log, tool, prompt } = ctx;
    const { files, environment, toolbox, library, policy, secrets, services, diagnostics, commands } = deps;
    const limits = { timeoutMs: config.timeout_ms, memoryMb: config.memory_mb };
    const grants = new WasmGrants({ environment, library, files, policy, secrets, ...limits });
    const { builder, runtime, toolchains, compilers } = createParts({ ...deps, log }, config);
    ctx.provide(Compilers, compilers);
    ctx.provide(CodeRunner, { run: async (run, { call }) => await (await runtime.get()).runCode(run, call) });
    ctx.own("running tools", async () => await (await runtime.loading)?.close());
    ctx.own("builds", async () => await (await builder.loading)?.close());
    const kind = await library.addKind(wasmKind({ builder, runtime, grants, limits, services }));
    ctx.own('kind "wasm"', () => kind.dispose());
    registerBuildTool({ tool, log, library, toolbox, builder, environment, files, grants, policy });
    registerPrompts({ prompt, library, toolbox });
    if (toolchains !== undefined) {
      registerToolchainsTool({ tool, toolchains, languages: (options) => summarizeLanguages(builder, options) });
      if (commands !== undefined) ctx.own("verb", commands.add(createToolchainVerb(() => Promise.resolve(toolchains))));
    }
    for (const probe of languageProbes(builder)) if (diagnostics) ctx.own("probe", diagnostics.add(probe));
  },
});

export default wasm;
