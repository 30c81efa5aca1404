/**
 * Compiles C and C++ by a clang of this machine that has a library for WASI.
 *
 * @module
 */
import { type Environment, type Files, sha256, ToolError } from "../../../kernel/mod.ts";
import type { Mount } from "../../sandbox/contract.ts";
import { C_HEADER } from "../author_modules/files.ts";
import { checkClangSource, HEADER, linkingWords, planClang, readClang } from "./clang_words.ts";
import { type CompilerCommands, type CompilerStep, type FinishedStep, WORK_INSIDE } from "./commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  MissingToolchain,
  type Source,
  type Toolchain,
} from "./compiler.ts";
import { findInstalled, type InstalledProgram, mountsOf } from "./installed_programs.ts";
import { withoutFolders } from "./located_diagnostics.ts";
import { quietly, Search } from "./search.ts";
import { mainFileOf } from "./source_files.ts";

/** Names of the target, the newer one first. */
const TARGETS: readonly string[] = ["wasm32-wasip1", "wasm32-wasi"];
/** Versions that are looked for beside the usual name, newest first. */
const VERSIONS: readonly number[] = Array.from({ length: 16 }, (_, index) => 27 - index);
/** What a toolchain such as the WASI SDK consists of. */
const FOLDERS: readonly string[] = ["bin", "lib", "share"];
const MOST_PROGRAMS = 8;
const OUTPUT = "tool.wasm";
const MENTION_REGEXP = /\bcollet_tool\.h\b/;
const TRIALS: Readonly<Record<"c" | "c++", string>> = {
  c: '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n',
  "c++": "#include <iostream>\n#include <string>\nint main() { std::string x; std::cin >> x; std::cout << x; }\n",
};

/** A clang that compiles for WASI. */
interface ClangToolchain extends Toolchain {
  readonly program: string;
  readonly mounts: readonly Mount[];
}

/** What {@linkcode ClangCompiler} works with. */
export interface ClangCompilerOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
}

/** Compiles C and C++. */
export class ClangCompiler implements Compiler {
  readonly languages: readonly Language[] = ["c", "c++"];
  readonly #options: ClangCompilerOptions;
  readonly #searches = new Map<Language, Search<ClangToolchain>>();

  constructor(options: ClangCompilerOptions) {
    this.#options = options;
  }

  check(source: Source): void {
    checkClangSource(source);
  }

