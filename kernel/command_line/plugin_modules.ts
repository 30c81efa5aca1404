/**
 * Imports the modules of plugins that a configuration names: by path or package from its folder, or else from ours.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LoadedModule } from "../config.ts";
import type { Environment } from "../contracts.ts";
import { KernelError, messageOf } from "../errors.ts";
import { codeOf } from "../platform/real_path.ts";
import { findPackage } from "./find_package.ts";
import { guardChildren } from "./stdout.ts";

/** Where modules are looked for. */
export interface ModuleSources {
  readonly environment: Pick<Environment, "runtime" | "home" | "expand">;
  /** Folder of the configuration. */
  readonly folder: string;
  /** URL of the program's main module. */
  readonly programUrl: string;
}

const PATH_REGEXP = /^(?:\.{1,2}[\\/]|~[\\/]|file:)/;
const SCHEME_REGEXP = /^[a-z][a-z0-9+.-]+:/i;
const TYPESCRIPT_REGEXP = /\.[cm]?tsx?$/;
/** What the runtimes say when they do not find a package. */
const PACKAGE_MISSING_REGEXP = /^(?:Import "|Cannot find package ')/;

/** Makes the function that imports the module of a specifier. */
export function createModuleLoader(sources: ModuleSources): (specifier: string) => Promise<LoadedModule> {
  return async (specifier) => {
    const url = await locate(specifier, sources);
    return await importModule(url, sources);
  };
}

async function locate(specifier: string, { environment, folder, programUrl }: ModuleSources): Promise<string> {
  if (PATH_REGEXP.test(specifier) || isAbsolute(specifier)) return await locateFile(specifier, { environment, folder });
  if (SCHEME_REGEXP.test(specifier)) {
    if (environment.runtime === "deno") return specifier;
    throw unloadable(specifier, `${environment.runtime} cannot import it`, "install the package, and give its name");
  }
  const programFolder = dirname(fileURLToPath(programUrl));
  const file = await findPackage(specifier, folder) ?? await findPackage(specifier, programFolder);
  if (file !== undefined) return pathToFileURL(file).href;
  // whoever knows the plugins that ship adds their names to this
  throw new Error(
    `no package "${specifier}" is in "${
      join(folder, "node_modules")
    }" or above; install it there, or begin a path with "./"`,
  );
}

async function locateFile(
  specifier: string,
  { environment, folder }: Pick<ModuleSources, "environment" | "folder">,
): Promise<string> {
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : specifier.startsWith(".")
    ? join(folder, specifier)
    : environment.expand(specifier);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return pathToFileURL(path).href;
  const reason = found === undefined ? `there is no file "${path}"` : `"${path}" is a folder`;
  throw unloadable(specifier, reason, "give the path of the plugin's module, relative to the configuration file");
}

async function importModule(url: string, { environment, programUrl }: ModuleSources): Promise<LoadedModule> {
  const cache = join(environment.home, "cache", "plugins");
  const importsPackages = environment.runtime !== "deno";
  const bundle = async () => {
    const { bundlePlugin } = await import("./bundle_plugin.ts");
    return await bundlePlugin(url, { cache, programUrl, importsPackages });
  };
  if (environment.runtime === "node" && url.startsWith("file:") && TYPESCRIPT_REGEXP.test(url)) {
    return await importDefault(await bundle());
  }
  try {
    return await importDefault(url);
  } catch (thrown) {
    // it may be one of ours, or one of the plugin's that Deno does not look for
    const isMissing = codeOf(thrown) === "ERR_MODULE_NOT_FOUND" && PACKAGE_MISSING_REGEXP.test(messageOf(thrown));
    if (!isMissing || !url.startsWith("file:")) throw thrown;
    return await importDefault(await bundle());
  }
}

async function importDefault(url: string): Promise<LoadedModule> {
  await guardChildren();
  const module: { default?: unknown } = await import(url);
  return { exported: module.default, url };
}

function unloadable(specifier: string, reason: string, fix: string): KernelError {
  return new KernelError("PLUGIN_UNLOADABLE", `Cannot load plugin "${specifier}": ${reason}`, { fix });
}
