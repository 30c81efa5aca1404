/**
 * The words by which crates are named, checked before cargo sees them, and the manifest that is written of them.
 *
 * @module
 */
import { stringify } from "smol-toml";
import { ToolError } from "../../../../kernel/mod.ts";

/** Name of the package that a tool is built as. */
export const PACKAGE = "tool";
/** Name of the crate that tools talk to the server with. */
export const HELPER = "collet_tool";
const MOST_CRATES = 200;
const LONGEST_WORD = 300;

const WORD_REGEXP = /^([A-Za-z][A-Za-z0-9_-]{0,63})(?:@([^[\]]*))?(?:\[([^[\]]*)\])?$/;
// requirements of semver as Cargo has them: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
const COMPARATOR_REGEXP =
  /^(?:\*|(?:(?:=|\^|~|>=|<=|>|<) ?)?\d{1,9}(?:\.(?:\d{1,9}|\*)){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;
// https://doc.rust-lang.org/cargo/reference/features.html
const FEATURE_REGEXP = /^[A-Za-z0-9_][A-Za-z0-9_+.-]*(?:\??\/[A-Za-z0-9_][A-Za-z0-9_+.-]*)?$/;
const DIRECT_REGEXP = /:\/\/|^(?:git|path)\b.*[=+]|^[./~]|^[A-Za-z]:\\|\bgit\s*=|\bpath\s*=/;

/** A crate of the registry that a tool needs. */
export interface Crate {
  readonly name: string;
  /** Of semver; `*` for any version. */
  readonly requirement: string;
  readonly features: readonly string[];
}

/**
 * Reads the words `name`, `name@version` and `name@version[feature,…]`.
 *
 * @returns the crates, sorted by name.
 * @throws {ToolError} naming the word, what is wrong with it, and how crates are written.
 */
export function readCrates(words: readonly string[]): readonly Crate[] {
  if (words.length > MOST_CRATES) {
    throw new ToolError(`${words.length} crates are asked for, and at most ${MOST_CRATES} are taken`);
  }
  const crates = new Map<string, Crate>();
  for (const word of words) {
    const crate = readCrate(word.trim());
    const key = crate.name.toLowerCase().replaceAll("-", "_");
    if (crates.has(key)) throw refusal(word, `crate "${crate.name}" is named twice`);
    crates.set(key, crate);
  }
  return [...crates.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

function readCrate(word: string): Crate {
  if (word.length > LONGEST_WORD) throw refusal(word, `it has more than ${LONGEST_WORD} characters`);
  if (DIRECT_REGEXP.test(word)) throw refusal(word, "only crates of the registry are taken, none by Git or a path");
  const [, name, version, list] = WORD_REGEXP.exec(word) ?? [];
  if (name === undefined) throw refusal(word, "it is malformed");
  if (name.replaceAll("-", "_") === HELPER) throw refusal(word, "it is there whenever the code mentions it");
  const comparators = (version ?? "*").split(",").map((it) => it.trim());
  if (!comparators.every((it) => COMPARATOR_REGEXP.test(it))) {
    throw refusal(word, `"${version}" is no version of semver`);
  }
  const features = (list ?? "").split(",").map((it) => it.trim()).filter((it) => it !== "");
  const strange = features.find((it) => !FEATURE_REGEXP.test(it));
  if (strange !== undefined) throw refusal(word, `"${strange}" is no name of a feature`);
  return { name, requirement: comparators.join(", "), features: [...new Set(features)].sort() };
}

function refusal(word: string, why: string): ToolError {
  return new ToolError(
    `Cannot take crate ${JSON.stringify(word.slice(0, 200))}: ${why}; write "serde", "serde@1.0" or ` +
      '"serde@1.0[derive]"',
  );
}

/** What a manifest is written of. */
export interface ManifestOptions {
  readonly crates: readonly Crate[];
  /** The main file, relative to the manifest. */
  readonly main: string;
  /** Version of the compiler, such as `1.63.0`. */
  readonly rustVersion: string;
  /** Whether the crate {@linkcode HELPER} is beside the folder of the manifest; `true` by default. */
  readonly hasHelper?: boolean;
  /** What versions have to fulfil as well while they are decided on; nothing by default. */
  readonly bounds?: Iterable<Pick<Crate, "name" | "requirement">>;
}

/** Writes `Cargo.toml`. */
export function manifestOf({ crates, main, rustVersion, hasHelper = true, bounds = [] }: ManifestOptions): string {
  const dependencies: Record<string, unknown> = {};
  for (const { name, requirement, features } of crates) {
    dependencies[name] = { version: requirement, ...(features.length > 0 && { features }) };
  }
  if (hasHelper) dependencies[HELPER] = { path: `../${HELPER}` };
  let count = 0;
  for (const { name, requirement: version } of bounds) {
    dependencies[`bound_${++count}`] = { package: name, version, optional: true, "default-features": false };
  }
  return stringify({
    package: {
      ...{
        name: PACKAGE,
        version: "0.0.0",
        edition: "2021",
        "rust-version": rustVersion,
        publish: false,
        build: false,
      },
      ...{ autobins: false, autoexamples: false, autotests: false, autobenches: false },
    },
    bin: [{ name: PACKAGE, path: main }],
    dependencies,
    // names stay, so that a trap can say where it was
    profile: { release: { "opt-level": 3, strip: "debuginfo", panic: "abort" } },
    workspace: {},
  });
}

/** Writes the manifest of the crate that tools talk to the server with. */
export function helperManifest(): string {
  return stringify({
    package: { name: HELPER, version: "0.0.0", edition: "2021", publish: false, build: false },
    lib: { path: `${HELPER}.rs` },
  });
}
