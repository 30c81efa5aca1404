/**
 * Compiles C and C++ by a Clang that is itself WebAssembly, which comes from npm on first use.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";
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
import { readLocated, withoutFolders } from "../located_diagnostics.ts";
import { runNpmProgram } from "../npm_program.ts";
import { type NpmToolchains, TOOLCHAINS } from "../npm_toolchains.ts";
import { mainFileOf } from "../source_files.ts";
import { COMPILE } from "./files.ts";

const TARGET = "wasm32-wasip1";
// names stay, so that a trap can say where it was
const FLAGS: readonly string[] = [
  ...["-O2", "-Wall", `--target=${TARGET}`, "-I.", "-Wl,-z,stack-size=1048576", "-Wl,--strip-debug"],
];
const DRIVERS: Readonly<Record<"c" | "c++", readonly string[]>> = {
  c: ["clang", ...FLAGS],
  // its libraries have no support of exceptions, which a tool that throws is told when it is compiled
  "c++": ["clang++", ...FLAGS, "-fno-exceptions"],
};
const C_REGEXP = /\.c$/;
const CPP_REGEXP = /\.(?:cc|cpp|cxx|c\+\+)$/;
const LINKER_REGEXP = /^wasm-ld: (error|warning): (?:\/tmp\/)?(.*)$/gm;
/** How the driver names what it has compiled, after the source. */
const OBJECT_REGEXP = /^(.+)-[0-9a-f]{6}\.o: /;

/** A folder of files by name. */
interface Tree {
  readonly [name: string]: string | Tree;
}

/** What {@linkcode WasmClangCompiler} works with. */
export interface WasmClangOptions {
  readonly commands: CompilerCommands;
  readonly toolchains: NpmToolchains;
  /** Headers that a tool can include, unless it has its own by that name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Compiles C and C++. */
export class WasmClangCompiler implements Compiler {
  readonly languages: readonly Language[] = ["c", "c++"];
  readonly #options: WasmClangOptions;

  constructor(options: WasmClangOptions) {
    this.#options = options;
  }

  check({ dependencies, files, language }: Source): void {
    if (dependencies.length > 0) {
      throw new ToolError(`Cannot use packages in ${language}: it has no registry; give their sources in "files"`);
    }
    const main = mainFileOf(language);
    if (Object.hasOwn(files, main)) throw new ToolError(`Cannot use file "${main}": that is the main file's name`);
  }

  async find({ language }: Pick<Source, "language">): Promise<Toolchain> {
    const { title, packages } = TOOLCHAINS.clang;
    const fetches = await this.#options.toolchains.look("clang", language);
    const { headers = {} } = this.#options;
    return {
      title,
      identity: JSON.stringify([packages, DRIVERS, COMPILE, headers]),
      target: TARGET,
      ...(fetches !== undefined && { fetches }),
    };
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const { toolchains, commands, headers = {} } = this.#options;
    const toolchain = await toolchains.get("clang", source.language, options);
    const language = source.language === "c" ? "c" : "c++";
    const files = { ...headers, ...source.files, [mainFileOf(language)]: source.code };
    return await commands.inWorkFolder(async (work) => {
      options.report("compiling");
      const sources = Object.keys(files).filter((path) => C_REGEXP.test(path) || CPP_REGEXP.test(path)).sort();
      // a driver of C++ takes all for C++
      const words = sources.flatMap((path) => ["-x", C_REGEXP.test(path) ? "c" : "c++", path]);
      const job = { files: treeOf(files), args: [...DRIVERS[language], ...words] };
      const result = await runNpmProgram(commands, { name: "clang", text: COMPILE, toolchain, work, job }, options);
      const output = withoutFolders(String(result["output"] ?? ""), ["/tmp"]);
      const diagnostics = [...readLocated(output, (path) => Object.hasOwn(files, path)), ...readLinker(output)];
      const bytes = await work.readBytes("main.wasm");
      if (bytes === undefined) throw new CompileFailure(diagnostics, output);
      const warnings = diagnostics.filter(({ severity }) => severity === "warning");
      return { artifact: { kind: "module", bytes }, warnings };
    });
  }
}

function treeOf(files: Readonly<Record<string, string>>): Tree {
  const root: Record<string, string | Tree> = {};
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split("/");
    let folder = root;
    for (const part of parts.slice(0, -1)) folder = (folder[part] ??= {}) as Record<string, string | Tree>;
    folder[parts.at(-1)!] = text;
  }
  return root;
}

function readLinker(output: string): readonly Diagnostic[] {
  return Array.from(output.matchAll(LINKER_REGEXP), ([, severity, message = ""]) => ({
    severity: severity === "warning" ? "warning" : "error",
    message: message.replace(OBJECT_REGEXP, "$1: "),
  }));
}