  async find({ language }: Pick<Source, "language">, options: CompileOptions): Promise<ClangToolchain> {
    const names = ["clang", ...VERSIONS.map((version) => `clang-${version}`)]
      .map((name) => language === "c" ? name : name.replace("clang", "clang++"));
    const sdk = this.#options.environment.variable("WASI_SDK_PATH");
    const first = [...(sdk === undefined ? [] : [sdk]), "/opt/wasi-sdk"].map((folder) => `${folder}/bin`);
    // clang++ is clang by another name
    const programs = (await findInstalled(names, { ...this.#options, first, keepsNames: true })).slice(
      0,
      MOST_PROGRAMS,
    );
    const search = this.#searches.get(language) ?? new Search<ClangToolchain>();
    this.#searches.set(language, search);
    return await search.find(JSON.stringify(programs), () => this.#search(language, programs), options);
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const { code, files, language } = source;
    const toolchain = await this.find(source, options);
    const main = mainFileOf(language);
    const all: Readonly<Record<string, string>> = { ...files, [main]: code };
    const isHelped = Object.values(all).some((text) => MENTION_REGEXP.test(text)) && !Object.hasOwn(files, HEADER);
    return await this.#options.commands.inWorkFolder(async (work) => {
      for (const [path, text] of Object.entries(all)) await work.writeAtomic(`src/${path}`, text);
      if (isHelped) await work.writeAtomic(`helper/${HEADER}`, C_HEADER);
      const step = { ...stepOf(toolchain, language), work, cwd: "src" };
      const commands = planClang({
        ...{ language, target: toolchain.target, paths: Object.keys(all), output: `../${OUTPUT}`, objects: "../" },
        includes: ["-I", ".", ...(isHelped ? ["-I", "../helper"] : [])],
      });
      let said = "";
      let warnings: Compiled["warnings"] = [];
      for (const { args, output } of commands) {
        const run = { ...step, args: [...args, "-o", output] };
        const { code: exit, stdout, stderr } = await this.#options.commands.run(run, options);
        said += withoutFolders(stderr + stdout, [work.path, WORK_INSIDE, "/tmp"]).replaceAll("../helper/", "");
        warnings = readClang(said, (path) => Object.hasOwn(all, path));
        if (exit !== 0) throw new CompileFailure(warnings, said.trim());
      }
      const bytes = await work.readBytes(OUTPUT);
      if (bytes === undefined) throw new ToolError("clang built no module");
      return { artifact: { kind: "module", bytes }, warnings };
    });
  }

  async #search(language: Language, programs: readonly InstalledProgram[]): Promise<ClangToolchain> {
    const { commands, files } = this.#options;
    const problems: string[] = [];
    return await commands.inWorkFolder(async (work) => {
      const name = `trial${mainFileOf(language).slice("src".length)}`;
      await work.writeAtomic(name, TRIALS[language as "c" | "c++"]);
      for (const { path: program } of programs) {
        const mounts = await mountsOf(files, program, FOLDERS);
        const step = { ...stepOf({ program, mounts }, language), work };
        const { stdout: version } = await this.#try({ ...step, args: ["--version"] });
        for (const target of TARGETS) {
          const args = [...linkingWords(target, language), name, "-o", OUTPUT];
          const { code, stderr } = await this.#try({ ...step, args });
          if (code === 0) return await toolchainOf({ program, mounts, version, target, language });
          problems.push(`${titleOf(version)} cannot build for ${target}: ${firstError(stderr)}`);
        }
      }
      throw new MissingToolchain(language, await this.#remedies(language), problems.at(-1) ?? "there is no clang");
    });
  }

  // what cannot even be started will not do either
  async #try(step: CompilerStep): Promise<FinishedStep> {
    try {
      return await this.#options.commands.run(step, quietly());
    } catch (error) {
      return { code: undefined, stdout: "", stderr: error instanceof Error ? error.message : String(error) };
    }
  }

  async #remedies(language: Language): Promise<readonly string[]> {
    const has = async (name: string) => (await findInstalled([name], this.#options)).length > 0;
    const more = language === "c" ? "" : " libc++-dev-wasm32";
    return [
      ...(await has("apt-get") ? [`apt-get install clang lld wasi-libc libclang-rt-dev-wasm32${more}`] : []),
      ...(await has("dnf") ? ["dnf install clang lld wasi-libc-devel wasi-libc-static"] : []),
      ...(await has("pacman") ? ["pacman -S clang lld wasi-libc wasi-libc++ wasi-compiler-rt"] : []),
      ...(this.#options.environment.os === "darwin" ? ["brew install llvm lld wasi-libc wasi-runtimes"] : []),
      "unpack the WASI SDK to /opt/wasi-sdk, or where WASI_SDK_PATH says",
    ];
  }
}

function stepOf(
  { program, mounts }: Pick<ClangToolchain, "program" | "mounts">,
  language: Language,
): Pick<CompilerStep, "name" | "program" | "mounts"> {
  return { name: language === "c" ? "clang" : "clang++", program, mounts };
}

async function toolchainOf(
  { program, mounts, version, target, language }: Pick<ClangToolchain, "program" | "mounts" | "target"> & {
    readonly version: string;
    readonly language: Language;
  },
): Promise<ClangToolchain> {
  const identity = JSON.stringify([version, linkingWords(target, language), await sha256(C_HEADER)]);
  return { title: titleOf(version), identity, target, program, mounts };
}

function titleOf(version: string): string {
  const number = /clang version (\d+\.\d+\.\d+)/.exec(version)?.[1];
  return number === undefined ? "clang" : `clang ${number}`;
}

function firstError(stderr: string): string {
  const line = stderr.split("\n").find((it) => /\berror:/.test(it));
  return line?.replace(/^.*?\berror: /, "").slice(0, 200) ?? "it says nothing";
}
