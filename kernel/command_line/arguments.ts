/**
 * Reads the words of a command line: flags, the verb, and what the verb is given.
 *
 * @module
 */
import { KernelError } from "../errors.ts";
import { didYouMean } from "../near_names.ts";
import { flagOf, PLAIN_FLAGS, settingEntries, type SettingName } from "./settings.ts";

/** What a command line says. */
export interface Arguments {
  /** Values of settings as they were written. */
  readonly settings: ReadonlyMap<SettingName, string>;
  readonly home: string | undefined;
  readonly config: string | undefined;
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
  /** The first word that is no flag. */
  readonly verb: string | undefined;
  /** The words after the verb; flags that are not ours are among them when the verb is one of a plugin. */
  readonly args: readonly string[];
}

/** A flag: what it is kept as, and whether a value follows it. */
interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
}

/** Flags by how they are written. */
function flagTable(): ReadonlyMap<string, Flag> {
  const table = new Map<string, Flag>();
  for (const [name, { kind, short }] of settingEntries()) {
    const flag = { name, takesValue: kind.placeholder !== undefined };
    table.set(`--${flagOf(name)}`, flag);
    if (short !== undefined) table.set(`-${short}`, flag);
  }
  for (const { name, short, placeholder } of PLAIN_FLAGS) {
    const flag = { name, takesValue: placeholder !== undefined };
    table.set(`--${name}`, flag);
    if (short !== undefined) table.set(`-${short}`, flag);
  }
  return table;
}

/**
 * Reads the words after the program's name. Flags stand anywhere; after `--` every word is the verb's.
 *
 * @param ownVerbs Verbs whose flags are all known here; other verbs, those of plugins, may have flags of their own.
 * @throws {KernelError} `OPTION_INVALID` for an unknown flag, one without its value, or one that is given twice.
 */
export function parseArguments(words: readonly string[], ownVerbs: readonly string[]): Arguments {
  const table = flagTable();
  const flags = new Map<string, string>();
  const args: string[] = [];
  let verb: string | undefined;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      args.push(...rest.splice(0));
    } else if (!isFlag(word)) {
      if (verb === undefined) verb = word;
      else args.push(word);
    } else {
      const { written, value } = splitFlag(word, table);
      const flag = table.get(written);
      if (flag !== undefined) {
        if (flags.has(flag.name)) throw invalid(`Cannot use ${written} twice`, "give it once");
        flags.set(flag.name, readValue(flag, { written, value, rest }));
      } else if (verb !== undefined && !ownVerbs.includes(verb)) {
        args.push(word);
      } else {
        throw unknownFlag(written, table);
      }
    }
  }
  return {
    settings: new Map([...flags].filter(([name]) => settingEntries().some(([it]) => it === name))) as Map<
      SettingName,
      string
    >,
    home: flags.get("home"),
    config: flags.get("config"),
    wantsHelp: flags.get("help") === "true",
    wantsVersion: flags.get("version") === "true",
    verb,
    args,
  };
}

// a lone "-" stands for stdin
function isFlag(word: string): boolean {
  return word.startsWith("-") && word.length > 1;
}

function splitFlag(
  word: string,
  table: ReadonlyMap<string, Flag>,
): { readonly written: string; readonly value: string | undefined } {
  const equals = word.indexOf("=");
  if (equals >= 0) return { written: word.slice(0, equals), value: word.slice(equals + 1) };
  const short = word.slice(0, 2);
  const isJoined = !word.startsWith("--") && word.length > 2 && table.get(short)?.takesValue === true;
  return isJoined ? { written: short, value: word.slice(2) } : { written: word, value: undefined };
}

function readValue(
  { takesValue }: Flag,
  { written, value, rest }: { readonly written: string; readonly value: string | undefined; readonly rest: string[] },
): string {
  if (value !== undefined) return value;
  if (!takesValue) return "true";
  const next = rest[0];
  if (next === undefined || isFlag(next)) {
    throw invalid(`Cannot use ${written}: it needs a value`, `write "${written} VALUE" or "${written}=VALUE"`);
  }
  return rest.shift()!;
}

/** Makes the error for a flag that does not exist. */
export function unknownFlag(written: string, known: { keys(): Iterable<string> } = flagTable()): KernelError {
  return invalid(`Cannot use flag "${written}": there is none of that name${didYouMean(written, known.keys())}`);
}

function invalid(message: string, fix = "see --help for what there is"): KernelError {
  return new KernelError("OPTION_INVALID", message, { fix });
}
