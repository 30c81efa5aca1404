/**
 * What is known of interpreters: the language, the ending of its files, and what it needs to run a script well.
 *
 * @module
 */

import type { PackageLanguage } from "../dependencies/contract.ts";

/** A language, by one of its interpreters. */
export interface Language {
  /** Such as `python`. */
  readonly name: string;
  /** What runs it, where packages and modules are found by that and not by the language; its name when left out. */
  readonly runtime?: string;
  /** Whose packages its scripts can have; none when left out. */
  readonly packages?: PackageLanguage;
  /** Whether it runs on the runtime of those packages, and is not that runtime itself. */
  readonly isRunner?: boolean;
  /** Ending of its files, without the dot. */
  readonly extension: string;
  /** Variables with which its interpreter runs scripts better. */
  readonly env?: Readonly<Record<string, string>>;
}

// without the first a script that forgets to flush waits for an answer to what it never sent; without the second
// Python writes caches into the tool's folder
const PYTHON: Language = {
  name: "python",
  packages: "python",
  extension: "py",
  env: { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" },
};
const JAVASCRIPT: Language = { name: "javascript", runtime: "node", packages: "node", extension: "js" };
const TYPESCRIPT: Language = { name: "typescript", extension: "ts" };
const TYPESCRIPT_ON_NODE: Language = { ...TYPESCRIPT, packages: "node", isRunner: true };
const SHELL: Language = { name: "shell", extension: "sh" };

const LANGUAGES: ReadonlyMap<string, Language> = new Map([
  ["python", PYTHON],
  ["mayapy", PYTHON],
  ["hython", PYTHON],
  ["node", JAVASCRIPT],
  ["nodejs", JAVASCRIPT],
  ["deno", { ...TYPESCRIPT, runtime: "deno", packages: "deno", env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" } }],
  ["bun", TYPESCRIPT],
  ["tsx", TYPESCRIPT_ON_NODE],
  ["ts-node", TYPESCRIPT_ON_NODE],
  ["bash", SHELL],
  ["sh", SHELL],
  ["dash", SHELL],
  ["zsh", SHELL],
  ["ruby", { name: "ruby", packages: "ruby", extension: "rb" }],
  ["perl", { name: "perl", extension: "pl" }],
  ["php", { name: "php", extension: "php" }],
  ["lua", { name: "lua", extension: "lua" }],
  ["rscript", { name: "r", extension: "R" }],
  ["pwsh", { name: "powershell", extension: "ps1" }],
]);

/** The interpreters that an error lists when one is missing. */
export const COMMON_INTERPRETERS: readonly string[] = [
  "python3",
  "node",
  "deno",
  "bun",
  "bash",
  "sh",
  "ruby",
  "perl",
  "php",
];

/** The interpreters whose scripts can have packages. */
export const PACKAGE_INTERPRETERS: readonly string[] = [...LANGUAGES].filter(([, it]) => it.packages !== undefined)
  .map(([name]) => name);

/** Ending of a script whose language is not known, as skillz has it. */
export const UNKNOWN_EXTENSION = "script";

/** Other names of a program, tried when it is not there. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ["python", "python3"],
  ["python3", "python"],
  ["node", "nodejs"],
  ["nodejs", "node"],
]);

/** Names what runs scripts of a language. */
export function runtimeOf({ runtime, name }: Language): string {
  return runtime ?? name;
}

/** Finds the language of a command: its first word that names an interpreter, as `tsx` in `npx tsx`. */
export function languageOf(words: readonly string[]): Language | undefined {
  for (const word of words) {
    const language = LANGUAGES.get(baseName(word));
    if (language !== undefined) return language;
  }
  return undefined;
}

// python3.11, /usr/bin/ruby3.1 and node.exe are python, ruby and node
function baseName(word: string): string {
  const file = word.split(/[\\/]/).at(-1)!.toLowerCase().replace(/\.exe$/, "");
  return file.replace(/[\d.]+$/, "");
}

// what reads the whole of stdin, in the words of each language
const WHOLE_INPUT_REGEXPS: readonly RegExp[] = [
  /\bsys\.stdin\.(?:buffer\.)?read\(\s*\)/,
  /\bjson\.load\(\s*sys\.stdin\s*\)/,
  /\bsys\.stdin\.readlines\(\s*\)/,
  /\breadFileSync\(\s*(?:0|process\.stdin\.fd|["']\/dev\/stdin["'])\s*[,)]/,
  /\bnew Response\(\s*Deno\.stdin\.readable\s*\)/,
  /\b(?:toText|toJson|readAll(?:Sync)?)\(\s*Deno\.stdin\b/,
  /(?:\bSTDIN|\$stdin|\bARGF)\.read\b(?!\(\s*\d)/,
  /\bfile_get_contents\(\s*["']php:\/\/stdin["']/,
  /\bstream_get_contents\(\s*STDIN\s*\)/,
  /\$\(\s*(?:cat(?:\s+-)?|<\s*\/dev\/stdin)\s*\)/,
  /\blocal\s+\$\/[^\n]*<STDIN>/,
];
// what Node scripts do that collect every chunk, unless they read by lines after all
const EVERY_CHUNK_REGEXP = /\bstdin\.on\(\s*["']end["']|\bfor await \([^)]*\bof process\.stdin\s*\)/;
const BY_LINES_REGEXP = /\breadline\b|["']line["']/;

/**
 * Tells whether a script reads its stdin to the end, by its source. stdin stays open until the answer, so that such a
 * script would wait for ever; it is closed for it, at the price of replies, which the script could not read anyway.
 */
export function readsWholeInput(code: string): boolean {
  if (WHOLE_INPUT_REGEXPS.some((it) => it.test(code))) return true;
  return EVERY_CHUNK_REGEXP.test(code) && !BY_LINES_REGEXP.test(code);
}
