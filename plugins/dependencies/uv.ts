/**
 * Packages of Python, by uv.
 *
 * @module
 */
import type { PackageJob } from "./installer.ts";
import type { PythonInstaller } from "./python_installer.ts";

/** Installs by uv. */
export class UvInstaller implements PythonInstaller {
  readonly #uv: string;

  /** @param uv Absolute path of uv. */
  constructor(uv: string) {
    this.#uv = uv;
  }

  async resolve(job: PackageJob): Promise<string> {
    await this.#run(job, "uv pip compile", [
      ...["pip", "compile", "--quiet", "--generate-hashes", "--universal", "--no-header", "--no-annotate"],
      // what was decided on before is no reason to decide on it again
      ...["--upgrade", ...buildOptions(job), "--python", job.runtime.program],
      ...["--output-file", "requirements.lock", "requirements.in"],
    ]);
    return await job.folder.readText("requirements.lock") ?? "";
  }

  async install(job: PackageJob, hasPackages: boolean): Promise<void> {
    await this.#run(job, "uv venv", [
      ...["venv", "--quiet", "--relocatable", "--no-project", "--python", job.runtime.program, "venv"],
    ]);
    if (!hasPackages) return;
    await this.#run(job, "uv pip sync", [
      ...["pip", "sync", "--compile-bytecode", ...buildOptions(job), "--python", "venv"],
      // a package of a repository has no hash; those that have one are checked either way
      ...(job.allow.direct === true ? ["--verify-hashes"] : ["--require-hashes"]),
      "requirements.lock",
    ]);
  }

  async #run({ run, path, folder, cachePath, isOffline }: PackageJob, name: string, args: string[]): Promise<void> {
    // uv looks for settings of a project in every folder above
    await folder.writeAtomic("uv.toml", "");
    await run({
      name,
      program: this.#uv,
      args: [...args, ...(isOffline ? ["--offline"] : [])],
      cwd: path,
      env: {
        UV_CACHE_DIR: `${cachePath}/uv`,
        // what one environment changes must not be changed in the others
        UV_LINK_MODE: "copy",
        UV_PYTHON_DOWNLOADS: "never",
      },
    });
  }
}

/** Code of packages that are built runs at installation. */
function buildOptions({ allow }: PackageJob): readonly string[] {
  return allow.installScripts === true ? [] : ["--no-build"];
}
