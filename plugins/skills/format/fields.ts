/**
 * Reads fields: from what YAML holds to what a field wants, with a finding where the two do not fit.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { Findings } from "./diagnostics.ts";
import { inQuotes } from "./quoting.ts";
import { mapToJson, type YamlMap, type YamlNode } from "./yaml_tree.ts";

/** A value and where it stands. */
export interface Field {
  /** How messages call it, such as `metadata.dcc-mcp.tags`. */
  readonly name: string;
  readonly value: YamlNode;
  /** Of its key. */
  readonly line: number | undefined;
  readonly findings: Findings;
}

/** Gives the field of a key; `undefined` when it is not there or says nothing. */
export function fieldOf(
  map: YamlMap,
  key: string,
  { prefix, findings }: { readonly prefix: string; readonly findings: Findings },
): Field | undefined {
  const entry = map.entries.get(key);
  if (entry === undefined || isNothing(entry.value)) return undefined;
  return { name: prefix + key, value: entry.value, line: entry.line, findings };
}

/** The fields of a mapping. Keys are known by one form, in which `inputSchema` and `input_schema` are `input-schema`. */
export class FieldMap {
  readonly #fields = new Map<string, Field>();

  private constructor(map: YamlMap, { name, findings }: Pick<Field, "name" | "findings">) {
    const prefix = name === "" ? "" : `${name}.`;
    for (const [key, { value, line }] of map.entries) {
      const known = hyphened(key);
      const field = { name: prefix + key, value, line, findings };
      const first = this.#fields.get(known);
      if (first === undefined) this.#fields.set(known, field);
      else shadow(field, first);
    }
  }

  /** Gives the fields of a field that is a mapping; that without a name is a whole file. */
  static of(field: Field): FieldMap | undefined {
    return field.value.kind === "map" ? new FieldMap(field.value, field) : undefined;
  }

  /** Gives the first field of these keys that is there and says something. */
  get(...keys: string[]): Field | undefined {
    return keys.map((key) => this.#fields.get(key)).find((field) => field !== undefined && !isNothing(field.value));
  }

  /** Tells whether there is a field, be it `null`. */
  has(key: string): boolean {
    return this.#fields.has(key);
  }

  /** Lists all fields by their keys. */
  [Symbol.iterator](): Iterator<[string, Field]> {
    return this.#fields.entries();
  }
}

/** Adds the finding that a field is not used, since another that says something else counts more. */
export function shadow({ name, value, line, findings }: Field, first: Field): void {
  if (isSame(value, first.value)) return;
  const message = `${inQuotes(name)} is not used, since ${inQuotes(first.name)} is there, which counts more`;
  findings.warning({ rule: "field-shadowed", message, line, remedy: "Keep one of them" });
}

/** Tells whether two values are one text, or lists of the same texts. */
function isSame(a: YamlNode, b: YamlNode): boolean {
  if (a.kind === "scalar") return b.kind === "scalar" && a.text === b.text;
  if (a.kind === "map" || b.kind !== "list" || a.items.length !== b.items.length) return false;
  return a.items.every((item, index) => item.kind === "scalar" && isSame(item, b.items[index]!));
}

/** Writes a key with hyphens: `inputSchema` and `input_schema` as `input-schema`. */
export function hyphened(key: string): string {
  return key.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Gives the items of a field that is a list. */
export function itemsOf(field: Field | undefined): Field[] {
  if (field === undefined) return [];
  if (field.value.kind !== "list") return refuse(field, "a list") ?? [];
  const { name, line, findings } = field;
  return field.value.items.map((value, index) => ({
    name: `${name}[${index}]`,
    value,
    line: value.line ?? line,
    findings,
  }));
}

/** Tells whether a value says nothing. */
export function isNothing(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** Gives the text of a field, as it is written. */
export function readText(field: Field | undefined): string | undefined {
  if (field === undefined) return undefined;
  if (field.value.kind === "scalar") return field.value.text;
  return refuse(field, "a text");
}

/** Gives the texts of a field that is a list, or a text with commas between them. */
export function readTexts(field: Field | undefined): string[] {
  if (field === undefined) return [];
  const { value } = field;
  if (value.kind === "scalar") return splitWords(value.text, ",");
  return itemsOf(field).filter((item) => !isNothing(item.value)).map(readText).filter((text) => text !== undefined);
}

/** Splits a text, and leaves out what is empty. */
export function splitWords(text: string, separator: string): string[] {
  return text.split(separator).map((word) => word.trim()).filter((word) => word !== "");
}

const YES: readonly string[] = ["true", "yes", "on", "1"];
const NO: readonly string[] = ["false", "no", "off", "0"];

/** Gives a field that is `true` or `false`, or a text that says so: `yes`, `no`, `on`, `off`, `1`, `0`. */
export function readFlag(field: Field | undefined): boolean | undefined {
  if (field === undefined) return undefined;
  const { value } = field;
  const text = value.kind === "scalar" ? value.text.trim().toLowerCase() : "";
  if (YES.includes(text)) return true;
  if (NO.includes(text)) return false;
  return refuse(field, "true or false");
}

const LARGEST_COUNT = 2 ** 32 - 1;

/** Gives a field that is a whole number from 0 on, of 32 bits. */
export function readCount(field: Field | undefined): number | undefined {
  if (field === undefined) return undefined;
  const { value } = field;
  const number = value.kind === "scalar" && value.text.trim() !== "" ? Number(value.text) : NaN;
  if (Number.isInteger(number) && number >= 0 && number <= LARGEST_COUNT) return number;
  return refuse(field, "a whole number from 0 on");
}

/** Gives a field that is a text of a few. */
export function readChoice<T extends string>(field: Field | undefined, choices: readonly T[]): T | undefined {
  const text = readText(field);
  if (field === undefined || text === undefined) return undefined;
  const wanted = text.trim().toLowerCase();
  return choices.find((it) => it === wanted) ?? refuse(field, choices.map((it) => `"${it}"`).join(" or "));
}

/** Gives a field that is a mapping, or the JSON text of an object. */
export function readObject(field: Field | undefined): JsonObject | undefined {
  if (field === undefined) return undefined;
  const { value } = field;
  if (value.kind === "map") return mapToJson(value);
  const json = value.kind === "scalar" ? parseJson(value.text) : undefined;
  return isObject(json) ? json : refuse(field, "a mapping, or the JSON text of an object");
}

/** Parses a JSON text; `undefined` when it is none. Keys `__proto__` are left out. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => key === "__proto__" ? undefined : value);
  } catch {
    return undefined;
  }
}

/** Gives a field that is a mapping. */
export function readMap(field: Field | undefined): YamlMap | undefined {
  if (field === undefined) return undefined;
  return field.value.kind === "map" ? field.value : refuse(field, "a mapping");
}

/** Adds the finding that a field is not what is wanted; it then counts as not there. */
export function refuse(field: Field, wanted: string): undefined {
  field.findings.warning({
    rule: "field-type",
    message: `${inQuotes(field.name)} is ${describe(field.value)}, and ${wanted} is wanted; it is not used`,
    line: field.line,
  });
  return undefined;
}

function describe(node: YamlNode): string {
  if (node.kind === "scalar") return node.value === null ? "nothing" : inQuotes(node.text);
  return node.kind === "list" ? "a list" : "a mapping";
}
