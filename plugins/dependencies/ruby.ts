/**
 * Packages of Ruby, by RubyGems: versions are decided on, each gem is fetched and its hash noted or checked, and what
 * was fetched is installed without asking anybody further.
 *
 * A lock has a line for each gem, in the order of installation: name, version, platform, `sha256:` and the hash of its
 * file.
 *
 * @module
 */
import { sha256, ToolError } from "../../kernel/mod.ts";
import { InstallFailure } from "./commands.ts";
import type { Installer, PackageJob } from "./installer.ts";
import type { Runtimes } from "./runtimes.ts";

const HEADER = "# packages: ";
/** Where gems are fetched to, in the folder of the job. */
const DOWNLOADS = "downloads";
/** Fetched gems, below the cache. */
const CACHE = "gems";
const EXPLAINED_REGEXP = /^\s+(\S+)-(\d+[0-9A-Za-z.]*)(?:-([A-Za-z]\S*))?$/;
const LINE_REGEXP =
  /^([A-Za-z0-9_][A-Za-z0-9._-]*) (\d[0-9A-Za-z.]*) ([A-Za-z0-9][A-Za-z0-9._-]*) sha256:([0-9a-f]{64})$/;
const LIST_BUILT = "ARGV.each { |f| s = Gem::Package.new(f).spec; puts s.full_name unless s.extensions.empty? }";

interface Gem {
  readonly name: string;
  readonly version: string;
  /** `ruby` where it is the same for all. */
  readonly platform: string;
}

/** Makes the installer of gems. */
export function rubyInstaller({ runtimes }: { readonly runtimes: Runtimes }): Installer {
  return {
    lockName: "gems.lock",
    findRuntime: (set) => runtimes.find(set),
    readLock: (lock, { packages }) => {
      readRubyLock(lock, packages);
      return lock;
    },
    async resolve(job) {
      const lines: string[] = [];
      for (const gem of await decide(job)) {
        const hash = await sha256(await fetchGem(job, gem));
        lines.push(`${gem.name} ${gem.version} ${gem.platform} sha256:${hash}`);
      }
      return [headerOf(job.packages), ...lines, ""].join("\n");
    },
    async install(job, lock) {
      if (lock === undefined) return;
      const files: string[] = [];
      for (const gem of readRubyLock(lock, job.packages)) {
        await fetchGem(job, gem);
        files.push(`${DOWNLOADS}/${fileOf(gem)}`);
      }
      await refuseBuilt(job, files);
      await runGem(job, {
        name: "gem install",
        args: [
          ...["install", "--local", "--ignore-dependencies", "--no-document", "--no-user-install"],
          ...["--install-dir", "gems", "--bindir", "gems/bin", ...files],
        ],
      });
      await job.folder.remove(DOWNLOADS);
      await job.folder.remove("gems/cache");
    },
    describe: ({ path }) => ({
      interpreter: undefined,
      args: [],
      env: { GEM_HOME: `${path}/gems`, GEM_PATH: `${path}/gems` },
    }),
  };
}

function headerOf(packages: readonly string[]): string {
  return `${HEADER}${packages.join("; ")}`;
}

function fileOf({ name, version, platform }: Gem): string {
  return `${name}-${version}${platform === "ruby" ? "" : `-${platform}`}.gem`;
}

/** Asks RubyGems what it would install. */
async function decide(job: PackageJob): Promise<readonly Gem[]> {
  if (job.isOffline) {
    throw new InstallFailure(
      "without network, gems are installed by a lock alone: their versions cannot be decided on",
    );
  }
  const explained = await runGem(job, {
    name: "gem install --explain",
    args: ["install", "--explain", "--no-document", "--install-dir", "gems", ...job.packages],
  });
  return explained.split(/\r?\n/).flatMap((line) => {
    const [, name, version, platform = "ruby"] = EXPLAINED_REGEXP.exec(line) ?? [];
    return name === undefined ? [] : [{ name, version: version!, platform }];
  });
}

