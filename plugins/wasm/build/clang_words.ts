/**
 * What the compilers of C and C++ have in common, so that a tool is the same by each of them: which files they take, the
 * options that they are given, and how they are read.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { Diagnostic, Language, Source } from "./compiler.ts";
import { readLocated } from "./located_diagnostics.ts";
import { refuseOwnFiles } from "./source_files.ts";

/** The header that tools talk to the server with. */
export const HEADER = "collet_tool.h";

const FLAGS: readonly string[] = ["-O2", "-Wall", "-fno-color-diagnostics"];
// the library has no support of exceptions, which a tool that throws is told when it is compiled
const CPP_FLAGS: readonly string[] = ["-std=gnu++20", "-fno-exceptions"];
/** Names stay, so that a trap can say where it was; a stack that is full traps, and the usual 64 KiB are soon full. */
const LINKED: readonly string[] = ["-Wl,--strip-debug", "-Wl,--stack-first", "-Wl,-z,stack-size=1048576"];
const C_REGEXP = /\.c$/;
const CPP_REGEXP = /\.(?:cc|cpp|cxx|c\+\+)$/;
/** What the linker says, which knows no lines; it begins with the file between compiler and linker, if it has one. */
const LINKER_REGEXP = /^(?:wasm-ld|lld)[^:\n]*: (error|warning): (?:\S*\/)?(?:[\w.+-]+\.o: )?(.+)$/gm;

/** One command of a compilation. */
export interface ClangCommand {
  readonly args: readonly string[];
  /** Names what it makes. */
  readonly output: string;
}

/**
 * Checks what both compilers refuse.
 *
 * @throws {ToolError} saying what to change.
 */
export function checkClangSource(source: Source): void {
  const { language, dependencies, files } = source;
  if (dependencies.length > 0) {
    throw new ToolError(
      `C and C++ have no registry of packages, so "${dependencies[0]}" cannot be fetched; give its sources as files`,
    );
  }
  refuseOwnFiles(source);
  const other = language === "c" ? Object.keys(files).find((path) => CPP_REGEXP.test(path)) : undefined;
  if (other !== undefined) throw new ToolError(`Cannot take file "${other}": a tool with C++ has the language c++`);
}

/** Gives the options by which sources of a language are compiled. */
function compilingWords(target: string, language: Language): readonly string[] {
  return [`--target=${target}`, ...FLAGS, ...(language === "c" ? [] : CPP_FLAGS)];
}

/** Gives the options by which a tool is compiled and linked. */
export function linkingWords(target: string, language: Language): readonly string[] {
  return [...compilingWords(target, language), ...LINKED];
}

/** How a tool is compiled. */
export interface ClangPlan {
  readonly language: Language;
  readonly target: string;
  /** All files, the main one among them. */
  readonly paths: readonly string[];
  /** Options that say where headers are. */
  readonly includes: readonly string[];
  /** Name of the module. */
  readonly output: string;
  /** Where what lies between compiler and linker is written, with `/` at its end; beside the files by default. */
  readonly objects?: string;
}

/** Gives the commands that compile a tool; the last makes the module. */
export function planClang(
  { language, target, paths, includes, output, objects = "" }: ClangPlan,
): readonly ClangCommand[] {
  const matching = (ending: RegExp) => paths.filter((path) => ending.test(path)).sort().map((path) => `./${path}`);
  const sources = matching(language === "c" ? C_REGEXP : CPP_REGEXP);
  // one command has one standard, and that of C++ is none of C
  const before = language === "c" ? [] : matching(C_REGEXP).map((path, index) => ({
    args: [...compilingWords(target, "c"), ...includes, "-x", "c", "-c", path],
    output: `${objects}${index}.o`,
  }));
  const made = before.map((it) => it.output);
  return [...before, { args: [...linkingWords(target, language), ...includes, ...sources, ...made], output }];
}

/** Reads what compiler and linker say. */
export function readClang(text: string, isOurs: (path: string) => boolean): readonly Diagnostic[] {
  const linked = Array.from(text.matchAll(LINKER_REGEXP), ([, severity, message]): Diagnostic => ({
    severity: severity === "warning" ? "warning" : "error",
    message: message!,
  }));
  return [...readLocated(text, isOurs), ...linked];
}
