/**
 * Composes a kernel from what ships, what the configuration names, and what the operator decided.
 *
 * @module
 */
import { collectCommands, collectDiagnostics, type Collector, collectRoutes, type MountedApp } from "../collectors.ts";
import { choosePlugins, type Config, type LoadedModule, type PluginChoice } from "../config.ts";
import type { JsonObject } from "../content.ts";
import type { CommandVerb, Probe } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import { Kernel } from "../kernel.ts";
import type { Log, Plugin } from "../plugin.ts";
import type { Limits } from "./limits.ts";
import type { Program } from "./program.ts";
import { type Settings, settingsOfPlugin } from "./settings.ts";

/** What a kernel is composed from. */
export interface ComposeOptions {
  readonly settings: Settings;
  readonly config: Config;
  readonly platform: Plugin;
  readonly log: Log;
  readonly exposeErrors: boolean;
  /** Imports the module of a plugin that the configuration names. */
  load(specifier: string): Promise<LoadedModule>;
}

/** A kernel that is not started, and the collectors in it. */
export interface Composition {
  readonly kernel: Kernel;
  readonly commands: Collector<CommandVerb>;
  readonly probes: Collector<Probe>;
  readonly routes: Collector<MountedApp>;
  readonly choices: readonly PluginChoice[];
}

/**
 * Composes a kernel.
 *
 * @throws {KernelError} when a plugin cannot be loaded.
 */
export async function compose(program: Program, options: ComposeOptions): Promise<Composition> {
  const { shipped, exposure } = await program.plugins();
  const collectors = { commands: collectCommands(), probes: collectDiagnostics(), routes: collectRoutes() };
  const kernel = createKernel(options);
  kernel.use(options.platform);
  for (const { plugin } of Object.values(collectors)) kernel.use(plugin);
  const choices = await choosePlugins(options.config.plugins, { shipped, load: options.load });
  checkSandbox(options.settings, choices);
  for (const choice of choices) kernel.use(choice.plugin as Plugin<unknown>, configOf(choice, options));
  if (options.settings.expose === "start") kernel.use(exposure as Plugin<unknown>);
  return { kernel, ...collectors, choices };
}

/** Names the plugin that confines child processes. */
export const SANDBOX_PLUGIN = "sandbox";
/** Names the plugin that reads the ceiling of the configuration file. */
export const CEILING_PLUGIN = "grants";
/** Names the plugin that reaches the MCP servers of the configuration file. */
export const SERVERS_PLUGIN = "upstream";

/**
 * Gives the configuration of a plugin: what it says itself counts before the settings, the ceiling and the MCP servers,
 * which concern those that ship.
 */
function configOf(
  { plugin, config, url }: PluginChoice,
  { settings, config: { ceiling, mcpServers } }: ComposeOptions,
): JsonObject | undefined {
  if (url !== undefined) return config;
  const hasCeiling = plugin.name === CEILING_PLUGIN && ceiling !== undefined;
  const hasServers = plugin.name === SERVERS_PLUGIN && mcpServers !== undefined;
  const set = {
    ...settingsOfPlugin(plugin.name, settings),
    ...(hasCeiling && { ceiling }),
    ...(hasServers && { servers: mcpServers }),
  };
  return Object.keys(set).length === 0 ? config : { ...set, ...config };
}

/** Makes a kernel without plugins, with the limits of the settings. */
export function createKernel(options: Pick<ComposeOptions, "settings" | "log" | "exposeErrors">): Kernel {
  const { maxCalls, setupTimeoutMs, graceMs }: Limits = options.settings.limits;
  return new Kernel({ log: options.log, exposeErrors: options.exposeErrors, maxCalls, setupTimeoutMs, graceMs });
}

/**
 * Checks that who asks for a sandbox has the plugin for it.
 *
 * @throws {KernelError} `OPTION_INVALID` when it was left out.
 */
function checkSandbox({ sandbox }: Pick<Settings, "sandbox">, choices: readonly PluginChoice[]): void {
  if (sandbox === "auto" || sandbox === "off" || choices.some(({ plugin }) => plugin.name === SANDBOX_PLUGIN)) return;
  throw new KernelError(
    "OPTION_INVALID",
    `Cannot start: the sandbox is set to "${sandbox}", and the plugin "${SANDBOX_PLUGIN}" is left out`,
    { fix: "use the plugin again, or accept that child processes have all rights of this user with --sandbox off" },
  );
}
