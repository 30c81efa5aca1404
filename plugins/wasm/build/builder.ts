/**
 * Builds sources: found in the cache, or compiled, each once at a time.
 *
 * @module
 */
import { type Call, isToolError, type Lazy, type Log, sha256, SharedWork, ToolError } from "../../../kernel/mod.ts";
import type { BuildRecord } from "../program.ts";
import { inspectArtifact } from "../artifact.ts";
import type { BuildCache, KeptBuild } from "./build_cache.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  LANGUAGES,
  MissingToolchain,
  type Source,
  type Toolchain,
} from "./compiler.ts";
import { compileError } from "./diagnostics_text.ts";
import { missingError } from "./toolchain_help.ts";
import { Turns } from "./turns.ts";

// to look costs more than a call does
const FOUND_MS = 10_000;

/** Compilers by the languages that they compile. */
export type Compilers = Readonly<Record<Language, Lazy<Compiler>>>;

/** What a {@linkcode Builder} works with. */
export interface BuilderOptions {
  readonly compilers: Compilers;
  readonly cache: BuildCache;
  readonly log: Log;
  /** Ends a build, in milliseconds. */
  readonly timeoutMs: number;
  /** How much is compiled at once. */
  readonly parallelism: number;
  /** How long a compiler that was found is taken to be there, unchanged, in milliseconds; 10,000 by default. */
  readonly foundMs?: number;
}

/** What came of a build. */
export interface Built extends KeptBuild {
  readonly bytes: Uint8Array;
  /** Whether it was there, and nothing was compiled. */
  readonly isCached: boolean;
}

/** A language, and what builds it here or why nothing does. */
export interface LanguageState {
  readonly language: Language;
  readonly toolchain: Toolchain | undefined;
  /** Why there is none. */
  readonly missing: MissingToolchain | undefined;
}

interface Named {
  readonly source: Source;
  readonly compiler: Compiler;
  readonly toolchain: Toolchain;
  readonly key: string;
}

