/**
 * The configuration file `collet.json`: its shape, and the plugins that it chooses. Reading files and importing
 * modules is left to whoever knows the runtime.
 *
 * @module
 */
import { isObject, type JsonObject } from "./content.ts";
import { isKernelError, KernelError } from "./errors.ts";
import { findJsonError } from "./json_position.ts";
import { didYouMean } from "./near_names.ts";
import { isPlugin, type Plugin } from "./plugin.ts";
import { compileSchema, formatIssues, type JsonSchema } from "./schema.ts";

/** What `collet.json` says. */
export interface Config {
  /** Settings by key; absent keys are not decided. */
  readonly server: JsonObject;
  /** What tools made at run time may be granted at most. */
  readonly ceiling: JsonObject | undefined;
  /** Other MCP servers, in the form that clients share. */
  readonly mcpServers: JsonObject | undefined;
  /** Configuration of plugins by name, path or package; `false` leaves a plugin out. */
  readonly plugins: Readonly<Record<string, JsonObject | false>>;
}

/** The configuration without a file. */
export const NO_CONFIG: Config = Object.freeze({ server: {}, ceiling: undefined, mcpServers: undefined, plugins: {} });

const TEXTS = { type: "array", items: { type: "string" } };
const NUMBER = { type: "integer", minimum: 1 };

const GRANTS: JsonSchema = {
  type: "object",
  description: "The most that tools made at run time may be granted",
  properties: {
    network: {
      description: 'All of the network, none, or the listed "host:port" alone',
      anyOf: [{ type: "boolean" }, TEXTS],
    },
    read: { ...TEXTS, description: "Folders that may be read" },
    write: { ...TEXTS, description: "Folders that may be written" },
    env: { ...TEXTS, description: "Variables of the environment that may be passed" },
    secrets: { ...TEXTS, description: "Names of secrets that may be passed" },
    direct_dependencies: { type: "boolean", description: "Packages by an address or a path" },
    install_scripts: { type: "boolean", description: "Programs of packages that run when they are installed" },
    memory_mb: { ...NUMBER, description: "Memory, in MiB" },
    cpu_seconds: { ...NUMBER, description: "CPU time, in seconds" },
    timeout_ms: { ...NUMBER, description: "Time of one call, in milliseconds" },
    processes: { ...NUMBER, description: "Processes at one time" },
  },
  additionalProperties: false,
};

/** Makes the JSON Schema of `collet.json`, given those of its settings and of the plugins that it describes. */
export function configSchema(server: JsonSchema, plugins: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "collet.json",
    description: "Configuration of Collet",
    type: "object",
    properties: {
      $schema: { type: "string", description: "Where this schema is, for editors" },
      server,
      ceiling: GRANTS,
      mcpServers: {
        type: "object",
        description: "Other MCP servers, in the form that clients share",
        additionalProperties: { type: "object" },
      },
      plugins: {
        type: "object",
        description: 'Plugins by name, "./path" from this file, or package: their configuration, or false',
        properties: plugins,
        additionalProperties: { anyOf: [{ type: "object" }, { const: false }] },
      },
    },
    additionalProperties: false,
  };
}

/**
 * Reads the text of a configuration file.
 *
 * @param options `path` names the file in messages; `server` is the JSON Schema of its settings.
 * @throws {KernelError} `CONFIG_INVALID` with line and column, or with the path of each wrong value.
 */
export async function parseConfig(
  text: string,
  { path, server }: { readonly path: string; readonly server: JsonSchema },
): Promise<Config> {
  const what = `Cannot use configuration "${path}"`;
  // editors on Windows begin a file with a byte order mark
  const value = parseJson(text.replace(/^\uFEFF/, ""), what);
  const schema = compileSchema(configSchema(server), { what: `configuration "${path}"`, direction: "input" });
  const parsed = await schema.parse(value);
  if (!parsed.ok) {
    throw new KernelError("CONFIG_INVALID", `${what}: ${formatIssues(parsed.issues)}`, {
      fix: "correct the value at that path",
    });
  }
  const { server: settings = {}, ceiling, mcpServers, plugins = {} } = value as Partial<Config>;
  return { server: settings, ceiling, mcpServers, plugins };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const found = findJsonError(text);
    if (found === undefined) {
      throw new KernelError("CONFIG_INVALID", `${what}: it is not valid JSON`, { cause: thrown });
    }
    const { line, column, expected, found: token } = found;
    throw new KernelError(
      "CONFIG_INVALID",
      `${what}: line ${line}, column ${column}: expected ${expected}, found ${token}`,
      {
        fix: "correct the file; JSON has neither comments nor commas at the end of a list",
      },
    );
  }
}

