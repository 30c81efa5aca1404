/**
 * Finds the mistakes of types in code before any of it runs, by the compiler of TypeScript: it is installed on first use,
 * and runs in the sandbox. JavaScript is checked as well, as far as its types can be told without being written.
 *
 * @module
 */
import { type Folder, ToolError } from "../../../kernel/mod.ts";
import {
  type CodeLanguage,
  type CompileOptions,
  type CompilerBounds,
  type Compilers,
  typescriptProgram,
} from "../../wasm/contract.ts";
import { ENGINE_GLOBALS } from "./engine_globals.ts";
import { CODE_API } from "./environment.ts";
import { readProblems, type TypeProblem } from "./type_problems.ts";

const MOST_CHARACTERS = 1_000_000;
const BOUNDS: CompilerBounds = { timeoutMs: 15_000, memoryBytes: 2 ** 30, processes: 64 };
// what runs it makes an async function of the code: it may `await` and `return` anywhere
const BEFORE = "export {}; async function code() {\n";
const AFTER = "\n}\n";

/**
 * Strict where a mistake would show when the code runs; what is only untidy, such as a value that nothing uses, is none of
 * our business.
 */
const COMPILER_OPTIONS = {
  strict: true,
  noImplicitAny: false,
  noImplicitThis: false,
  useUnknownInCatchVariables: false,
  strictPropertyInitialization: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  allowUnreachableCode: true,
  allowUnusedLabels: true,
  target: "es2023",
  lib: ["es2023"],
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  // nothing but these files is read, whatever the code imports or refers to
  noResolve: true,
  types: [],
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  noEmit: true,
  incremental: false,
};

/** Code that is checked. */
export interface CheckedCode {
  readonly language: CodeLanguage;
  readonly code: string;
  /** Declares the tools, as `declareTools` of the library writes them with `isWhole`. */
  readonly declarations: string;
}

/** Checks types. */
export class TypeChecker {
  readonly #compilers: Compilers;

  constructor(compilers: Compilers) {
    this.#compilers = compilers;
  }

  /**
   * Checks code, and gives its mistakes by line; none when it may run.
   *
   * @throws {ToolError} when the language is Python, or the compiler cannot be had or goes beyond its limits: 15 s and 1
   * GiB.
   * @throws the reason of the signal when it was cancelled.
   */
  async check({ language, code, declarations }: CheckedCode, options: CompileOptions): Promise<readonly TypeProblem[]> {
    if (language === "python") {
      throw new ToolError(
        "Cannot check types of Python: only TypeScript and JavaScript are checked; leave out `check`",
      );
    }
    if (code.length > MOST_CHARACTERS) {
      throw new ToolError(`Cannot check types: the code is longer than ${MOST_CHARACTERS} characters`);
    }
    const toolchain = await this.#compilers.install("typescript", options);
    const file = language === "typescript" ? "code.ts" : "code.js";
    return await this.#compilers.inWorkFolder(async (work) => {
      await writeFiles(work, {
        [file]: `${BEFORE}${code}${AFTER}`,
        "tools.d.ts": declarations,
        "environment.d.ts": `${CODE_API}${ENGINE_GLOBALS}`,
        "tsconfig.json": JSON.stringify({
          compilerOptions: COMPILER_OPTIONS,
          files: ["environment.d.ts", "tools.d.ts", file],
        }),
      });
      const { code: exit, stdout, stderr } = await this.#compilers.run({
        name: "tsc",
        program: typescriptProgram(toolchain),
        args: ["--project", "tsconfig.json", "--pretty", "false", "--locale", "en"],
        work,
        mounts: [{ from: toolchain.path }],
        bounds: BOUNDS,
      }, options);
      const problems = readProblems(stdout, { file, code });
      if (exit === 0 || problems.length > 0) return problems;
      throw new ToolError(`Cannot check types: the compiler failed: ${`${stdout}\n${stderr}`.trim().slice(0, 2_000)}`);
    });
  }
}

async function writeFiles(work: Folder, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await work.writeAtomic(path, text);
}
