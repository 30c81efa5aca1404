/**
 * Composes a kernel on a machine: with its files, processes, variables, and plugins from its disk.
 *
 * @module
 */
import { createLog, type LogThreshold, type NamedLog } from "../log.ts";
import { detectPlatform } from "../platform/mod.ts";
import { compose, type Composition } from "./compose.ts";
import { logFailures, type PluginPlace } from "./failures.ts";
import type { Program } from "./program.ts";
import type { Setup } from "./setup.ts";

/** What a kernel on a machine is composed from. */
export interface LocalOptions {
  readonly program: Program;
  readonly setup: Setup;
  readonly log: NamedLog;
  /** Whether clients see the message of an unexpected error. */
  readonly exposeErrors: boolean;
}

/** Makes the log that the settings ask for. */
export function logFor({ settings }: Pick<Setup, "settings">, level: LogThreshold): NamedLog {
  return createLog({ level: settings.logLevel ?? level, json: settings.json });
}

/**
 * Composes the kernel, and from now on logs failures that nobody awaits.
 *
 * @throws {KernelError} when a plugin cannot be loaded.
 */
export async function composeFor({ program, setup, log, exposeErrors }: LocalOptions): Promise<Composition> {
  const { environment, settings, config, configFolder: folder } = setup;
  const places: PluginPlace[] = [];
  logFailures(log, places);
  const composition = await compose(program, {
    settings,
    config,
    log,
    platform: await detectPlatform({ home: environment.home }),
    exposeErrors,
    async load(specifier) {
      const { createModuleLoader } = await import("./plugin_modules.ts");
      return await createModuleLoader({ environment, folder, programUrl: program.url })(specifier);
    },
  });
  for (const { plugin: { name }, url } of composition.choices) {
    places.push({ name, mark: url?.split("?")[0] ?? `/plugins/${name}/` });
  }
  return composition;
}