/** Builds sources. */
export class Builder {
  readonly #options: BuilderOptions;
  readonly #work = new SharedWork<Built>();
  readonly #turns: Turns;
  readonly #found = new Map<Language, { readonly toolchain: Toolchain; readonly until: number }>();

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#turns = new Turns(options.parallelism);
  }

  /**
   * Finds what a source was built to, if that is known; nothing is compiled.
   *
   * @throws {ToolError} when it is not well formed, or there is no compiler.
   */
  async find(source: Source, call: Call): Promise<KeptBuild | undefined> {
    return await this.#explained(source, call, async (options) => {
      const { key } = await this.#name(source, options);
      return await this.#options.cache.find(key);
    });
  }

  /**
   * Builds a source.
   *
   * @throws {ToolError} when it does not compile, with what the compiler said; or there is no compiler, with what
   * installs it: `cause` is a {@linkcode MissingToolchain} then.
   */
  async build(source: Source, call: Call): Promise<Built> {
    return await this.#explained(source, call, async (options) => {
      const named = await this.#name(source, options);
      const cached = await this.#cached(named.key);
      if (cached !== undefined) return cached;
      return await this.#work.join(named.key, options, async (signal, report) => {
        return await this.#turns.run(signal, () => this.#compile(named, { signal, report }));
      });
    });
  }

  /** Looks which languages can be built here. */
  async languages(options: CompileOptions): Promise<readonly LanguageState[]> {
    return await Promise.all(LANGUAGES.map((language) => this.language(language, options)));
  }

  /** Looks whether a language can be built here. */
  async language(language: Language, options: CompileOptions): Promise<LanguageState> {
    try {
      const compiler = await this.#options.compilers[language].get();
      return { language, toolchain: await compiler.find({ language }, options), missing: undefined };
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      const missing = error instanceof MissingToolchain
        ? error
        : new MissingToolchain(language, [], error instanceof Error ? error.message : String(error));
      return { language, toolchain: undefined, missing };
    }
  }

  /** Ends what is compiled, and waits until it has ended. */
  async close(): Promise<void> {
    await this.#work.close();
  }

  async #name(source: Source, options: CompileOptions): Promise<Named> {
    const compiler = await this.#options.compilers[source.language].get();
    compiler.check(source);
    const toolchain = await this.#toolchainOf(source.language, { compiler, options });
    return { source, compiler, toolchain, key: await keyOf(source, toolchain) };
  }

  async #toolchainOf(
    language: Language,
    { compiler, options }: { readonly compiler: Compiler; readonly options: CompileOptions },
  ): Promise<Toolchain> {
    const found = this.#found.get(language);
    if (found !== undefined && performance.now() < found.until) return found.toolchain;
    const toolchain = await compiler.find({ language }, options);
    this.#found.set(language, { toolchain, until: performance.now() + (this.#options.foundMs ?? FOUND_MS) });
    return toolchain;
  }

  async #cached(key: string): Promise<Built | undefined> {
    const { cache } = this.#options;
    const kept = await cache.find(key);
    const bytes = kept && await cache.read(kept);
    return bytes && { ...kept!, bytes, isCached: true };
  }

  async #compile({ source, compiler, toolchain, key }: Named, options: CompileOptions): Promise<Built> {
    const { log, cache } = this.#options;
    const began = performance.now();
    // once that is there, nothing is said of it
    if (toolchain.fetches !== undefined) this.#found.delete(source.language);
    const { artifact, lock, warnings } = await this.#bounded(options, (it) => compiler.compile(source, it));
    const record: BuildRecord = {
      ...await inspectArtifact(artifact.bytes, { isBundle: artifact.kind === "bundle" }),
      ...(source.language !== "wasm" && { compiler: toolchain.title, target: toolchain.target }),
    };
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    log.info(`Compiled "${source.name}" with ${toolchain.title} in ${seconds} s`, { digest: record.digest });
    const kept = { record, lock, warnings };
    // the next build begins with the lock of this one
    const keys = lock === source.lock ? [key] : [key, await keyOf({ ...source, lock }, toolchain)];
    await cache.put(keys, kept, artifact.bytes);
    return { ...kept, bytes: artifact.bytes, isCached: false };
  }

  async #bounded(
    { signal, report }: CompileOptions,
    work: (options: CompileOptions) => Promise<Compiled>,
  ): Promise<Compiled> {
    const { timeoutMs } = this.#options;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      return await work({ signal: AbortSignal.any([signal, late]), report });
    } catch (error) {
      if (!late.aborted || signal.aborted) throw error;
      throw new ToolError(`it took longer than ${timeoutMs / 1000} s (build.timeout_ms)`, { cause: error });
    }
  }

  async #explained<T>(
    { name, language }: Source,
    call: Call,
    work: (options: CompileOptions) => Promise<T>,
  ): Promise<T> {
    let lines = 0;
    const report = (line: string) => void call.progress(++lines, undefined, `${name}: ${line}`).catch(() => {});
    try {
      return await work({ signal: call.signal, report });
    } catch (error) {
      if (call.signal.aborted) throw isToolError(error) ? error : new ToolError("Cancelled by the client");
      if (error instanceof CompileFailure) throw compileError(name, error);
      if (error instanceof MissingToolchain) {
        throw missingError(name, error, await this.#available(call, language));
      }
      if (!isToolError(error) || error.message.startsWith("Cannot ")) throw error;
      throw new ToolError(`Cannot build "${name}" from ${language}: ${error.message}`, { cause: error });
    }
  }

  // what comes on first use was looked for and did not come
  async #available({ signal }: Call, missing: Language): Promise<readonly Language[]> {
    const states = await this.languages({ signal, report: () => {} });
    return states.filter(({ language, toolchain }) => language !== missing && toolchain !== undefined)
      .map(({ language }) => language);
  }
}

/** Names a build: SHA-256 over all that its outcome depends on. */
async function keyOf(
  { language, code, files, dependencies, lock }: Source,
  { identity }: Toolchain,
): Promise<string> {
  const sorted = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1);
  // what needs no packages has no lock to depend on
  const locked = dependencies.length === 0 ? null : lock ?? null;
  return await sha256(JSON.stringify([1, language, identity, code, sorted, dependencies, locked]));
}
