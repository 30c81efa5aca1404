/**
 * Packages of Node, by npm: versions are decided on once, into a `package-lock.json`, and installed by it. Scripts of
 * packages do not run.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import { InstallFailure } from "./commands.ts";
import type { Installer, PackageJob } from "./installer.ts";
import type { Runtimes } from "./runtimes.ts";
import { splitNodeWord } from "./words.ts";

const PACKAGE_FILE = "package.json";
const LOCK_FILE = "package-lock.json";
const INTEGRITY_REGEXP = /^sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}(?:\s+sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2})*$/;
/** What a package of the registry says of those that it needs: a range, or another name for one. */
const RANGE_REGEXP = /^(?:npm:[^:]*|[^:/\\]*)$/;
const NEEDS: readonly string[] = ["dependencies", "optionalDependencies", "peerDependencies"];
const PATH_REGEXP = /^(?:(?:.+\/)?node_modules\/(?:@[^/@]+\/)?[^/@]+)$/;

/** What {@linkcode nodeInstaller} works with. */
export interface NodeOptions {
  readonly runtimes: Runtimes;
  readonly processes: Processes;
}

/** Makes the installer of npm's packages. */
export function nodeInstaller({ runtimes, processes }: NodeOptions): Installer {
  return {
    lockName: LOCK_FILE,
    findRuntime: (set) => runtimes.find(set),
    readLock: readNodeLock,
    async resolve(job) {
      const { direct, ...needs } = divide(job);
      await writePackage(job, needs);
      await runNpm(job, processes, {
        name: "npm install --package-lock-only",
        args: ["install", "--package-lock-only", "--ignore-scripts", "--", ...direct],
      });
      return await job.folder.readText(LOCK_FILE) ?? "{}";
    },
    async install(job, lock) {
      if (lock === undefined) return;
      const { direct, ...needs } = divide(job);
      // npm alone knows the name of what was given by its address
      await writePackage(job, direct.length === 0 ? needs : rootOf(lock));
      await job.folder.writeAtomic(LOCK_FILE, lock);
      const areScriptsRun = job.allow.installScripts === true;
      await runNpm(job, processes, { name: "npm ci", args: ["ci", ...(areScriptsRun ? [] : ["--ignore-scripts"])] });
    },
    describe: ({ path }) => ({ interpreter: undefined, args: [], env: { NODE_PATH: `${path}/node_modules` } }),
  };
}

/** The fields of a `package.json`, and what has to be given to npm as a word. */
interface DividedPackages {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly direct: readonly string[];
}

function divide({ packages, optional }: Pick<PackageJob, "packages" | "optional">): DividedPackages {
  const ranges = new Map<string, string>();
  const direct: string[] = [];
  for (const word of packages) {
    const [name, range] = splitNodeWord(word) ?? [];
    if (name === undefined || range === undefined) direct.push(word);
    else if (ranges.has(name)) {
      throw new ToolError(
        `Cannot install package "${name}" of node twice: as ${
          ranges.get(name)
        } and as ${range}; name one version of it`,
      );
    } else ranges.set(name, range);
  }
  const of = (isOptional: boolean) =>
    Object.fromEntries([...ranges].filter(([name]) => optional.includes(name) === isOptional));
  return { dependencies: of(false), optionalDependencies: of(true), direct };
}

async function writePackage({ folder }: PackageJob, needs: JsonObject): Promise<void> {
  const { dependencies = {}, optionalDependencies } = needs;
  const content = { name: "collet-environment", private: true, dependencies, optionalDependencies };
  await folder.writeAtomic(PACKAGE_FILE, JSON.stringify(content, undefined, 2));
}

async function runNpm(
  { run, runtime, path, cachePath, isOffline }: PackageJob,
  processes: Processes,
  { name, args: [verb = "", ...args] }: { readonly name: string; readonly args: readonly string[] },
): Promise<void> {
  const folder = runtime.program.slice(0, Math.max(0, runtime.program.search(/[\\/][^\\/]*$/)));
  // the npm that came with this Node, which knows how to build for it
  const npm = await processes.which(`${folder}/npm`) ?? await processes.which("npm");
  if (npm === undefined) throw new InstallFailure("npm is not installed on this machine; it comes with Node");
  await run({
    name,
    program: npm,
    args: [
      verb,
      ...["--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--loglevel=http", "--logs-max=0"],
      // a lock without addresses serves everywhere, whatever the registry
      ...["--omit-lockfile-registry-resolved", "--include=optional", "--cache", `${cachePath}/npm`],
      ...(isOffline ? ["--offline"] : []),
      ...args,
    ],
    cwd: path,
  });
}

function rootOf(lock: string): JsonObject {
  const { packages } = JSON.parse(lock) as { readonly packages?: Readonly<Record<string, JsonObject>> };
  return packages?.[""] ?? {};
}

/**
 * Checks a `package-lock.json`, and takes the addresses out of it unless addresses are granted.
 *
 * @throws {ToolError} when it is malformed, or a package has no hash or is a link.
 */
export function readNodeLock(text: string, { allow }: Pick<PackageJob, "allow">): string {
  const { packages, lockfileVersion, ...rest } = parseLock(text);
  if (!isObject(packages) || typeof lockfileVersion !== "number" || lockfileVersion < 2) {
    throw new ToolError("Cannot install by the lock: it is no package-lock.json of version 2 or 3");
  }
  if (allow.direct === true) return text;
  const checked = Object.entries(packages).map((
    [path, entry],
  ) => [path, path === "" ? entry : checkEntry(path, entry)]);
  // `dependencies` of version 2 repeats it all for npm 6
  const { dependencies: _, ...others } = rest;
  return `${JSON.stringify({ ...others, lockfileVersion, packages: Object.fromEntries(checked) }, undefined, 2)}\n`;
}

function checkEntry(path: string, entry: unknown): JsonObject {
  const fail = (why: string) =>
    new ToolError(`Cannot install by the lock: ${JSON.stringify(path.slice(0, 200))} ${why}`);
  if (!isObject(entry)) throw fail("is no object");
  const { resolved: _, ...rest } = entry;
  if (!PATH_REGEXP.test(path) || path.split("/").includes("..") || rest["link"] === true) {
    throw fail("is not of the registry");
  }
  const { integrity, version } = rest;
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+[A-Za-z0-9.+-]*$/.test(version)) {
    throw fail("has no version of the registry");
  }
  const needs = NEEDS.map((field) => rest[field]).filter(isObject).flatMap((it) => Object.entries(it));
  for (const [name, range] of needs) {
    // npm asks for what it names before it finds that it is not in the lock
    if (typeof range !== "string" || !RANGE_REGEXP.test(range)) throw fail(`needs "${name}" from elsewhere`);
  }
  const isHashed = typeof integrity === "string" && INTEGRITY_REGEXP.test(integrity);
  if (!isHashed && rest["inBundle"] !== true) throw fail('has no hash in "integrity"');
  return rest;
}

function parseLock(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
    throw new Error("it is no object");
  } catch (error) {
    throw new ToolError(`Cannot install by the lock: it is no package-lock.json: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