/** Fetches a gem, or takes it from the cache; gives its bytes. */
async function fetchGem(job: PackageJob, gem: Gem & { readonly hash?: string }): Promise<Uint8Array> {
  const { folder, cache, isOffline } = job;
  const { hash: wanted } = gem;
  const file = fileOf(gem);
  const kept = wanted === undefined ? undefined : await cache.readBytes(`${CACHE}/${wanted}.gem`);
  let bytes = kept;
  if (bytes === undefined) {
    bytes = await folder.readBytes(`${DOWNLOADS}/${file}`);
    if (bytes === undefined && isOffline) {
      throw new InstallFailure(`gem "${file}" is not in the cache, and there is no network`);
    }
    if (bytes === undefined) bytes = await download(job, gem);
  }
  const hash = await sha256(bytes);
  if (wanted !== undefined && hash !== wanted) {
    throw new InstallFailure(
      `gem "${file}" has another hash than the lock: found sha256:${hash}, expected sha256:${wanted}`,
    );
  }
  if (kept === undefined) await cache.writeAtomic(`${CACHE}/${hash}.gem`, bytes);
  await folder.writeAtomic(`${DOWNLOADS}/${file}`, bytes);
  return bytes;
}

async function download(job: PackageJob, gem: Gem): Promise<Uint8Array> {
  const { name, version, platform } = gem;
  await job.folder.makeFolder(DOWNLOADS);
  await runGem(job, {
    name: "gem fetch",
    args: ["fetch", name, "--version", version, "--platform", platform],
    cwd: `${job.path}/${DOWNLOADS}`,
  });
  const bytes = await job.folder.readBytes(`${DOWNLOADS}/${fileOf(gem)}`);
  if (bytes === undefined) throw new InstallFailure(`there is no gem "${fileOf(gem)}" on the gem server`);
  return bytes;
}

/** What is built for this machine runs its code at installation. */
async function refuseBuilt(job: PackageJob, files: readonly string[]): Promise<void> {
  if (job.allow.installScripts === true) return;
  const { run, runtime, path } = job;
  const args = ["-rrubygems/package", "-e", LIST_BUILT, "--", ...files];
  const built = (await run({ name: "ruby", program: runtime.program, args, cwd: path })).trim();
  if (built === "") return;
  throw new InstallFailure(
    `these gems run code of their own when they are installed, which has to be granted (install_scripts): ` +
      built.split(/\s+/).join(", "),
  );
}

async function runGem(
  { run, runtime, path }: PackageJob,
  { name, args, cwd = path }: { readonly name: string; readonly args: readonly string[]; readonly cwd?: string },
): Promise<string> {
  return await run({
    name,
    program: runtime.program,
    args: ["-S", "gem", ...args],
    cwd,
    // gems of the system are not seen by scripts either
    env: { GEM_HOME: `${path}/gems`, GEM_PATH: `${path}/gems` },
  });
}

/**
 * Reads a lock of gems.
 *
 * @throws {ToolError} when it is malformed, or the lock of other packages.
 */
export function readRubyLock(lock: string, packages: readonly string[]): readonly (Gem & { readonly hash: string })[] {
  const [head = "", ...lines] = lock.replaceAll("\r\n", "\n").trimEnd().split("\n");
  if (head !== headerOf(packages)) {
    throw new ToolError(
      `Cannot install by the lock: its first line is ${JSON.stringify(head.slice(0, 200))}, expected ` +
        `${JSON.stringify(headerOf(packages))}; remove the lock from the folder of the tool, and it is made anew`,
    );
  }
  return lines.map((line) => {
    const [, name, version, platform, hash] = LINE_REGEXP.exec(line) ?? [];
    if (name !== undefined) return { name, version: version!, platform: platform!, hash: hash! };
    throw new ToolError(
      `Cannot install by the lock: ${
        JSON.stringify(line.slice(0, 200))
      } is not a gem with its version, platform and hash`,
    );
  });
}
