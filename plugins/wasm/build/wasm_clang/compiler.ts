/**
 * Compiles C and C++ by a Clang that is itself WebAssembly, which comes from npm on first use.
 *
 * @module
 */
import { checkClangSource, linkingWords, planClang, readClang } from "../clang_words.ts";
import type { CompilerCommands } from "../commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  type Source,
  type Toolchain,
} from "../compiler.ts";
import { withoutFolders } from "../located_diagnostics.ts";
import { runNpmProgram } from "../npm_program.ts";
import { type NpmToolchains, TOOLCHAINS } from "../npm_toolchains.ts";
import { mainFileOf } from "../source_files.ts";
import { COMPILE } from "./files.ts";

const TARGET = "wasm32-wasip1";
const DRIVERS = { c: "clang", "c++": "clang++" } as const;
const OUTPUT = "main.wasm";

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

  check(source: Source): void {
    checkClangSource(source);
  }

  async find({ language }: Pick<Source, "language">): Promise<Toolchain> {
    const { title, packages } = TOOLCHAINS.clang;
    const fetches = await this.#options.toolchains.look("clang", language);
    const { headers = {} } = this.#options;
    return {
      title,
      identity: JSON.stringify([packages, linkingWords(TARGET, language), COMPILE, headers]),
      target: TARGET,
      ...(fetches !== undefined && { fetches }),
    };
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const { toolchains, commands: children, headers = {} } = this.#options;
    const toolchain = await toolchains.get("clang", source.language, options);
    const language = source.language === "c" ? "c" : "c++";
    const files = { ...headers, ...source.files, [mainFileOf(language)]: source.code };
    return await children.inWorkFolder(async (work) => {
      options.report("compiling");
      const commands = planClang({
        ...{ language, target: TARGET, paths: Object.keys(files), output: OUTPUT, includes: ["-I."] },
      }).map(({ args, output }) => ({ args: [DRIVERS[language], ...args], output }));
      const job = { files: treeOf(files), commands };
      const result = await runNpmProgram(children, { name: "clang", text: COMPILE, toolchain, work, job }, options);
      const output = withoutFolders(String(result["output"] ?? ""), ["/tmp"]);
      const diagnostics = readClang(output, (path) => Object.hasOwn(files, path));
      const bytes = await work.readBytes(OUTPUT);
      if (bytes === undefined) throw new CompileFailure(diagnostics, output);
      const warnings = diagnostics.filter(({ severity }) => severity === "warning");
      return { artifact: { kind: "module", bytes }, warnings };
    });
  }
}

function treeOf(files: Readonly<Record<string, string>>): Tree {
  // a folder may be called as whatever objects have
  const create = () => Object.create(null) as Record<string, string | Tree>;
  const root = create();
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split("/");
    let folder = root;
    for (const part of parts.slice(0, -1)) folder = (folder[part] ??= create()) as Record<string, string | Tree>;
    folder[parts.at(-1)!] = text;
  }
  return root;
}
