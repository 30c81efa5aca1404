/**
 * The words by which packages are named, checked before any installer sees them: none of them can be an option, and
 * what comes from anywhere but the registry of its language has to be allowed.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import type { PackageAllowances, PackageLanguage, PackageSet } from "./contract.ts";
import { formatRequirement, parseRequirement } from "./requirements.ts";

const MOST_PACKAGES = 500;
const LONGEST_WORD = 500;

/** What ends a line for some program, and what no word needs. */
// deno-lint-ignore no-control-regex -- they are refused
const CONTROL_REGEXP = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;
const NPM_NAME = "(?:@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9_][a-z0-9._~-]*";
const NPM_RANGE = "[A-Za-z0-9.^~<>=*|+ _-]+";
const NODE_REGEXP = new RegExp(`^(${NPM_NAME})(?:@(${NPM_RANGE}))?$`, "i");
const DENO_REGEXP = new RegExp(`^(npm|jsr):/?(${NPM_NAME})(?:@(${NPM_RANGE}))?(/[A-Za-z0-9._/-]*)?$`, "i");
const RUBY_REGEXP = /^([A-Za-z0-9_][A-Za-z0-9._-]*)(?::(.+))?$/;
const GEM_CLAUSE_REGEXP = /^(?:(?:=|!=|>|<|>=|<=|~>)\s*)?\d[A-Za-z0-9.-]*$/;
const DIRECT_REGEXP =
  /^(?:(?:@[A-Za-z0-9._~-]+\/)?[A-Za-z0-9._-]+(?:\[[A-Za-z0-9._,\s-]*\])?\s*@\s*)?(?:(?:git\+)?(?:https?|ssh|file):|git@|\/|\.{1,2}\/|[A-Za-z]:\\)\S*$/;

/** How each language writes its packages, for errors. */
const EXAMPLES: Readonly<Record<PackageLanguage, string>> = {
  python: '"requests>=2.31" or "httpx[http2]==0.27.0"',
  node: '"lodash@4", "@scope/name@^1.2" or "chalk"',
  deno: '"npm:chalk@5" or "jsr:@std/path@1"',
  ruby: '"nokogiri:1.16" or "rainbow:~> 3.1"',
};

/**
 * Checks the packages of a set, and gives them in one way of writing, sorted, each once.
 *
 * @throws {ToolError} naming the word, what is wrong with it, and how packages are written.
 */
export function normalizePackages({ language, packages, allow = {} }: PackageSet): readonly string[] {
  if (packages.length > MOST_PACKAGES) {
    throw new ToolError(`Cannot install ${packages.length} packages: at most ${MOST_PACKAGES} are installed together`);
  }
  const normal = packages.map((word) => normalizeWord(word.trim(), language, allow));
  return [...new Set(normal)].sort();
}

function normalizeWord(word: string, language: PackageLanguage, allow: PackageAllowances): string {
  const refuse = (why: string) =>
    new ToolError(
      `Cannot install package ${JSON.stringify(word.slice(0, 200))} of ${language}: ${why}; write ${
        EXAMPLES[language]
      }`,
    );
  if (word === "") throw refuse("it is empty");
  if (word.length > LONGEST_WORD) throw refuse(`it has more than ${LONGEST_WORD} characters`);
  if (CONTROL_REGEXP.test(word)) throw refuse("it holds a control character");
  if (word.startsWith("-")) throw refuse("it is an option, not a package");
  const normal = NORMALIZERS[language](word);
  if (normal !== undefined) return normal;
  if (!DIRECT_REGEXP.test(addressIn(word, language))) throw refuse("it is malformed");
  if (!canBeDirect(word, language)) throw refuse("it is no package of the registry");
  if (allow.direct !== true) {
    throw refuse("it is a URL or a path, which has to be granted (direct_dependencies)");
  }
  // installers put variables of their environment, which holds credentials, in the place of names
  if (word.includes("$")) throw refuse('it holds a "$"');
  if (/(?:^|@\s*)\.{1,2}\//.test(word)) throw refuse("a path has to be absolute");
  return word;
}

function canBeDirect(word: string, language: PackageLanguage): boolean {
  return language === "python" || language === "node" || language === "deno" && /^https?:/.test(word);
}

const NORMALIZERS: Readonly<Record<PackageLanguage, (word: string) => string | undefined>> = {
  python: normalizeRequirement,
  node(word) {
    const [, name, range = "*"] = NODE_REGEXP.exec(word) ?? [];
    return name === undefined ? undefined : `${name}@${range.trim()}`;
  },
  deno(word) {
    const [, scheme, name, range, path = ""] = DENO_REGEXP.exec(word) ?? [];
    if (scheme === undefined || scheme === "jsr" && !name!.startsWith("@")) return undefined;
    return `${scheme}:${name}${range === undefined ? "" : `@${range.trim()}`}${path === "/" ? "" : path}`;
  },
  ruby(word) {
    const [, name, range] = RUBY_REGEXP.exec(word) ?? [];
    if (name === undefined || name.endsWith(".gem")) return undefined;
    if (range === undefined) return name;
    const clauses = range.split(",").map((clause) => clause.trim());
    if (!clauses.every((clause) => GEM_CLAUSE_REGEXP.test(clause))) return undefined;
    return `${name}:${clauses.map((clause) => clause.replace(/^([=!<>~]+)\s*/, "$1 ")).sort().join(",")}`;
  },
};

// names and versions; what has an address is not of this form
function normalizeRequirement(word: string): string | undefined {
  const requirement = parseRequirement(word);
  return requirement === undefined || requirement.url !== undefined ? undefined : formatRequirement(requirement);
}

// without its marker, which only a requirement of Python has
function addressIn(word: string, language: PackageLanguage): string {
  const { name, url } = (language === "python" ? parseRequirement(word) : undefined) ?? {};
  return url === undefined ? word : `${name} @ ${url}`;
}

/** Splits a word of npm into name and range. */
export function splitNodeWord(word: string): readonly [name: string, range: string] | undefined {
  const [, name, range = "*"] = NODE_REGEXP.exec(word) ?? [];
  return name === undefined ? undefined : [name, range];
}

/** Gives the name by which a script imports what a specifier of Deno names; `undefined` for a URL. */
export function importName(specifier: string): string | undefined {
  const [, , name, , path = ""] = DENO_REGEXP.exec(specifier) ?? [];
  return name === undefined ? undefined : `${name}${path}`;
}
