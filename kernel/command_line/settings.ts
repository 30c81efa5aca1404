/**
 * The settings of the program, in one table: each is a flag, a variable and a key of `server` in `collet.json`, and
 * the first of them that is given counts, before the default.
 *
 * @module
 */
import { isObject, type JsonObject } from "../content.ts";
import { KernelError } from "../errors.ts";
import { LOG_THRESHOLDS, type LogThreshold } from "../log.ts";
import { didYouMean } from "../near_names.ts";
import type { JsonSchema } from "../schema.ts";
import { type Kind, listOf, numberFrom, oneOf, path, switched, text } from "./kinds.ts";
import { type Limits, limitsFrom, limitsSchema } from "./limits.ts";

/** What the operator decided. */
export interface Settings {
  readonly transport: "stdio" | "http";
  /** 0 stands for any free port. */
  readonly port: number;
  readonly host: string;
  /** File that holds the bearer token of HTTP. */
  readonly tokenFile: string | undefined;
  readonly noToken: boolean;
  readonly allowedHosts: readonly string[] | undefined;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly sandbox: "auto" | "off" | "required" | "bubblewrap" | "firejail" | "nsjail" | "deno";
  readonly sandboxNetwork: boolean;
  readonly hotReload: boolean;
  readonly expose: "all" | "start";
  readonly stubs: boolean;
  readonly app: string | undefined;
  readonly offline: boolean;
  /** `undefined` leaves it to the command. */
  readonly logLevel: LogThreshold | undefined;
  readonly json: boolean;
  readonly limits: Limits;
}

/** A row of the table. */
export interface Setting<T = unknown> {
  readonly kind: Kind<T>;
  readonly default: T;
  /** One letter, such as `p` for `-p`. */
  readonly short?: string;
  /** Variables of other systems that mean the same. */
  readonly aliases?: readonly string[];
  /** Names the plugin whose configuration has the setting, under the same key. */
  readonly plugin?: string;
  readonly description: string;
}

/** Names of the settings that are flags. */
export type SettingName = Exclude<keyof Settings, "limits">;

/** All settings but the limits. */
export const SETTINGS: { readonly [K in SettingName]: Setting<Settings[K]> } = {
  transport: {
    kind: oneOf(["stdio", "http"], { sse: "http" }),
    default: "stdio",
    short: "t",
    description: "How clients connect; `sse` is `http`, which serves the older transport too",
  },
  port: {
    kind: numberFrom(0, 65_535),
    default: 8080,
    short: "p",
    description: "Port of HTTP; 0 takes any free one",
  },
  host: { kind: text("HOST"), default: "127.0.0.1", description: "Address to listen on" },
  tokenFile: {
    kind: path("FILE"),
    default: undefined,
    description: "Reads the token of HTTP from this file; the variable `COLLET_TOKEN` holds the token itself",
  },
  noToken: { kind: switched(), default: false, description: "Serves HTTP without a token; on a loopback address only" },
  allowedHosts: {
    kind: listOf("HOSTS"),
    default: undefined,
    description: "Host names that requests may address; `*` is any, as it is when `host` is not a loopback address",
  },
  allowedOrigins: {
    kind: listOf("ORIGINS"),
    default: undefined,
    description: "Origins of web pages that may ask; pages of this machine always may",
  },
  sandbox: {
    kind: oneOf(["auto", "off", "required", "bubblewrap", "firejail", "nsjail", "deno"], { bwrap: "bubblewrap" }),
    default: "auto",
    aliases: ["SKILLZ_SANDBOX"],
    plugin: "sandbox",
    description: "Isolation of child processes: the strongest that works, none, or the one that is named",
  },
  sandboxNetwork: {
    kind: switched({ isStrict: true }),
    default: false,
    aliases: ["SKILLZ_SANDBOX_NETWORK"],
    plugin: "sandbox",
    description: "Gives scripts in the sandbox the network when they say nothing of it",
  },
  hotReload: {
    kind: switched(),
    default: false,
    plugin: "library",
    description: "Takes changes of the tools folder over while running",
  },
  expose: {
    kind: oneOf(["all", "start"]),
    default: "start",
    description: "Which tools are listed: a small set to start with, those made at run time and those of active " +
      "skills, or all",
  },
  stubs: {
    kind: switched(),
    default: false,
    plugin: "skills",
    description: "Lists a tool `__skill__NAME` for each skill that is not loaded",
  },
  app: {
    kind: text("NAME"),
    default: undefined,
    plugin: "skills",
    description: "Names the application that skills are for",
  },
  offline: {
    kind: switched(),
    default: false,
    plugin: "dependencies",
    description: "Tells plugins not to use the network",
  },
  logLevel: {
    kind: oneOf(LOG_THRESHOLDS),
    default: undefined,
    description: "Least severe log lines that are written; `info` for `serve`, `warn` for other commands",
  },
  json: { kind: switched(), default: false, description: "Writes JSON: the output of commands, and log lines" },
};

/** What a flag outside the settings looks like in help and in the table. */
export interface PlainFlag {
  readonly name: string;
  readonly short?: string;
  /** Absent for a flag without a value. */
  readonly placeholder?: string;
  readonly variable?: string;
  readonly default?: string;
  readonly description: string;
}

/** Flags that say where to look before there are settings, or ask for something else than work. */
export const PLAIN_FLAGS: readonly PlainFlag[] = [
  {
    name: "home",
    placeholder: "FOLDER",
    variable: "COLLET_HOME",
    default: "~/.collet",
    description: "Folder for tools, state and configuration",
  },
  {
    name: "config",
    placeholder: "FILE",
    variable: "COLLET_CONFIG",
    default: "collet.json in the home",
    description: "Configuration file",
  },
  { name: "version", short: "V", description: "Prints the version" },
  { name: "help", short: "h", description: "Prints this" },
];

