/**
 * What the files of a tool are called, in its folder and in what compilers say of them.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { type Language, LANGUAGES, type Source } from "./compiler.ts";

/** Folder of the files beside the main one, below the folder of the tool. */
export const FILES_FOLDER = "src";

const PATH_REGEXP = /^(?!\.)[A-Za-z0-9._@+-]{1,100}(?:\/(?!\.)[A-Za-z0-9._@+-]{1,100}){0,8}$/;
/** What Windows takes for a device or cannot keep, and what is no field of an object. */
const REFUSED_REGEXP = /(?:^|\/)(?:(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?|[^/]*\.|__proto__)(?:\/|$)/i;

const ENDINGS: Readonly<Record<Language, string>> = {
  rust: "rs",
  typescript: "ts",
  javascript: "js",
  assemblyscript: "as.ts",
  c: "c",
  "c++": "cc",
  go: "go",
  wat: "wat",
  wasm: "wasm",
};

const LOCKS: Readonly<Partial<Record<Language, string>>> = {
  rust: "Cargo.lock",
  typescript: "package-lock.json",
  javascript: "package-lock.json",
  assemblyscript: "package-lock.json",
  go: "go.sum",
};

/** Names of all files that may come from a build, whatever the language: what takes its place has its own. */
export const BUILD_FILES: readonly string[] = [
  ...LANGUAGES.map(mainFileOf),
  FILES_FOLDER,
  ...new Set(Object.values(LOCKS)),
];

/** Gives the name of the main file in the folder of a tool, as skillz has it: `src.rs`. */
export function mainFileOf(language: Language): string {
  return `src.${ENDINGS[language]}`;
}

/** Files that a build itself writes or heeds. */
export interface OwnFiles {
  /** Matches their paths. */
  readonly paths: RegExp;
  /** Says why they are refused, and what to do. */
  readonly reason: string;
}

/**
 * Refuses files that take the place of the main one, or of those of the build.
 *
 * @throws {ToolError} naming the file.
 */
export function refuseOwnFiles(
  { language, files }: Pick<Source, "language" | "files">,
  own?: OwnFiles,
): void {
  const main = mainFileOf(language);
  const found = Object.keys(files).find((path) => path === main || own?.paths.test(path));
  if (found === undefined) return;
  const why = found === main ? "the code of the tool is called so" : own?.reason;
  throw new ToolError(`Cannot take file "${found}": ${why}`);
}

/** Gives the name of the file that keeps the lock, in the folder of a tool; `undefined` where there is none. */
export function lockFileOf(language: Language): string | undefined {
  return LOCKS[language];
}

/**
 * Tells whether a path is one that a file beside the main one may have: no part begins or ends with a
 * dot, and every system can keep it.
 */
export function isSourcePath(path: string): boolean {
  return PATH_REGEXP.test(path) && !REFUSED_REGEXP.test(path);
}
