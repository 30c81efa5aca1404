/**
 * Bundles: names for several skills at once, from files and those that ship.
 *
 * @module
 */
import { findJsonError, type Folder, isObject, messageOf } from "../../../kernel/mod.ts";

/** Bundles that ship; a file may say otherwise. */
const SHIPPED: Readonly<Record<string, readonly string[]>> = Object.freeze({
  "@dev-full": ["dev", "sys", "memory"],
  "@creators": ["dev"],
});

const FILE_NAME = "bundles.json";
// a file for people to write; what is longer is none
const MAX_BYTES = 1024 * 1024;
const NAME_REGEXP = /^@[^\s@]+$/;
const MAX_DEPTH = 32;

/** A folder with a file of bundles, and how messages name it. */
export interface BundleFolder {
  readonly folder: Folder;
  /** Absolute path, or one with `~`. */
  readonly path: string;
}

/** The bundles that there are. */
export interface BundleSet {
  /** Names of skills and of bundles, by a name with `@`. */
  readonly bundles: ReadonlyMap<string, readonly string[]>;
  /** What of the files cannot be used, each with file and line. */
  readonly problems: readonly string[];
}

/** What a bundle stands for. */
export interface ExpandedBundle {
  /** Names of skills, each once. */
  readonly names: readonly string[];
  /** Why a part of it cannot be used. */
  readonly problems: readonly string[];
}

/** Reads bundles, anew when their files have changed. */
export class Bundles {
  readonly #folders: readonly BundleFolder[];
  #kept: { readonly state: string; readonly set: BundleSet } | undefined;

  /** @param folders Where files are looked for; the first that has a name counts. */
  constructor(folders: readonly BundleFolder[]) {
    this.#folders = folders;
  }

  /** Gives the bundles as their files have them now. Never fails for what a file holds. */
  async current(): Promise<BundleSet> {
    const stats = await Promise.all(this.#folders.map(({ folder }) => folder.stat(FILE_NAME).catch(() => undefined)));
    const state = JSON.stringify(stats.map((it) => it?.fingerprint ?? null));
    if (this.#kept?.state === state) return this.#kept.set;
    const read = await Promise.all(this.#folders.map((it, i) => readBundles(it, stats[i]?.size)));
    const shipped = { bundles: new Map(Object.entries(SHIPPED)), problems: [] };
    const set = {
      bundles: new Map([...read, shipped].reverse().flatMap(({ bundles }) => [...bundles])),
      problems: read.flatMap(({ problems }) => problems),
    };
    this.#kept = { state, set };
    return set;
  }
}

async function readBundles({ folder, path }: BundleFolder, size: number | undefined): Promise<BundleSet> {
  const file = `${path}/${FILE_NAME}`;
  const broken = (why: string): BundleSet => ({ bundles: new Map(), problems: [`Cannot read "${file}": ${why}`] });
  if (size === undefined) return { bundles: new Map(), problems: [] };
  if (size > MAX_BYTES) return broken(`it has ${size} bytes, and a file of bundles at most ${MAX_BYTES}`);
  try {
    return parseBundles(await folder.readText(FILE_NAME) ?? "{}", file);
  } catch (thrown) {
    return broken(messageOf(thrown));
  }
}

/** Reads a file of bundles: an object from names with `@` to lists of names. What is wrong in it spoils nothing else. */
export function parseBundles(text: string, file: string): BundleSet {
  const json = text.replace(/^\uFEFF/, "");
  const error = findJsonError(json);
  if (error !== undefined) {
    const { line, expected, found } = error;
    return {
      bundles: new Map(),
      problems: [`Cannot read "${file}": line ${line}: expected ${expected}, found ${found}`],
    };
  }
  const value: unknown = JSON.parse(json);
  if (!isObject(value)) {
    const problem = `Cannot read "${file}": line 1: expected an object from names such as "@mine" to lists of skills`;
    return { bundles: new Map(), problems: [problem] };
  }
  const bundles = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (const [name, skills] of Object.entries(value)) {
    const wrong = findProblem(name, skills);
    if (wrong === undefined) bundles.set(name, skills as readonly string[]);
    else problems.push(`Cannot use ${JSON.stringify(name)} of "${file}": line ${lineOf(name, json)}: ${wrong}`);
  }
  return { bundles, problems };
}

function findProblem(name: string, skills: unknown): string | undefined {
  if (!NAME_REGEXP.test(name)) return `expected a name such as "@mine", without spaces`;
  if (!Array.isArray(skills)) return `expected a list of names, found ${JSON.stringify(skills).slice(0, 40)}`;
  const other: unknown = skills.find((it) => typeof it !== "string" || it.trim() === "");
  return other === undefined ? undefined : `expected names of skills, found ${JSON.stringify(other).slice(0, 40)}`;
}

// a key that is written with escapes is not found, and the file's first line is named
function lineOf(key: string, json: string): number {
  const place = [...json.matchAll(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)].find(([quoted]) => JSON.parse(quoted) === key);
  return json.slice(0, place?.index ?? 0).split("\n").length;
}

/** Expands a bundle, and those that it names in turn. */
export function expandBundle(name: string, bundles: BundleSet["bundles"]): ExpandedBundle {
  const names = new Set<string>();
  const problems: string[] = [];
  const done = new Set<string>();
  const walk = (bundle: string, path: readonly string[]): void => {
    if (path.includes(bundle)) {
      problems.push(`The bundles go in a circle: ${[...path.slice(path.indexOf(bundle)), bundle].join(" → ")}`);
    }
    if (done.has(bundle)) return;
    if (path.length > MAX_DEPTH) {
      problems.push(`The bundle "${bundle}" is left out: bundles within bundles go ${MAX_DEPTH} deep at most`);
      return;
    }
    done.add(bundle);
    const members = bundles.get(bundle);
    if (members === undefined) problems.push(`There is no bundle "${bundle}", which "${path.at(-1)}" names`);
    for (const member of members ?? []) {
      if (member.startsWith("@")) walk(member, [...path, bundle]);
      else names.add(member);
    }
  };
  walk(name, []);
  return { names: [...names], problems };
}
