/**
 * Translates components to JavaScript and core modules, by the published tooling of components, and keeps what came of it.
 *
 * @module
 */
import { type Files, sha256, ToolError } from "../../../kernel/mod.ts";
import type { CompilerCommands } from "../build/commands.ts";
import { type Compiled, type CompileOptions, MissingToolchain } from "../build/compiler.ts";
import { runNpmProgram } from "../build/npm_program.ts";
import type { NpmToolchain, NpmToolchains } from "../build/npm_toolchains.ts";
import { RUN, TRANSLATE } from "./files.ts";

const KEPT = "cache/components";
const RECORD_FILE = "component.json";
const RUN_FILE = "run.mjs";
/** Components that are kept translated. */
const MOST_KEPT = 64;
/** What a component may import: what the shim of preview 2 has. */
const IMPORT_REGEXP = /^wasi:(?:cli|clocks|filesystem|io|random|sockets|http)\//;
/** What a command exports. */
const COMMAND_REGEXP = /^wasi:cli\/run(?:@|$)/;

/** A component that was translated. */
export interface Translated {
  /** Absolute path of the folder that has the files, and the program that runs them. */
  readonly path: string;
  readonly program: string;
  readonly toolchain: NpmToolchain;
}

/** What {@linkcode ComponentTranslator} works with. */
export interface TranslatorOptions {
  readonly home: Files;
  readonly commands: CompilerCommands;
  readonly toolchains: NpmToolchains;
}

/** Translates components. */
export class ComponentTranslator {
  readonly #options: TranslatorOptions;

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  /**
   * Takes a component as a finished module: it is translated, to see that it can be run here.
   *
   * @throws {MissingToolchain} when what translates is not installed.
   * @throws {ToolError} when it is no command, or imports what nothing provides.
   */
  async accept(bytes: Uint8Array, options: CompileOptions): Promise<Compiled> {
    await this.translate({ digest: await sha256(bytes), load: () => Promise.resolve(bytes) }, options);
    return { artifact: { kind: "component", bytes }, warnings: [] };
  }

  /** Translates a component, or finds it translated; throws as {@linkcode accept} does. */
  async translate(
    { digest, load }: { readonly digest: string; load(): Promise<Uint8Array> },
    options: CompileOptions,
  ): Promise<Translated> {
    const { home, toolchains } = this.#options;
    const toolchain = await toolchains.find("components");
    if (toolchain === undefined) throw missing(toolchains);
    const key = (await sha256(JSON.stringify([digest, toolchain.packages, TRANSLATE, RUN]))).slice(0, 32);
    const folder = `${KEPT}/${key}`;
    if (await home.stat(`${folder}/${RECORD_FILE}`) === undefined) {
      await this.#translate(await load(), { toolchain, folder, options });
      await this.#prune();
    }
    const path = await home.resolve(folder);
    return { path, program: `${path}/${RUN_FILE}`, toolchain };
  }

  async #translate(
    bytes: Uint8Array,
    { toolchain, folder, options }: {
      readonly toolchain: NpmToolchain;
      readonly folder: string;
      readonly options: CompileOptions;
    },
  ): Promise<void> {
    const { commands, home } = this.#options;
    await commands.inWorkFolder(async (work) => {
      options.report("translating the component");
      await work.writeAtomic("component.wasm", bytes);
      const translation = { name: "jco", text: TRANSLATE, toolchain, work, job: {} };
      const result = await runNpmProgram(commands, translation, options) as Partial<TranslationResult>;
      const { imports = [], exports = [], files = [] } = check(result);
      checkWorld(imports, exports);
      for (const name of files) {
        const content = await work.readBytes(`out/${name}`);
        if (content !== undefined) await home.writeAtomic(`${folder}/${name}`, content);
      }
      await home.writeAtomic(`${folder}/${RUN_FILE}`, RUN);
      await home.writeAtomic(`${folder}/${RECORD_FILE}`, JSON.stringify({ imports, exports }));
    });
  }

  async #prune(): Promise<void> {
    const { home } = this.#options;
    const kept = await Promise.all((await home.list(KEPT)).map(async ({ path }) => {
      const stat = await home.stat(`${KEPT}/${path}/${RECORD_FILE}`);
      return { path, at: stat?.modified.getTime() ?? Infinity };
    }));
    const oldest = kept.sort((a, b) => a.at - b.at).slice(0, Math.max(0, kept.length - MOST_KEPT));
    for (const { path } of oldest) await home.remove(`${KEPT}/${path}`);
  }
}

/** What the program that translates gives. */
interface TranslationResult {
  readonly files: readonly string[];
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly failure: string;
  /** Whether a core module needs more than the runtime's engine has. */
  readonly isEngineOld: boolean;
}

function check(result: Partial<TranslationResult>): Partial<TranslationResult> {
  const { failure, isEngineOld } = result;
  if (failure === undefined) return result;
  const remedy = isEngineOld === true ? "; Node 22 and Deno have more of WebAssembly than older versions of Node" : "";
  throw new ToolError(`Cannot translate the component: ${failure}${remedy}`);
}

function checkWorld(imports: readonly string[], exports: readonly string[]): void {
  if (!exports.some((name) => COMMAND_REGEXP.test(name))) {
    throw new ToolError(
      `Cannot run the component: it exports ${list(exports)}, expected "wasi:cli/run", which commands export`,
    );
  }
  const others = imports.filter((name) => !IMPORT_REGEXP.test(name));
  if (others.length === 0) return;
  throw new ToolError(`Cannot run the component: it imports ${list(others)}, expected interfaces of WASI 0.2 alone`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");
}

function missing(toolchains: NpmToolchains): MissingToolchain {
  const what = "it is a component of WASI preview 2, and what runs components is not installed";
  return new MissingToolchain("wasm", toolchains.commands("components"), what);
}
