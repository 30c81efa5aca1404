/**
 * From programs to what is given to a worker: read, bounded, compiled.
 *
 * @module
 */
import { Lazy, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { MeterOptions } from "../binary/meter.ts";
import type { BundleRun, ModuleRun } from "../worker/messages.ts";
import { ArtifactCache, type Sized } from "./artifact_cache.ts";
import type { Program } from "./runtime.ts";

/** What does not fit is left out of argv: systems bound one argument to 128 KiB as well. */
const LONGEST_ARGUMENT = 128 * 1024;
const MOST_ARTIFACTS = 256;

// most calls find their module compiled
const limiter = new Lazy(() => import("../binary/limit_memory.ts"));
const meters = new Lazy(() => import("../binary/meter.ts"));

const NO_COMPONENTS =
  "it is a component of WASI preview 2, and nothing here runs those; build it as a module, such as " +
  "for wasm32-wasip1";

/** A run with all that it needs. */
export type ModuleTask = ModuleRun & { readonly module: WebAssembly.Module };
/** A run with all that it needs. */
export type BundleTask = BundleRun & { readonly bundle: string };

/** What a {@linkcode Programs} works with. */
export interface ProgramsOptions {
  /** Most bytes of modules that are kept compiled, and of texts of bundles. */
  readonly cacheBytes: number;
  /** How modules count their work, where nothing else can end them; they do not by default. */
  readonly metering?: MeterOptions | undefined;
}

/** Readies programs; what was read and compiled is kept. */
export class Programs {
  readonly #metering: MeterOptions | undefined;
  readonly #modules: ArtifactCache<WebAssembly.Module>;
  readonly #bundles: ArtifactCache<string>;

  constructor({ cacheBytes, metering }: ProgramsOptions) {
    this.#metering = metering;
    const bounds = { bytes: cacheBytes, count: MOST_ARTIFACTS };
    this.#modules = new ArtifactCache(bounds);
    this.#bundles = new ArtifactCache(bounds);
  }

  /**
   * Readies a module.
   *
   * @throws {ToolError} when it cannot be read, has more memory than it may, or does not compile.
   */
  async readyModule(program: Program, { isInteractive }: Pick<ModuleRun, "isInteractive">): Promise<ModuleTask> {
    const { name, kind, digest, env, folders, memoryBytes, outputBytes } = program;
    if (kind === "component") throw new ToolError(`Cannot run "${name}": ${NO_COMPONENTS}`);
    // the same module with another limit is another one
    const key = `${digest} ${memoryBytes}`;
    const module = await orRefuse(name, this.#modules.get(key, () => this.#compile(program)));
    const json = JSON.stringify(program.args);
    return {
      kind: "module",
      name,
      digest: key,
      module,
      env,
      folders,
      memoryBytes,
      outputBytes,
      isInteractive,
      stdin: isInteractive ? "" : json,
      args: isInteractive || isTooLong(json) ? [] : [json],
    };
  }

  async #compile({ load, memoryBytes }: Program): Promise<Sized<WebAssembly.Module>> {
    const { limitMemory } = await limiter.get();
    const limited = limitMemory(await load() as Uint8Array<ArrayBuffer>, memoryBytes);
    const bytes = this.#metering === undefined ? limited : (await meters.get()).meter(limited, this.#metering);
    return { item: await WebAssembly.compile(bytes), size: bytes.length };
  }

  /**
   * Readies a bundle.
   *
   * @throws {ToolError} when it cannot be read.
   */
  async readyBundle(program: Program): Promise<BundleTask> {
    const { name, digest, env, folders, memoryBytes, outputBytes, timeoutMs } = program;
    const deadline = Date.now() + timeoutMs;
    const bundle = await this.#text(program);
    const input = JSON.stringify(program.args);
    return { kind: "bundle", name, digest, bundle, env, folders, outputBytes, input, memoryBytes, deadline };
  }

  async #text({ name, digest, load }: Program): Promise<string> {
    return await orRefuse(
      name,
      this.#bundles.get(digest, async () => {
        const bytes = await load();
        return { item: new TextDecoder().decode(bytes), size: bytes.length };
      }),
    );
  }
}

async function orRefuse<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ToolError(`Cannot run "${name}": ${messageOf(error)}`, { cause: error });
  }
}

function isTooLong(json: string): boolean {
  // no character takes more than three bytes of UTF-8 for each unit of UTF-16
  if (json.length * 3 <= LONGEST_ARGUMENT) return false;
  return json.length > LONGEST_ARGUMENT || new TextEncoder().encode(json).length > LONGEST_ARGUMENT;
}
