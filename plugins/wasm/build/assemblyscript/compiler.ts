/**
 * Compiles AssemblyScript by its own compiler, which comes from npm on first use.
 *
 * @module
 */
import { isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Dependencies } from "../../../dependencies/contract.ts";
import type { CompilerCommands } from "../commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Diagnostic,
  type Language,
  type Source,
  type Toolchain,
} from "../compiler.ts";
import { runNpmProgram } from "../npm_program.ts";
import { checkNpmWords, installNpmPackages, nameInWord } from "../npm_packages.ts";
import { type NpmToolchains, TOOLCHAINS } from "../npm_toolchains.ts";
import { mainFileOf } from "../source_files.ts";
import { COMPILE, HELPERS, LIBRARY } from "./files.ts";

const MAIN_FILE = mainFileOf("assemblyscript");
/** Imports the main file when that has an entry point, and calls it; what has none is run from its top to its end. */
const ENTRY_FILE = "collet_entry.ts";
const ENTRY_POINT_REGEXP = /^[ \t]*export\s+function\s+(main|_start)\s*\(\s*\)/m;
const ENTRY_CALL_REGEXP = /^(?:main|_start)\s*\(\s*\)/m;
/**
 * Options of the compiler. Memory is collected: a tool that never freed any would be at its limit after some texts of a
 * few megabytes.
 */
const FLAGS: readonly string[] = [
  ...["-O3", "--runtime", "incremental", "--exportStart", "_start"],
  // what is aborted, traced and printed goes through WASI, and so do arguments, clocks and random numbers
  ...[
    ...["ASC_WASI=1", "abort=wasi_abort", "trace=wasi_trace", "seed=wasi_seed", "console=collet_console"],
    ...["crypto=wasi_crypto", "performance=wasi_performance", "process=wasi_process", "Date=wasi_Date"],
  ].flatMap((alias) => ["--use", alias]),
];

/** What {@linkcode AssemblyScriptCompiler} works with. */
export interface AssemblyScriptOptions {
  readonly commands: CompilerCommands;
  readonly toolchains: NpmToolchains;
  readonly dependencies: Dependencies;
}

/** Compiles AssemblyScript. */
export class AssemblyScriptCompiler implements Compiler {
  readonly languages: readonly Language[] = ["assemblyscript"];
  readonly lockFile = "package-lock.json";
  readonly #options: AssemblyScriptOptions;

  constructor(options: AssemblyScriptOptions) {
    this.#options = options;
  }

  check({ dependencies, files }: Source): void {
    checkNpmWords(dependencies, "json-as@1.6.0");
    for (const path of [MAIN_FILE, ENTRY_FILE]) {
      if (Object.hasOwn(files, path)) throw new ToolError(`Cannot use file "${path}": the build has one by that name`);
    }
  }

  async find({ language }: Pick<Source, "language">): Promise<Toolchain> {
    const { title, packages } = TOOLCHAINS.assemblyscript;
    const fetches = await this.#options.toolchains.look("assemblyscript", language);
    return {
      title,
      identity: JSON.stringify([packages, FLAGS, COMPILE, LIBRARY, HELPERS]),
      target: "wasm32-wasip1",
      ...(fetches !== undefined && { fetches }),
    };
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const { toolchains, commands } = this.#options;
    const toolchain = await toolchains.get("assemblyscript", source.language, options);
    const { runtime } = toolchain;
    const installed = await installNpmPackages(this.#options.dependencies, source, { ...options, runtime });
    return await commands.inWorkFolder(async (work) => {
      options.report("compiling");
      const result = await runNpmProgram(commands, {
        name: "asc",
        text: COMPILE,
        toolchain,
        work,
        job: jobOf(source),
        packages: installed?.path,
      }, options);
      const bytes = await work.readBytes("main.wasm");
      const diagnostics = readDiagnostics(result);
      if (bytes === undefined) throw failureOf(diagnostics, result);
      const warnings = diagnostics.filter(({ severity }) => severity === "warning");
      return { artifact: { kind: "module", bytes }, lock: installed?.lock, warnings };
    });
  }
}

function jobOf({ code, files, dependencies }: Source): JsonObject {
  const [, entryPoint] = ENTRY_POINT_REGEXP.exec(code) ?? [];
  const main = JSON.stringify(`./${MAIN_FILE.replace(/\.ts$/, "")}`);
  const isCalled = ENTRY_CALL_REGEXP.test(code);
  return {
    entry: entryPoint === undefined ? MAIN_FILE : ENTRY_FILE,
    files: {
      ...HELPERS,
      ...files,
      [MAIN_FILE]: code,
      [ENTRY_FILE]: isCalled ? `import ${main};\n` : `import { ${entryPoint} as run } from ${main};\nrun();\n`,
    },
    library: LIBRARY,
    args: FLAGS,
    packages: dependencies.map(nameInWord),
  };
}

function readDiagnostics({ diagnostics }: JsonObject): readonly Diagnostic[] {
  const list = Array.isArray(diagnostics) ? diagnostics.filter(isObject) : [];
  return list.filter(({ message }) => typeof message === "string") as unknown as readonly Diagnostic[];
}

function failureOf(diagnostics: readonly Diagnostic[], { failure, output }: JsonObject): CompileFailure {
  const isExplained = diagnostics.some(({ severity }) => severity === "error");
  const reason: Diagnostic = { severity: "error", message: `the compiler gave up: ${failure ?? "it said nothing"}` };
  // below its own words is where in the compiler it ended
  const said = String(output ?? "").split(/^FAILURE /m)[0] ?? "";
  return new CompileFailure(isExplained ? diagnostics : [...diagnostics, reason], said.trim());
}
