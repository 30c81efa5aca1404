/**
 * Packages of Python, by venv and pip, where uv is not installed.
 *
 * @module
 */
import { isObject } from "../../kernel/mod.ts";
import { InstallFailure } from "./commands.ts";
import type { PackageJob } from "./installer.ts";
import type { PythonInstaller } from "./python_installer.ts";
import { isVersionWithin } from "./version_ranges.ts";

const REPORT_FILE = "report.json";
/** Where pip downloads to, in the folder of the job. */
const DOWNLOADS = "downloads";
/** Downloads that are kept, below the cache: pip cannot install from its own cache alone. */
const WHEELS = "wheels";
const PIP_VERSION_REGEXP = /^pip (\d+(?:\.\d+)*)/;
/** From this version on pip installs into another environment than its own. */
const OUTER_PIP = ">=22.3";
const WHEEL_ADDRESS_REGEXP = /\.whl(?:#\S*)?(?:\s*;.*)?$/;

/** Installs by pip, of at least version 22.2, which can say what it would install. */
export class PipInstaller implements PythonInstaller {
  readonly #isWindows: boolean;

  constructor({ isWindows }: { readonly isWindows: boolean }) {
    this.#isWindows = isWindows;
  }

  async resolve(job: PackageJob): Promise<string> {
    refuseSources(job);
    await this.#pip(job, "pip install --report", [
      ...["install", "--dry-run", "--ignore-installed", "--quiet", "--report", REPORT_FILE],
      ...[...sourceOptions(job), ...buildOptions(job), "-r", "requirements.in"],
    ]);
    const report = await job.folder.readText(REPORT_FILE) ?? "";
    await job.folder.remove(REPORT_FILE);
    return lockOfReport(report);
  }

  async install(job: PackageJob, hasPackages: boolean): Promise<void> {
    if (!hasPackages) return void await this.#environment(job);
    refuseSources(job);
    const byLock = ["--no-deps", ...buildOptions(job), "-r", "requirements.lock"];
    // a repository has no hash, and pip wants all of them or none
    if (job.allow.direct === true) {
      return await this.#pip(job, "pip install", ["install", ...sourceOptions(job), ...byLock]);
    }
    byLock.unshift("--require-hashes");
    if (!job.isOffline) await this.#pip(job, "pip download", ["download", "--dest", DOWNLOADS, ...byLock]);
    const links = job.isOffline ? sourceOptions(job) : ["--no-index", "--find-links", DOWNLOADS];
    await this.#pip(job, "pip install", ["install", ...links, ...byLock]);
    await keepDownloads(job);
  }

  /** Makes the virtual environment, and gives the pip for it. */
  async #environment(job: PackageJob): Promise<readonly [program: string, ...args: string[]]> {
    const { folder, run, runtime: { program }, path } = job;
    const own = `${path}/venv/${this.#isWindows ? "Scripts/python.exe" : "bin/python"}`;
    // to put a pip into each environment takes longer than all the rest
    const isOuter = await hasPip(job);
    if (await folder.stat("venv") === undefined) {
      const args = ["-m", "venv", ...(isOuter ? ["--without-pip"] : []), "venv"];
      await run({ name: "python -m venv", program, args, cwd: path });
    }
    return isOuter ? [program, "-m", "pip", "--python", own] : [own, "-m", "pip"];
  }

  async #pip(job: PackageJob, name: string, args: readonly string[]): Promise<void> {
    const { run, path, cachePath } = job;
    const [program, ...words] = await this.#environment(job);
    try {
      await run({
        name,
        program,
        args: [...words, "--no-input", "--disable-pip-version-check", "--no-color", ...args],
        cwd: path,
        env: { PIP_CACHE_DIR: `${cachePath}/pip` },
      });
    } catch (error) {
      if (!(error instanceof InstallFailure) || !/no such option: --report/.test(error.output)) throw error;
      throw new InstallFailure("the pip of this Python is older than 22.2 and cannot make a lock; install uv");
    }
  }
}

async function hasPip({ run, runtime, path }: PackageJob): Promise<boolean> {
  const args = ["-I", "-m", "pip", "--version"];
  const answer = await run({ name: "pip --version", program: runtime.program, args, cwd: path }).catch((error) => {
    if (error instanceof InstallFailure) return "";
    throw error;
  });
  const [, version] = PIP_VERSION_REGEXP.exec(answer) ?? [];
  return version !== undefined && isVersionWithin(version, OUTER_PIP);
}

/** What has an address pip builds without asking, all but wheels. */
function refuseSources({ packages, allow }: PackageJob): void {
  if (allow.direct !== true || allow.installScripts === true) return;
  const source = packages.find((word) => /[/\\]|git@/.test(word) && !WHEEL_ADDRESS_REGEXP.test(word));
  if (source === undefined) return;
  throw new InstallFailure(
    `"${source}" is no wheel: it runs code of its own at installation, which has to be granted (install_scripts)`,
  );
}

function sourceOptions({ isOffline, cachePath }: PackageJob): readonly string[] {
  return isOffline ? ["--no-index", "--find-links", `${cachePath}/${WHEELS}`] : [];
}

/** Code of packages that are built runs at installation. */
function buildOptions({ allow }: PackageJob): readonly string[] {
  return allow.installScripts === true ? [] : ["--only-binary", ":all:"];
}

async function keepDownloads({ folder, cache }: PackageJob): Promise<void> {
  for (const { path: file } of await folder.list(DOWNLOADS)) {
    const bytes = await folder.readBytes(`${DOWNLOADS}/${file}`);
    if (bytes !== undefined) await cache.writeAtomic(`${WHEELS}/${file}`, bytes);
  }
  await folder.remove(DOWNLOADS);
}

/** Makes a lock of what pip reports that it would install (format 1 of its installation report). */
function lockOfReport(text: string): string {
  const { install } = JSON.parse(text) as { readonly install: readonly unknown[] };
  const pins = install.map(pinOf);
  const areAllHashed = pins.every(({ hashes }) => hashes.length > 0);
  return pins.map(({ pin, hashes }) => [pin, ...(areAllHashed ? hashes : [])].join(" \\\n    ")).sort().join("\n");
}

function pinOf(item: unknown): { readonly pin: string; readonly hashes: readonly string[] } {
  const { metadata, download_info: source, is_direct: isDirect } = item as {
    readonly metadata: { readonly name: string; readonly version: string };
    readonly is_direct?: boolean;
    readonly download_info: {
      readonly url: string;
      readonly archive_info?: { readonly hash?: string; readonly hashes?: Readonly<Record<string, string>> };
      readonly vcs_info?: { readonly vcs: string; readonly commit_id: string };
    };
  };
  const { archive_info: archive, vcs_info: vcs, url } = source;
  const known = isObject(archive?.hashes) ? archive.hashes : Object.fromEntries([archive?.hash?.split("=") ?? []]);
  const hashes = known["sha256"] === undefined ? [] : [`--hash=sha256:${known["sha256"]}`];
  const address = vcs === undefined ? url : `${vcs.vcs}+${url}@${vcs.commit_id}`;
  return { pin: isDirect === true ? `${metadata.name} @ ${address}` : `${metadata.name}==${metadata.version}`, hashes };
}
