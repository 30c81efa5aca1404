/**
 * What installers see in the sandbox: the folder that they install into, their cache, and settings of the operator.
 *
 * @module
 */
import type { Environment, Files } from "../../kernel/mod.ts";
import { type Confined, isThere, type Mount, type Sandbox, variablesInside, wordInside } from "../sandbox/contract.ts";
import type { InstallerCommand } from "./commands.ts";
import type { PackageLanguage } from "./contract.ts";
import { TEMPORARY } from "./environments.ts";
import type { PackageJob } from "./installer.ts";

/** Where installers find what is theirs, if mounts can be moved; scripts find it at the same place. */
const PACKAGES_INSIDE = "/packages";
const CACHE_INSIDE = "/cache";
const SETTINGS_INSIDE = "/settings";

/** Settings of the machine. */
const SYSTEM_SETTINGS: readonly string[] = ["/etc/pip.conf", "/etc/uv", "/etc/npmrc", "/usr/etc/npmrc", "/etc/gemrc"];
/** Settings in the home of the user, each by the variable that names another file for it. */
const USER_SETTINGS: Readonly<Record<PackageLanguage, Readonly<Record<string, readonly string[]>>>> = {
  python: {
    PIP_CONFIG_FILE: [".config/pip/pip.conf", ".pip/pip.conf"],
    UV_CONFIG_FILE: [".config/uv/uv.toml"],
    NETRC: [".netrc"],
  },
  node: { NPM_CONFIG_USERCONFIG: [".npmrc"] },
  deno: { NPM_CONFIG_USERCONFIG: [".npmrc"] },
  ruby: { GEMRC: [".gemrc"] },
};

/** Variables that list folders of settings, of which installers see their own. */
const SETTINGS_FOLDERS: ReadonlySet<string> = new Set(["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"]);
const OWN_SETTINGS: readonly string[] = ["pip/pip.conf", "uv/uv.toml"];
const PACKAGE_PATH_REGEXP = /(?:^|@)\s*((?:git\+)?file:(?:\/\/(?:localhost)?)?)?(\/[^;#]*)/;

/** What installers are confined with. */
export interface SurroundingsOptions {
  readonly sandbox: Sandbox;
  readonly files: Files;
  readonly environment: Pick<Environment, "userHome">;
  readonly language: PackageLanguage;
  readonly job: Omit<PackageJob, "run">;
  /** Variables that they get; what is a path in them is seen. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A step, ready to be started. */
export interface ConfinedStep {
  readonly confined: Confined;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Readies the steps of one installation. */
export async function surroundingsOf(
  { sandbox, files, environment, language, job, variables }: SurroundingsOptions,
): Promise<(step: InstallerCommand) => Promise<ConfinedStep>> {
  const settings: Record<string, string> = {};
  for (const [name, places] of Object.entries(await sandbox.mechanism() === undefined ? {} : USER_SETTINGS[language])) {
    if (variables[name] !== undefined) continue;
    for (const place of places) {
      const path = `${environment.userHome}/${place}`;
      if (await isThere(files, path)) settings[name] ??= path;
    }
  }
  await job.folder.makeFolder(TEMPORARY);
  const seen = [...SYSTEM_SETTINGS, ...Object.entries(variables).flatMap(pathsNamed)];
  const packages = job.packages.map(pathOfPackage).filter((path) => path !== undefined);
  const mounts: Mount[] = [
    { from: job.path, to: PACKAGES_INSIDE, writable: true },
    { from: job.cachePath, to: CACHE_INSIDE, writable: true },
    ...Object.values(settings).map((from) => ({
      from,
      to: `${SETTINGS_INSIDE}/${from.slice(from.lastIndexOf("/") + 1)}`,
    })),
  ];
  for (const from of new Set(seen)) if (await isThere(files, from)) mounts.push({ from });
  // what is built is built where it lies
  const writable = job.allow.installScripts === true;
  for (const from of new Set(packages)) if (await isThere(files, from)) mounts.push({ from, writable });
  return async ({ program, args, cwd, env }) => {
    const programs = [job.runtime.program, program];
    const confined = await sandbox.confine({ network: !job.isOffline, mounts, programs });
    return {
      confined,
      program: confined.path(program),
      args: args.map((word) => wordInside(word, confined)),
      cwd: confined.path(cwd),
      env: variablesInside({ TMPDIR: `${job.path}/${TEMPORARY}`, ...variables, ...settings, ...env }, confined),
    };
  };
}

/** Lists the paths that a variable names, be it as a list or an address. */
function pathsNamed([name, value]: readonly [string, string]): readonly string[] {
  const paths = SETTINGS_FOLDERS.has(name)
    ? value.split(":").flatMap((folder) => OWN_SETTINGS.map((place) => `${folder}/${place}`))
    : value.split(/[\s,]+/).map((it) => it.replace(/^file:\/\//, ""));
  return paths.filter((it) => it.startsWith("/"));
}

/** Gives the path by which a package is named, if it is; `sourced @ file:///a%20b` names `/a b`. */
function pathOfPackage(word: string): string | undefined {
  const [, address, path] = PACKAGE_PATH_REGEXP.exec(word) ?? [];
  if (path === undefined || address === undefined) return path?.trim();
  try {
    return decodeURIComponent(path.trim());
  } catch {
    return undefined;
  }
}
