/**
 * Packages of Deno: a `deno.json` that names them, with a `node_modules` and a `vendor` folder of its own, so that
 * scripts need neither network nor cache.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf, ToolError } from "../../kernel/mod.ts";
import { InstallFailure } from "./commands.ts";
import type { Installer, PackageJob } from "./installer.ts";
import type { Runtimes } from "./runtimes.ts";
import { importName } from "./words.ts";

const CONFIG_FILE = "deno.json";
const LOCK_FILE = "deno.lock";
/** Imports what has no name: Deno fetches it by its address. */
const ADDRESSES_FILE = "addresses.ts";

/** Where hashes are compared, in the folder of the job. */
const CHECK_FOLDER = "check";
/** What follows name and version of a package of a lock. */
const PEERS_REGEXP = /(?<=.@[^_@]*)_.*$/;

/** Makes the installer of Deno's packages. */
export function denoInstaller({ runtimes }: { readonly runtimes: Runtimes }): Installer {
  return {
    lockName: LOCK_FILE,
    findRuntime: (set) => runtimes.find(set),
    readLock: readDenoLock,
    async resolve(job) {
      await writeConfig(job);
      await installAll(job);
      return await job.folder.readText(LOCK_FILE) ?? "";
    },
    async install(job, lock) {
      await writeConfig(job);
      if (lock === undefined) return;
      const isOwn = await job.folder.readText(LOCK_FILE) === lock;
      await job.folder.writeAtomic(LOCK_FILE, lock);
      if (!isOwn) await checkHashes(job, lock);
      await installAll(job, ["--frozen"]);
    },
    describe: ({ path, packages }) => ({
      interpreter: undefined,
      args: [`--config=${path}/${CONFIG_FILE}`, "--frozen", "--cached-only", ...importOptions(packages)],
      env: {},
    }),
  };
}

async function writeConfig({ folder, packages }: PackageJob): Promise<void> {
  const imports: Record<string, string> = {};
  for (const specifier of packages) {
    const name = importName(specifier);
    if (name === undefined) continue;
    if (Object.hasOwn(imports, name)) {
      throw new ToolError(
        `Cannot install package "${name}" of deno twice: as ${
          imports[name]
        } and as ${specifier}; name one version of it`,
      );
    }
    imports[name] = specifier;
  }
  await folder.writeAtomic(
    ADDRESSES_FILE,
    addressesOf(packages).map((it) => `import ${JSON.stringify(it)};\n`).join(""),
  );
  const config = { imports, nodeModulesDir: "auto", vendor: true };
  await folder.writeAtomic(CONFIG_FILE, JSON.stringify(config, undefined, 2));
}

function addressesOf(packages: readonly string[]): readonly string[] {
  return packages.filter((specifier) => importName(specifier) === undefined);
}

// what was fetched by its address is imported by it, which scripts of few permissions are not let do
function importOptions(packages: readonly string[]): readonly string[] {
  const hosts = addressesOf(packages).map((address) => new URL(address)).map(({ protocol, hostname, port }) =>
    `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`
  );
  return hosts.length === 0 ? [] : [`--allow-import=${[...new Set(hosts)].join(",")}`];
}

async function installAll(job: PackageJob, more: readonly string[] = []): Promise<void> {
  const options = [...more];
  if (job.allow.installScripts === true) options.push("--allow-scripts");
  const hasAddresses = addressesOf(job.packages).length > 0;
  if (hasAddresses) options.push("--allow-import");
  await runInstall(job, options);
  if (hasAddresses) await runInstall(job, [...options, "--entrypoint", ADDRESSES_FILE]);
}

async function runInstall(
  { run, runtime, path, cachePath, isOffline }: PackageJob,
  args: readonly string[],
  { cwd = path }: { readonly cwd?: string } = {},
): Promise<void> {
  await run({
    name: "deno install",
    program: runtime.program,
    args: ["install", `--config=${CONFIG_FILE}`, ...(isOffline ? ["--cached-only"] : []), ...args],
    cwd,
    env: { DENO_DIR: `${cachePath}/deno`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
}

/**
 * Compares the hashes of a lock with those of the registry. Deno checks what it downloads by the lock, and what it has
 * in its cache by nothing.
 */
async function checkHashes(job: PackageJob, lock: string): Promise<void> {
  const wanted = hashesOf(lock);
  if (wanted.size === 0) return;
  const imports = Object.fromEntries([...wanted.keys()].map((name) => [name, `npm:${name}`]));
  await job.folder.writeAtomic(`${CHECK_FOLDER}/${CONFIG_FILE}`, JSON.stringify({ imports, nodeModulesDir: "none" }));
  await runInstall(job, ["--lockfile-only"], { cwd: `${job.path}/${CHECK_FOLDER}` });
  const found = hashesOf(await job.folder.readText(`${CHECK_FOLDER}/${LOCK_FILE}`) ?? "{}");
  await job.folder.remove(CHECK_FOLDER);
  for (const [name, hash] of wanted) {
    if (found.get(name) === hash) continue;
    throw new InstallFailure(
      `package "${name}" has another hash than the lock: found ${found.get(name) ?? "none"}, expected ${hash}`,
    );
  }
}

/** Reads the hashes of npm's packages, by name and version; a package may stand there for several sets of peers. */
function hashesOf(lock: string): ReadonlyMap<string, string> {
  const { npm = {} } = JSON.parse(lock) as { readonly npm?: Readonly<Record<string, { readonly integrity: string }>> };
  return new Map(Object.entries(npm).map(([id, { integrity }]) => [id.replace(PEERS_REGEXP, ""), integrity]));
}

/**
 * Checks a `deno.lock`.
 *
 * @throws {ToolError} when it is malformed, or has addresses that are not granted.
 */
export function readDenoLock(text: string, { allow }: Pick<PackageJob, "allow">): string {
  const lock = parseLock(text);
  if (allow.direct === true) return text;
  for (const field of ["remote", "redirects"]) {
    const value = lock[field];
    if (isObject(value) && Object.keys(value).length > 0) throw notGranted(`"${field}"`);
  }
  const packages = isObject(lock["npm"]) ? lock["npm"] : {};
  for (const [name, entry] of Object.entries(packages)) {
    if (isObject(entry) && entry["tarball"] !== undefined) throw notGranted(`package ${JSON.stringify(name)}`);
    if (!isObject(entry) || typeof entry["integrity"] !== "string") {
      throw new ToolError(`Cannot install by the lock: package ${JSON.stringify(name)} has no hash in "integrity"`);
    }
  }
  return text;
}

function notGranted(what: string): ToolError {
  return new ToolError(
    `Cannot install by the lock: ${what} names addresses, which have to be granted (direct_dependencies)`,
  );
}

function parseLock(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof value["version"] === "string") return value;
    throw new Error('it has no "version"');
  } catch (error) {
    throw new ToolError(`Cannot install by the lock: it is no deno.lock: ${messageOf(error)}`, { cause: error });
  }
}
