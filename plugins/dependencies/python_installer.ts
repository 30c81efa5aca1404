/**
 * What the two programs that install packages of Python have in common.
 *
 * @module
 */
import type { PackageJob } from "./installer.ts";

/** Decides on versions and installs them, by one of two programs. */
export interface PythonInstaller {
  /** Writes `requirements.lock` into the folder of the job, and gives it. */
  resolve(job: PackageJob): Promise<string>;
  /** Makes the virtual environment, and installs what `requirements.lock` has. */
  install(job: PackageJob, hasPackages: boolean): Promise<void>;
}
