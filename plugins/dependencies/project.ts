/**
 * Projects of npm: which packages a `package.json` needs to run, and the part of its lock that is about them.
 *
 * Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
 *
 * @module
 */
import { isObject, type JsonObject, messageOf, ToolError } from "../../kernel/mod.ts";
import type { PackageSet, ProjectFiles } from "./contract.ts";
import { LONGEST_LOCK } from "./installer.ts";
import { normalizePackages } from "./words.ts";

/** Ranges that name a folder. */
const FOLDER_REGEXP = /^(?:file:|link:|portal:|workspace:|\.{1,2}(?:[\\/]|$)|~[\\/]|[\\/]|[A-Za-z]:[\\/])/;
const HOSTED_REGEXP = /^(?:(?:github|gitlab|bitbucket|gist):|[A-Za-z0-9_-][A-Za-z0-9_.-]*\/[A-Za-z0-9_.-]+(?:#.*)?$)/;
/** What an entry of a lock may need, beside what is bundled with it. */
const NEEDS: readonly string[] = ["dependencies", "optionalDependencies", "peerDependencies"];
const NESTED = "/node_modules/";
/** Packages within packages; npm itself stays far below. */
const DEEPEST = 50;
const REWRITE =
  'run "npm install --package-lock-only" beside package.json, with npm 7 or newer, and keep what it writes';

type Ranges = Readonly<Record<string, string>>;

/** What a project needs to run. */
interface Needed {
  readonly dependencies: Ranges;
  readonly optionalDependencies: Ranges;
}

/**
 * Makes the set of packages that a project needs to run.
 *
 * @throws {ToolError} when its texts are malformed or disagree, or name what is of no registry.
 */
export function readProject({ packageJson, lock }: ProjectFiles): PackageSet {
  const needed = readNeeded(parseText("package.json", packageJson));
  const { dependencies, optionalDependencies } = needed;
  const words = Object.entries({ ...dependencies, ...optionalDependencies }).map(([name, range]) => `${name}@${range}`);
  const set: PackageSet = {
    language: "node",
    // whether addresses are granted is asked when the set is installed
    packages: normalizePackages({ language: "node", packages: words, allow: { direct: true } }),
    optional: Object.keys(optionalDependencies).sort(),
  };
  return lock === undefined || words.length === 0 ? set : { ...set, lock: cutLock(lock, needed) };
}

function parseText(file: string, text: string): JsonObject {
  if (text.length > LONGEST_LOCK) throw new ToolError(`Cannot read ${file}: it has ${text.length} characters`);
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (isObject(value)) return value;
    throw new Error("expected an object");
  } catch (error) {
    throw new ToolError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function readNeeded(manifest: JsonObject): Needed {
  const { workspaces, overrides } = manifest;
  if (workspaces !== undefined && workspaces !== null) {
    throw new ToolError(
      'Cannot install the packages of package.json: it has "workspaces", whose packages are folders; name what a ' +
        'script needs in "dependencies" of a package.json of its own',
    );
  }
  if (isObject(overrides) && Object.keys(overrides).length > 0) {
    throw new ToolError(
      'Cannot install the packages of package.json: it has "overrides", which are not supported; name the versions ' +
        'in "dependencies"',
    );
  }
  const optionalDependencies = readRanges(manifest, "optionalDependencies");
  const optional = new Set(Object.keys(optionalDependencies));
  const dependencies = Object.entries(readRanges(manifest, "dependencies")).filter(([name]) => !optional.has(name));
  return { dependencies: Object.fromEntries(dependencies), optionalDependencies };
}

function readRanges(manifest: JsonObject, field: string): Ranges {
  const value = manifest[field] ?? {};
  if (!isObject(value)) throw new ToolError(`Cannot read package.json: "${field}" is no object`);
  return Object.fromEntries(Object.entries(value).map(([name, range]) => [name, readRange(name, range)]));
}

function readRange(name: string, range: unknown): string {
  const refuse = (why: string) =>
    new ToolError(
      `Cannot install package ${JSON.stringify(name.slice(0, 200))} of package.json: ${
        JSON.stringify(range)?.slice(0, 200)
      } ${why}`,
    );
  if (typeof range !== "string") throw refuse("is no text, expected a range of versions");
  const text = range.trim();
  if (FOLDER_REGEXP.test(text)) {
    throw refuse("is a folder or a file, expected versions of a package that a registry has; copy its code instead");
  }
  if (text.startsWith("npm:")) throw refuse("is another name for a package; import and name it by its own");
  if (HOSTED_REGEXP.test(text)) {
    throw refuse('is short for an address; write it out, such as "git+https://…", and have it granted');
  }
  return text === "" ? "*" : text;
}

/**
 * Cuts a lock to what is needed of it. Hashes and addresses in it are judged when it is installed.
 *
 * @throws {ToolError} when it is no lock of npm 7 or newer, or has not all that is needed.
 */
function cutLock(text: string, needed: Needed): string {
  const { lockfileVersion: version, packages } = parseText("package-lock.json", text);
  if (version !== 2 && version !== 3 || !isObject(packages)) {
    throw new ToolError(
      `Cannot install by package-lock.json: it is of version ${JSON.stringify(version) ?? "none"}, expected 2 or 3; ` +
        REWRITE,
    );
  }
  const { dependencies, optionalDependencies } = needed;
  const root = {
    ...(Object.keys(dependencies).length > 0 && { dependencies }),
    ...(Object.keys(optionalDependencies).length > 0 && { optionalDependencies }),
  };
  const entries = [...reach(packages, root)].sort(([a], [b]) => a < b ? -1 : 1);
  const cut = { lockfileVersion: 3, requires: true, packages: { "": root, ...Object.fromEntries(entries) } };
  return `${JSON.stringify(cut, undefined, 2)}\n`;
}

/** Gives the entries that the root needs, and those need in turn, by their paths. */
function reach(packages: JsonObject, root: JsonObject): ReadonlyMap<string, JsonObject> {
  const reached = new Map<string, JsonObject>();
  const queue: (readonly [path: string, entry: JsonObject])[] = [["", root]];
  for (const [from, entry] of queue) {
    for (const name of namesNeeded(entry)) {
      const path = resolvePath(packages, { from, name });
      if (path === undefined && from === "") {
        throw new ToolError(
          `Cannot install by package-lock.json: it does not have "${name}", which package.json names; ${REWRITE}`,
        );
      }
      // what is needed only under conditions may be left out of a lock; npm tells of what is not
      if (path === undefined || reached.has(path)) continue;
      const found = readEntry(path, packages[path]);
      reached.set(path, found);
      queue.push([path, found]);
    }
  }
  return reached;
}

function namesNeeded(entry: JsonObject): readonly string[] {
  const names = NEEDS.map((field) => entry[field]).filter(isObject).flatMap((it) => Object.keys(it));
  return [...new Set(names)];
}

/** Finds a package as Node does: in the folder of whoever needs it, and in each one above. */
function resolvePath(
  packages: JsonObject,
  { from, name }: { readonly from: string; readonly name: string },
): string | undefined {
  for (let folder = from;; folder = folder.slice(0, Math.max(0, folder.lastIndexOf(NESTED)))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}${NESTED}${name}`;
    if (Object.hasOwn(packages, path)) return path;
    if (folder === "") return undefined;
  }
}

function readEntry(path: string, entry: unknown): JsonObject {
  const fail = (why: string) =>
    new ToolError(`Cannot install by package-lock.json: ${JSON.stringify(path.slice(0, 200))} ${why}`);
  if (!isObject(entry)) throw fail("is no object");
  if (path.split(NESTED).length > DEEPEST) throw fail(`lies in more than ${DEEPEST} packages`);
  if (entry["link"] === true) {
    throw fail(`is a link to the folder ${JSON.stringify(entry["resolved"])}, expected a package of a registry`);
  }
  // what only development needed was cut off, and the rest is needed without it
  const { dev: _, devOptional, ...rest } = entry;
  return devOptional === true ? { ...rest, optional: true } : rest;
}
