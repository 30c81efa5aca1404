/**
 * The words by which modules of Go are named, and the files in which Go keeps their versions.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";

/** Path of the module that a tool is built as; `tool` itself is a word of Go's own. */
const MODULE = "wasmtool";
/** Path of the module that tools talk to the server with. */
export const HELPER = "collet_tool";
const MOST_MODULES = 200;
const LONGEST_WORD = 300;
const LONGEST_LOCK = 4_000_000;

// https://go.dev/ref/mod#go-mod-file-ident: the first part is a host, as the registry wants it
const PATH_PART = "[A-Za-z0-9_][A-Za-z0-9._~-]*";
const HOST_PART = "[A-Za-z0-9][A-Za-z0-9-]*(?:\\.[A-Za-z0-9][A-Za-z0-9-]*)+";
const MODULE_PATH = `${HOST_PART}(?:/${PATH_PART})*`;
// a version, the beginning of one, a branch, a tag or a commit
const WORD_REGEXP = new RegExp(`^(${MODULE_PATH})(?:@([A-Za-z0-9][A-Za-z0-9._+~-]{0,127}))?$`);
const SUM_REGEXP = new RegExp(`^(${MODULE_PATH}) (v\\d[A-Za-z0-9.+-]*)(/go\\.mod)? h1:[A-Za-z0-9+/=]{44}$`);
const DIRECT_REGEXP = /:\/\/|^[./~]|^[A-Za-z]:\\|=>/;
const REQUIRE_REGEXP = /^\s*(?:require\s+)?([^\s()/][^\s()]*)\s+v\S+\s*(\/\/ indirect)?\s*$/;

/** A module that a tool needs. */
export interface GoModule {
  readonly path: string;
  /** A version, `latest`, or what else Go resolves to one. */
  readonly version: string;
}

/**
 * Reads the words `path` and `path@version`.
 *
 * @throws {ToolError} naming the word, what is wrong with it, and how modules are written.
 */
export function readModules(words: readonly string[]): readonly GoModule[] {
  if (words.length > MOST_MODULES) {
    throw new ToolError(`${words.length} modules are asked for, and at most ${MOST_MODULES} are taken`);
  }
  const modules = new Map<string, GoModule>();
  for (const whole of words) {
    const word = whole.trim();
    if (word.length > LONGEST_WORD) throw refusal(word, `it has more than ${LONGEST_WORD} characters`);
    if (DIRECT_REGEXP.test(word)) throw refusal(word, "only modules are taken, none by an address or a path");
    const [, path, version = "latest"] = WORD_REGEXP.exec(word) ?? [];
    if (path === undefined) throw refusal(word, "it is malformed");
    if (modules.has(path)) throw refusal(word, `module "${path}" is named twice`);
    modules.set(path, { path, version });
  }
  return [...modules.values()].sort((a, b) => a.path < b.path ? -1 : 1);
}

function refusal(word: string, why: string): ToolError {
  return new ToolError(
    `Cannot take module ${JSON.stringify(word.slice(0, 200))}: ${why}; write "github.com/google/uuid" or ` +
      '"github.com/google/uuid@v1.6.0"',
  );
}

/**
 * Reads `go.sum`: whatever has the hash of its content, and not of its `go.mod` alone, is in use.
 *
 * @throws {ToolError} when it is malformed.
 */
export function readSums(lock: string): readonly GoModule[] {
  if (lock.length > LONGEST_LOCK) throw new ToolError(`Cannot use go.sum: it has ${lock.length} characters`);
  const modules: GoModule[] = [];
  for (const line of lock.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const [, path, version, isManifest] = SUM_REGEXP.exec(line) ?? [];
    if (path === undefined) {
      throw new ToolError(`Cannot use go.sum: line ${JSON.stringify(line.slice(0, 200))} is malformed`);
    }
    if (isManifest === undefined) modules.push({ path, version: version! });
  }
  return modules;
}

/** Tells whether a lock has the versions that are asked for by number. */
export function fits(lock: readonly GoModule[], asked: readonly GoModule[]): boolean {
  return asked.every(({ path, version }) => {
    const isExact = /^v\d+\.\d+\.\d+/.test(version);
    return lock.some((it) => it.path === path && (!isExact || it.version === version));
  });
}

/** Writes `go.mod`. */
export function manifestOf(
  { goVersion, modules, hasHelper }: {
    /** Of the language, such as `1.21`. */
    readonly goVersion: string;
    readonly modules: readonly GoModule[];
    readonly hasHelper: boolean;
  },
): string {
  return [
    `module ${MODULE}`,
    `go ${goVersion}`,
    ...modules.map(({ path, version }) => `require ${path} ${version}`),
    ...(hasHelper ? [`require ${HELPER} v0.0.0`, `replace ${HELPER} => ../${HELPER}`] : []),
    "",
  ].join("\n\n");
}

/** Finds a module that the code needs and nobody asked for. */
export function findUnasked(manifest: string, asked: readonly GoModule[]): string | undefined {
  for (const line of manifest.split("\n")) {
    const [, path, indirect] = REQUIRE_REGEXP.exec(line) ?? [];
    if (path === undefined || indirect !== undefined || path === HELPER || path === "go") continue;
    if (!asked.some((it) => it.path === path)) return path;
  }
  return undefined;
}
