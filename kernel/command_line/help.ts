/**
 * What `--help` prints.
 *
 * @module
 */
import type { ServerInfo } from "../transports/engine.ts";
import { flagOf, PLAIN_FLAGS, settingEntries, TOKEN_VARIABLE, variableOf } from "./settings.ts";
import type { VerbInfo } from "./verbs.ts";

/** Writes help: commands, flags, and where else settings come from. */
export function helpText({ name, version, description }: ServerInfo, verbs: readonly VerbInfo[]): string {
  const commands = verbs.map(({ name, usage, description }) => [[name, usage].filter(Boolean).join(" "), description]);
  const settings = settingEntries().map(([setting, { kind, short, description, default: value }]) => [
    flagText({ name: flagOf(setting), short, placeholder: kind.placeholder }),
    `${description.replaceAll("`", "")}${value === undefined || value === false ? "" : ` [${value}]`}`,
  ]);
  const plain = PLAIN_FLAGS.map((flag) => [
    flagText({ name: flag.name, short: flag.short, placeholder: flag.placeholder }),
    `${flag.description}${flag.default === undefined ? "" : ` [${flag.default}]`}`,
  ]);
  return [
    `${name} ${version}${description === undefined ? "" : `: ${description}`}`,
    "",
    `usage: ${name} [flags] [command]`,
    "",
    "commands",
    ...columns(commands),
    "",
    "flags",
    ...columns([...settings, ...plain]),
    "",
    `Each flag is a variable too, such as ${variableOf("logLevel")}, and a key of "server" in collet.json, such as`,
    `"log_level". A flag counts before a variable, a variable before the file. ${TOKEN_VARIABLE} holds the token of HTTP.`,
  ].join("\n");
}

function flagText({ name, short, placeholder }: {
  readonly name: string;
  readonly short: string | undefined;
  readonly placeholder: string | undefined;
}): string {
  return `${short === undefined ? "   " : `-${short},`} --${name}${placeholder === undefined ? "" : ` ${placeholder}`}`;
}

const WIDEST = 34;

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(WIDEST, Math.max(...rows.map(([left = ""]) => left.length)));
  return rows.flatMap(([left = "", right = ""]) =>
    left.length > width ? [`  ${left}`, `  ${" ".repeat(width)}  ${right}`] : [`  ${left.padEnd(width)}  ${right}`]
  );
}
