/**
 * What the installers of all languages have in common: what they are given, and what they do with it.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import type { InstalledPackages, PackageAllowances, PackageSet } from "./contract.ts";
import type { RunCommand } from "./commands.ts";

/** An interpreter, as it was found. */
export interface Runtime {
  /** Absolute path. */
  readonly program: string;
  /** Such as `3.11.7`. */
  readonly version: string;
  /** Tells interpreters apart whose packages are not interchangeable. */
  readonly id: string;
  /** For people, such as `Python 3.11.7`. */
  readonly title: string;
}

/** A set of packages, ready to be installed. */
export interface PackageJob {
  /** Checked, sorted, each once. */
  readonly packages: readonly string[];
  /** Names of those that are left out where they do not fit the machine. */
  readonly optional: readonly string[];
  readonly allow: PackageAllowances;
  readonly runtime: Runtime;
  /** What becomes the installation; empty at first. */
  readonly folder: Folder;
  /** Absolute path of `folder`. */
  readonly path: string;
  /** What installers keep of their downloads. */
  readonly cache: Folder;
  /** Absolute path of `cache`. */
  readonly cachePath: string;
  /** Whether only what is in the cache may be installed. */
  readonly isOffline: boolean;
  readonly run: RunCommand;
}

/** Installs the packages of one language. */
export interface Installer {
  /** Name of the file that holds locks of this form, for errors. */
  readonly lockName: string;
  /**
   * Finds the interpreter that packages are installed for.
   *
   * @throws {ToolError} when there is none, or none that fits.
   */
  findRuntime(set: PackageSet): Promise<Runtime>;
  /**
   * Checks a lock that came from elsewhere, and gives it with nothing in it that points away from the registry.
   *
   * @throws {ToolError} when it is malformed or points elsewhere.
   */
  readLock(lock: string, set: Pick<PackageJob, "packages" | "allow">): string;
  /** Decides on versions, without installing anything. */
  resolve(job: PackageJob): Promise<string>;
  /** Installs what a lock says; without one there are no packages to install. */
  install(job: PackageJob, lock: string | undefined): Promise<void>;
  /** Says how scripts find what was installed in a folder. */
  describe(
    installation: { readonly path: string; readonly packages: readonly string[] },
  ): Pick<InstalledPackages, "interpreter" | "args" | "env">;
}

/** Most characters of a lock. */
export const LONGEST_LOCK = 4_000_000;
