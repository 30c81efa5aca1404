/**
 * Reads the arguments of a skill's script: JSON on stdin, and `--key value` on the command line.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { isPlainObject } from "./plain.ts";

/** What a script was called with. */
export interface ScriptCall {
  readonly arguments: JsonObject;
  /** Id of the `execute` request that asked, where the script protocol is spoken. */
  readonly id?: unknown;
}

/**
 * Reads what came on stdin: an object of arguments, or an `execute` request of the script protocol.
 *
 * @param text All that came, or its first line.
 * @throws {TypeError} when it is no JSON object.
 */
export function parseInput(text: string): ScriptCall {
  if (text.trim() === "") return { arguments: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError("Cannot read the arguments from stdin: it holds no JSON");
  }
  if (!isPlainObject(value)) throw new TypeError("Cannot read the arguments from stdin: it holds no JSON object");
  if (value["jsonrpc"] !== "2.0" || value["method"] !== "execute") return { arguments: value };
  const params = value["params"];
  const given = isPlainObject(params) ? params["arguments"] ?? {} : {};
  if (!isPlainObject(given)) {
    throw new TypeError("Cannot read the arguments from stdin: those of the request are no object");
  }
  return { arguments: given, id: value["id"] };
}

/**
 * Reads the arguments of a command line: `--key value`, `--key=value`, or `--key` for true. A `-` in a key is `_`. A
 * value is what it is as JSON, else text.
 *
 * @param words The words of the command line.
 * @param given Arguments that are known already: who runs a skill's script says its scalars twice.
 * @returns the arguments given, and what the command line adds to them.
 * @throws {TypeError} when a word belongs to no key.
 */
export function addArguments(words: readonly string[], given: JsonObject): JsonObject {
  const known = new Set(Object.keys(given).map(toName));
  const added: [string, unknown][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("--") || word === "--") {
      throw new TypeError(`Cannot read the arguments: "${word}" belongs to no key; write --key value`);
    }
    const [, key = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
    const name = toName(key);
    const next = words[i + 1];
    // a value that is known may begin with --, so that it cannot be told from a key
    const takesNext = value === undefined && next !== undefined && (known.has(name) || !next.startsWith("--"));
    if (takesNext) i++;
    if (!known.has(name)) added.push([name, parseValue(value ?? (takesNext ? next : "true"))]);
  }
  return { ...Object.fromEntries(added), ...given };
}

function toName(key: string): string {
  return key.replaceAll("-", "_");
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