/** The variable that holds the token itself; there is no flag for it, since flags are seen by every user. */
export const TOKEN_VARIABLE = "COLLET_TOKEN";

/** Gives the key of a setting in `collet.json`. */
export function keyOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Gives the flag of a setting, without its dashes. */
export function flagOf(name: string): string {
  return keyOf(name).replaceAll("_", "-");
}

/** Gives the variable of a setting. */
export function variableOf(name: string): string {
  return `COLLET_${keyOf(name).toUpperCase()}`;
}

/** Gives the JSON Schema of `server` in `collet.json`. */
export function serverSchema(): JsonSchema {
  const properties = settingEntries().map(([name, { kind, default: value, description }]) => [
    keyOf(name),
    { ...kind.schema, description: plainText(description), ...(value !== undefined && { default: value }) },
  ]);
  return {
    type: "object",
    description: "Settings; each is a flag and a variable too",
    properties: { ...Object.fromEntries(properties), limits: limitsSchema() },
    additionalProperties: false,
  };
}

/** Where settings come from. */
export interface Sources {
  /** Values of flags as they were written, by name of the setting. */
  readonly flags: ReadonlyMap<string, string>;
  variable(name: string): string | undefined;
  /** `server` of the configuration file, already checked. */
  readonly file: JsonObject;
  /** Makes a path of flags and variables absolute. */
  expand(path: string): string;
  /** Makes a path of the file absolute. */
  expandFromFile(path: string): string;
}

/**
 * Resolves the settings: flag, then variable, then file, then default.
 *
 * @throws {KernelError} `OPTION_INVALID` for a value that does not fit, naming the flag or variable.
 */
export function resolveSettings(sources: Sources): Settings {
  const resolved = settingEntries().map((
    [name, setting],
  ) => [name, resolve(name, setting, sources) ?? setting.default]);
  const limits = sources.file["limits"];
  return {
    ...Object.fromEntries(resolved) as Omit<Settings, "limits">,
    limits: limitsFrom(isObject(limits) ? limits : {}),
  };
}

/** Lists settings that differ from their defaults as variables, the form in which plugins can read them. */
export function settingVariables(settings: Settings): Readonly<Record<string, string>> {
  const changed = settingEntries().filter(([name, setting]) => settings[name] !== setting.default);
  return Object.fromEntries(changed.map(([name]) => [variableOf(name), String(settings[name])]));
}

/** Gives the fields of a plugin's configuration that settings change from their defaults. */
export function settingsOfPlugin(plugin: string, settings: Settings): JsonObject {
  const changed = settingEntries().filter(([name, setting]) =>
    setting.plugin === plugin && settings[name] !== setting.default
  );
  return Object.fromEntries(changed.map(([name]) => [keyOf(name), settings[name]]));
}

/** Writes the table of settings as Markdown. */
export function settingsTable(): string {
  const rows = settingEntries().map(([name, setting]) => {
    const variables = [variableOf(name), ...setting.aliases ?? []];
    return [
      flagCell({ name: flagOf(name), short: setting.short, placeholder: setting.kind.placeholder }),
      variables.map(code).join(", "),
      code(keyOf(name)),
      setting.default === undefined ? "" : code(String(setting.default)),
      setting.description,
    ];
  });
  const plain = PLAIN_FLAGS.map((flag) => [
    flagCell(flag),
    flag.variable === undefined ? "" : code(flag.variable),
    "",
    flag.default ?? "",
    flag.description,
  ]);
  return markdownTable(["Flag", "Variable", "Key of `server`", "Default", "Meaning"], [...rows, ...plain]);
}

/** Gives the rows of the table, as help and parsing need them. */
export function settingEntries(): readonly (readonly [SettingName, Setting])[] {
  return Object.entries(SETTINGS) as unknown as readonly (readonly [SettingName, Setting])[];
}

function resolve(name: SettingName, setting: Setting, sources: Sources): unknown {
  const flag = sources.flags.get(name);
  if (flag !== undefined) return parse(`--${flagOf(name)}`, { setting, text: flag, expand: sources.expand });
  for (const variable of [variableOf(name), ...setting.aliases ?? []]) {
    const found = sources.variable(variable);
    // an empty variable is one that was not set
    if (found) return parse(variable, { setting, text: found, expand: sources.expand });
  }
  const value = sources.file[keyOf(name)];
  if (value === undefined) return undefined;
  return typeof value === "string"
    ? parse(`server.${keyOf(name)}`, { setting, text: value, expand: sources.expandFromFile })
    : value;
}

function parse(
  what: string,
  { setting, text, expand }: { readonly setting: Setting; readonly text: string; expand(path: string): string },
): unknown {
  const { kind } = setting;
  const value = kind.parse(text, expand);
  if (value !== undefined) return value;
  const near = kind.choices === undefined ? "" : didYouMean(text, kind.choices);
  throw new KernelError(
    "OPTION_INVALID",
    `Cannot use ${what} ${JSON.stringify(text)}: expected ${kind.expected}${near}`,
    {
      fix: `correct ${what}, or leave it out`,
    },
  );
}

function flagCell({ name, short, placeholder }: Pick<PlainFlag, "name"> & {
  readonly short?: string | undefined;
  readonly placeholder?: string | undefined;
}): string {
  const flag = code(placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`);
  return short === undefined ? flag : `${flag}, ${code(`-${short}`)}`;
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function plainText(markdown: string): string {
  return markdown.replaceAll("`", "");
}

/** Writes a Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
