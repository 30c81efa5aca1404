/**
 * What builds and runs tools, each loaded when it is first needed: most servers start without a tool that is built or
 * called.
 *
 * @module
 */
import { type Files, Lazy, type Log, type Processes, type Workers } from "../../kernel/mod.ts";
import type { ConversationOptions, ScriptRunner } from "../scripts/contract.ts";
import type { Builder } from "./build/builder.ts";
import { type Children, type ChildrenContext, createChildren } from "./build/children.ts";
import type { NpmToolchains } from "./build/npm_toolchains.ts";
import { SharedCompilers } from "./build/shared_compilers.ts";
import type { WasmRuntime } from "./run/runtime.ts";

const MIB = 2 ** 20;
/** How many builds run at once where nothing tells how many processors there are. */
const PARALLELISM = 2;

/** The contracts that the parts work with. */
export interface PartsContext extends ConversationOptions, Omit<ChildrenContext, "processes"> {
  readonly files: Files;
  readonly environment: ChildrenContext["environment"];
  readonly log: Log;
  /** Without them what is no thread of this program does not run. */
  readonly processes: Processes | undefined;
  readonly workers: Workers | undefined;
  readonly scripts: ScriptRunner | undefined;
}

/** The bounds of the parts, as in the configuration. */
export interface PartsConfig {
  readonly module_cache_mb: number;
  readonly workers: { readonly most?: number | undefined; readonly idle_ms: number };
  readonly build: {
    readonly timeout_ms: number;
    readonly memory_mb: number;
    readonly processes: number;
    readonly parallelism?: number | undefined;
    readonly cache_mb: number;
  };
}

interface WithChildren {
  readonly children: Children | undefined;
}

/** What builds and runs tools. */
export interface Parts {
  readonly builder: Lazy<Builder>;
  readonly runtime: Lazy<WasmRuntime>;
  /** Compilers from npm; `undefined` where nothing installs them. */
  readonly toolchains: NpmToolchains | undefined;
  /** Compilers for other plugins. */
  readonly compilers: SharedCompilers;
}

/** Makes the parts, and loads none. */
export function createParts(context: PartsContext, config: PartsConfig): Parts {
  const { processes } = context;
  const { timeout_ms: timeoutMs, memory_mb: memoryMb, processes: most } = config.build;
  const children = processes &&
    createChildren({ ...context, processes }, { timeoutMs, memoryBytes: memoryMb * MIB, processes: most });
  return {
    builder: new Lazy(() => createBuilder(context, { ...config, children })),
    runtime: new Lazy(() => createRunning(context, { ...config, children })),
    toolchains: children?.toolchains,
    compilers: new SharedCompilers(children),
  };
}

async function createBuilder(
  { files, log, workers }: PartsContext,
  { build, children }: PartsConfig & WithChildren,
): Promise<Builder> {
  const [{ Builder }, { BuildCache }, { loadCompilers }] = await Promise.all([
    import("./build/builder.ts"),
    import("./build/build_cache.ts"),
    import("./build/languages.ts"),
  ]);
  const timeoutMs = build.timeout_ms;
  return new Builder({
    compilers: loadCompilers({ children, workers, timeoutMs }),
    cache: new BuildCache({ folder: files.at("cache/wasm"), maxBytes: build.cache_mb * MIB, log }),
    log,
    timeoutMs,
    parallelism: build.parallelism ?? workers?.parallelism ?? PARALLELISM,
  });
}

async function createRunning(
  { toolbox, catalog, library, environment, memory, secrets, workers, scripts }: PartsContext,
  { workers: { most, idle_ms: idleMs }, module_cache_mb: cacheMb, children }: PartsConfig & WithChildren,
): Promise<WasmRuntime> {
  const { createRuntime } = await import("./run/create_runtime.ts");
  const conversation = { toolbox, catalog, library, environment, memory, secrets };
  const others = createRuntime({ ...conversation, workers, scripts, most, idleMs, cacheBytes: cacheMb * MIB });
  const translator = children?.translator;
  if (translator === undefined) return others;
  const { sandbox } = children!;
  const runner = new Lazy(async () => {
    const { ComponentRunner } = await import("./component/runner.ts");
    return new ComponentRunner({ sandbox, translator: await translator.get() });
  });
  const { ComponentRuntime } = await import("./run/component_runtime.ts");
  return new ComponentRuntime({ others, runner, conversation });
}
