/**
 * Reads what the operator decided: flags, variables and the configuration file.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { type Config, NO_CONFIG, parseConfig } from "../config.ts";
import type { Environment } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import { detectEnvironment } from "../platform/mod.ts";
import { isAbsent } from "../platform/real_path.ts";
import type { Arguments } from "./arguments.ts";
import { resolveSettings, serverSchema, type Settings, settingVariables } from "./settings.ts";

/** What the operator decided, and where the program runs. */
export interface Setup {
  readonly environment: Environment;
  readonly settings: Settings;
  readonly config: Config;
  /** The configuration file; `undefined` when there is none. */
  readonly configPath: string | undefined;
  /** Folder from which the configuration names plugins. */
  readonly configFolder: string;
}

/**
 * Reads the configuration and resolves the settings. Settings become variables of this process as well, the form in
 * which plugins can read them.
 *
 * @throws {KernelError} `CONFIG_UNREADABLE`, `CONFIG_INVALID` or `OPTION_INVALID`.
 */
export async function readSetup(args: Pick<Arguments, "settings" | "home" | "config">): Promise<Setup> {
  const environment = await detectEnvironment(args.home === undefined ? {} : { home: args.home });
  const named = args.config ?? (environment.variable("COLLET_CONFIG") || undefined);
  const path = named === undefined ? join(environment.home, "collet.json") : environment.expand(named);
  const text = await readConfigFile(path, named !== undefined);
  const config = text === undefined ? NO_CONFIG : await parseConfig(text, { path, server: serverSchema() });
  const configFolder = dirname(path);
  const settings = resolveSettings({
    flags: args.settings,
    variable: environment.variable,
    file: config.server,
    expand: environment.expand,
    expandFromFile: (it) => isAbsolute(it) || it.startsWith("~") ? environment.expand(it) : join(configFolder, it),
  });
  Object.assign(process.env, settingVariables(settings), { COLLET_HOME: environment.home });
  return { environment, settings, config, configPath: text === undefined ? undefined : path, configFolder };
}

async function readConfigFile(path: string, isNamed: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (isAbsent(thrown) && !isNamed) return undefined;
    throw new KernelError("CONFIG_UNREADABLE", `Cannot read configuration "${path}"`, {
      cause: thrown,
      fix: isNamed ? "correct --config or COLLET_CONFIG" : "make the file readable",
    });
  }
}
