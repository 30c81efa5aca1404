/**
 * What a compiler is to the builder, and what it is given and gives.
 *
 * @module
 */
import type { Artifact } from "../program.ts";

/** The languages that are built from source; `wasm` is a finished module. */
export const LANGUAGES = [
  "rust",
  "typescript",
  "javascript",
  "assemblyscript",
  "c",
  "c++",
  "go",
  "wat",
  "wasm",
] as const;
/** A language that tools can be built from. */
export type Language = typeof LANGUAGES[number];

/** What is compiled. */
export interface Source {
  /** Name of the tool. */
  readonly name: string;
  readonly language: Language;
  /** The main file. */
  readonly code: string;
  /** Other files, by path relative to the main one; the paths have been checked. */
  readonly files: Readonly<Record<string, string>>;
  /** Packages, as the language writes them. */
  readonly dependencies: readonly string[];
  /** The lock of an earlier build, by which the same versions are taken. */
  readonly lock?: string | undefined;
}

/** A compiler that is there. */
export interface Toolchain {
  /** Names it and its version, such as `rustc 1.63.0`. */
  readonly title: string;
  /** All that the outcome depends on beside the source: versions, target and flags. */
  readonly identity: string;
  /** Such as `wasm32-wasip1`; of a bundle that of the engine. */
  readonly target: string;
  /** Says what the first compilation fetches, such as `105 MB from npm`; absent when all is there. */
  readonly fetches?: string;
}

/** What a compilation works with. */
export interface CompileOptions {
  readonly signal: AbortSignal;
  /** Tells what goes on, a short line each. */
  readonly report: (line: string) => void;
}

/** What a compilation gives. */
export interface Compiled {
  readonly artifact: Artifact;
  /** Versions and hashes of all packages, to be kept with the tool. */
  readonly lock?: string | undefined;
  /** What the compiler said that did not keep it from compiling. */
  readonly warnings: readonly Diagnostic[];
}

/** Compiles one language, or several that are alike. */
export interface Compiler {
  readonly languages: readonly Language[];
  /** Name of the file in a tool's folder that keeps the lock, such as `Cargo.lock`; absent where there is none. */
  readonly lockFile?: string;
  /**
   * Checks what can be checked without compiling: the words of `dependencies`, and the names of files.
   *
   * @throws {ToolError} saying what to change.
   */
  check(source: Source): void;
  /**
   * Finds the compiler. What it finds it remembers, since it is asked before every build.
   *
   * @throws {MissingToolchain} when there is none.
   */
  find(source: Pick<Source, "language">, options: CompileOptions): Promise<Toolchain>;
  /**
   * Compiles. Equal sources with equal identities give the same artifact.
   *
   * @throws {CompileFailure} with what the compiler said.
   * @throws {ToolError} when something else failed, such as getting a package.
   */
  compile(source: Source, options: CompileOptions): Promise<Compiled>;
}

/** One thing that a compiler said. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "note";
  /** Relative to the tool, such as `src.rs` or `util.rs`; never a path of this machine. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in what the compiler counts. */
  readonly column?: number;
  /** Such as `E0308`. */
  readonly code?: string;
  readonly message: string;
}

/** The source does not compile. */
export class CompileFailure extends Error {
  override readonly name = "CompileFailure";
  readonly diagnostics: readonly Diagnostic[];
  /** What the compiler printed, for people. */
  readonly output: string;

  constructor(diagnostics: readonly Diagnostic[], output: string) {
    super("the source does not compile");
    this.diagnostics = diagnostics;
    this.output = output;
  }
}

/** A compiler is not installed. */
export class MissingToolchain extends Error {
  override readonly name = "MissingToolchain";
  readonly language: Language;
  /** Commands that install it on this machine, the simplest first. */
  readonly commands: readonly string[];

  /** @param found Says what is there and will not do, such as `rustc 1.95.0 has no wasm32-wasip1`. */
  constructor(language: Language, commands: readonly string[], found?: string) {
    super(found ?? "no compiler was found");
    this.language = language;
    this.commands = commands;
  }
}