/** A plugin to use, and its configuration. */
export interface PluginChoice {
  readonly plugin: Plugin;
  readonly config: JsonObject | undefined;
  /** URL of its module, when the configuration named it. */
  readonly url: string | undefined;
}

/** A module that the configuration named. */
export interface LoadedModule {
  /** Its default export. */
  readonly exported: unknown;
  readonly url: string;
}

/** What a configuration chooses from. */
export interface PluginSources {
  /** Plugins that are used unless the configuration says `false`. */
  readonly shipped: readonly Plugin[];
  /** Imports the module of a path or package. */
  load(specifier: string): Promise<LoadedModule>;
}

/**
 * Chooses plugins: the shipped ones that are not left out, then those that the configuration names.
 *
 * @throws {KernelError} `PLUGIN_UNLOADABLE` when a module cannot be imported, `PLUGIN_INVALID` when its default export
 * is no plugin, `PLUGIN_UNKNOWN` when a name to leave out is misspelt.
 */
export async function choosePlugins(
  plugins: Config["plugins"],
  { shipped, load }: PluginSources,
): Promise<readonly PluginChoice[]> {
  const names = shipped.map((plugin) => plugin.name);
  const choices: PluginChoice[] = [];
  for (const plugin of shipped) {
    const config = plugins[plugin.name];
    if (config !== false) choices.push({ plugin, config: configFor(plugin, config), url: undefined });
  }
  for (const [specifier, config] of Object.entries(plugins)) {
    if (names.includes(specifier)) continue;
    if (config === false) {
      assertNotMisspelt(specifier, names);
      continue;
    }
    const { exported, url } = await load(specifier).catch((thrown) => {
      throw unloadable(specifier, thrown, names);
    });
    if (!isPlugin(exported)) throw notAPlugin(specifier, exported);
    choices.push({ plugin: exported, config: configFor(exported, config), url });
  }
  return choices;
}

// a plugin without settings is named with an empty object
function configFor(plugin: Plugin, config: JsonObject | undefined): JsonObject | undefined {
  const isEmpty = config !== undefined && Object.keys(config).length === 0;
  return plugin.config === undefined && isEmpty ? undefined : config;
}

function assertNotMisspelt(name: string, names: readonly string[]): void {
  const near = didYouMean(name, names);
  if (near === "") return;
  throw new KernelError("PLUGIN_UNKNOWN", `Cannot leave out plugin "${name}": none of that name ships${near}`, {
    fix: "correct the name in the configuration",
  });
}

function unloadable(specifier: string, thrown: unknown, names: readonly string[]): KernelError {
  if (isKernelError(thrown)) return thrown;
  const near = didYouMean(specifier, names);
  return new KernelError(
    "PLUGIN_UNLOADABLE",
    `Cannot load plugin "${specifier}": its module cannot be imported${near}`,
    {
      cause: thrown,
      fix: "correct the plugin, or its name in the configuration",
    },
  );
}

function notAPlugin(specifier: string, exported: unknown): KernelError {
  return new KernelError(
    "PLUGIN_INVALID",
    `Cannot load plugin "${specifier}": its default export is ${describe(exported)}, not a plugin`,
    { fix: 'write "export default definePlugin({ name, version, setup })"' },
  );
}

function describe(exported: unknown): string {
  if (exported === undefined) return "absent";
  if (!isObject(exported)) {
    return exported === null ? "null" : Array.isArray(exported) ? "an array" : `a ${typeof exported}`;
  }
  const missing = ["name", "version", "setup"].filter((key) => exported[key] === undefined);
  return missing.length === 0 ? "an object with other types" : `an object without ${missing.join(", ")}`;
}
