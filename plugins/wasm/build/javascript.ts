/**
 * Compiles TypeScript and JavaScript: esbuild makes one bundle of the tool and its packages, for the engine that is
 * WebAssembly. Types are taken out, and not checked.
 *
 * @module
 */
import {
  type Environment,
  type Folder,
  Lazy,
  type OwnPackages,
  type Processes,
  sha256,
  ToolError,
} from "../../../kernel/mod.ts";
import type { Dependencies, InstalledPackages } from "../../dependencies/contract.ts";
import { ENGINE_TITLE, loadEngine } from "../worker/javascript/engine.ts";
import type { CompilerCommands, FinishedStep } from "./commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Diagnostic,
  type Language,
  MissingToolchain,
  type Source,
  type Toolchain,
} from "./compiler.ts";
import {
  BUNDLE_FILE,
  BUNDLE_FLAGS,
  findEsbuild,
  METAFILE,
  REPORT_FLAGS,
  TOOL_FOLDER,
} from "./javascript/esbuild_program.ts";
import { readInputs } from "./javascript/inputs.ts";
import { readMessages } from "./javascript/messages.ts";
import { checkNpmWords, installNpmPackages } from "./npm_packages.ts";
import { mainFileOf } from "./source_files.ts";

const PACKAGE_FILE = "package.json";
const NO_SETTINGS = '{ "private": true }\n';

/** What a {@linkcode JavaScriptCompiler} works with. */
export interface JavaScriptOptions {
  readonly commands: CompilerCommands;
  /** Where esbuild is found. */
  readonly packages: OwnPackages;
  readonly environment: Pick<Environment, "os" | "architecture" | "runtime">;
  readonly processes: Pick<Processes, "which">;
  /** What installs packages; without it a tool has none. */
  readonly dependencies?: Dependencies | undefined;
}

/** The program of esbuild that works here. */
interface Esbuild {
  readonly program: string;
  readonly version: string;
}

/** Bundles TypeScript and JavaScript. */
export class JavaScriptCompiler implements Compiler {
  readonly languages: readonly Language[] = ["typescript", "javascript"];
  readonly lockFile = "package-lock.json";
  readonly #options: JavaScriptOptions;
  readonly #engineDigest = new Lazy(async () => await sha256((await loadEngine()).bytes));
  #esbuild: Esbuild | undefined;

  constructor(options: JavaScriptOptions) {
    this.#options = options;
  }

  check({ language, dependencies, files }: Source): void {
    checkNpmWords(dependencies, "is-number@7.0.0");
    const main = mainFileOf(language);
    if (Object.hasOwn(files, main)) throw new ToolError(`Cannot use file "${main}": the build has one by that name`);
    const own = Object.keys(files).find((path) => path.split("/").includes("node_modules"));
    if (own !== undefined) {
      throw new ToolError(`Cannot use file "${own}": packages are not passed, but named in "dependencies"`);
    }
  }

  async find({ language }: Pick<Source, "language">, options: CompileOptions): Promise<Toolchain> {
    const { version } = await this.#findEsbuild(language, options);
    return {
      title: `esbuild ${version}`,
      identity: JSON.stringify([version, BUNDLE_FLAGS, ENGINE_TITLE, await this.#engineDigest.get()]),
      target: ENGINE_TITLE,
    };
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const { program } = await this.#findEsbuild(source.language, options);
    const installed = await this.#install(source, options);
    const { commands } = this.#options;
    return await commands.inWorkFolder(async (work) => {
      await writeFiles(source, work);
      options.report("bundling");
      const packages = installed && `${installed.path}/node_modules`;
      const step = await commands.run({
        name: "esbuild",
        program,
        args: [mainFileOf(source.language), ...BUNDLE_FLAGS, ...REPORT_FLAGS],
        work,
        cwd: TOOL_FOLDER,
        ...(packages !== undefined && { env: { NODE_PATH: packages }, mounts: [{ from: installed!.path }] }),
      }, options);
      const { bytes, warnings } = await readBundle(work, { step, packages });
      return { artifact: { kind: "bundle", bytes }, lock: installed?.lock, warnings };
    });
  }

  async #findEsbuild(language: Language, options: CompileOptions): Promise<Esbuild> {
    if (this.#esbuild !== undefined) return this.#esbuild;
    const { packages, environment, commands } = this.#options;
    const program = await findEsbuild(packages, environment);
    if (program === undefined) {
      throw new MissingToolchain(
        language,
        ["npm install esbuild"],
        "the package esbuild is not installed beside Collet",
      );
    }
    const { code, stdout, stderr } = await commands.inWorkFolder((work) =>
      commands.run({ name: "esbuild", program, args: ["--version"], work }, options)
    );
    const version = stdout.trim();
    if (code !== 0 || version === "") {
      throw new ToolError(`Cannot start esbuild: ${stderr.trim() || "it says nothing"}`);
    }
    return this.#esbuild = { program, version };
  }

  async #install(source: Source, options: CompileOptions): Promise<InstalledPackages | undefined> {
    if (source.dependencies.length === 0) return undefined;
    const { dependencies, environment, processes } = this.#options;
    const hasNpm = await processes.which("npm") !== undefined;
    if (dependencies === undefined || !hasNpm && environment.runtime !== "deno") {
      const why = hasNpm ? 'the server runs without the plugin "dependencies"' : "npm is not installed on this machine";
      throw new ToolError(`Cannot install the packages of "${source.name}": ${why}`);
    }
    return await installNpmPackages(dependencies, source, { ...options, runtime: hasNpm ? "node" : "deno" });
  }
}

async function writeFiles({ language, code, files }: Source, work: Folder): Promise<void> {
  // what says how a package is read would otherwise be looked for in the folders above
  const all = { [PACKAGE_FILE]: NO_SETTINGS, ...files, [mainFileOf(language)]: code };
  for (const [path, text] of Object.entries(all)) await work.writeAtomic(`${TOOL_FOLDER}/${path}`, text);
}

/**
 * Reads what esbuild has made.
 *
 * @throws {CompileFailure} when it made nothing, or of what is none of the tool.
 */
async function readBundle(
  work: Folder,
  { step: { code, stderr }, packages }: { readonly step: FinishedStep; readonly packages: string | undefined },
): Promise<{ readonly bytes: Uint8Array; readonly warnings: readonly Diagnostic[] }> {
  const diagnostics = readMessages(stderr);
  const [metafile, text] = await Promise.all([work.readText(METAFILE), work.readText(BUNDLE_FILE)]);
  if (code !== 0 || metafile === undefined || text === undefined) throw failureOf(diagnostics, stderr);
  const { foreign, packagesPrefix } = readInputs(metafile, packages);
  if (foreign.length > 0) throw failureOf(foreign, "");
  // the same bundle wherever the packages lie
  const portable = packagesPrefix === undefined ? text : text.replaceAll(packagesPrefix, "node_modules/");
  return { bytes: new TextEncoder().encode(portable), warnings: diagnostics };
}

function failureOf(diagnostics: readonly Diagnostic[], stderr: string): CompileFailure {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) {
    throw new ToolError(`Cannot bundle: esbuild failed, and said: ${stderr.trim().slice(-2_000)}`);
  }
  return new CompileFailure(diagnostics, diagnostics.map(lineOf).join("\n"));
}

/** Writes a message for people; esbuild's own words show lines of any file. */
function lineOf({ file, line, column, severity, message }: Diagnostic): string {
  const place = file === undefined ? "" : `${[file, line, column].filter((it) => it !== undefined).join(":")}: `;
  return `${place}${severity}: ${message}`;
}
