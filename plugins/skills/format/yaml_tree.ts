/**
 * What a YAML text says, each value with its line and, for scalars, both as text and as YAML 1.2 types it: the reader of a
 * field takes the one that the field wants, so that a version `1.0` stays "1.0" and a default `1.0` is a number.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";

/** A scalar. */
export interface YamlScalar {
  readonly kind: "scalar";
  /** As it is written, quotes and escapes resolved. */
  readonly text: string;
  /** As the core schema of YAML 1.2 types it; what JSON has no number for is text. */
  readonly value: string | number | boolean | null;
  readonly line: number | undefined;
}

/** A sequence. */
export interface YamlList {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
  readonly line: number | undefined;
}

/** A mapping; keys are as they are written, in order, and none is `__proto__`. */
export interface YamlMap {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, YamlEntry>;
  readonly line: number | undefined;
}

/** One key of a mapping and its value. */
export interface YamlEntry {
  /** Line of the key. */
  readonly line: number | undefined;
  readonly value: YamlNode;
}

/** A value in a YAML text. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

/** How a YAML text is written where Agent Skills' reference parser takes less than YAML allows. */
export interface YamlOddity {
  readonly kind: "flow" | "anchor" | "alias" | "tag" | "directive" | "tab";
  readonly line: number;
}

/** Something that is wrong in a YAML text. */
export interface YamlProblem {
  readonly rule: string;
  readonly message: string;
  readonly line: number | undefined;
  readonly remedy?: string;
}

/** What was read of a YAML text. */
export interface YamlDocument {
  /** Absent when the text cannot be read at all. */
  readonly root: YamlNode | undefined;
  /** Why it cannot be read, or what of it is lost. */
  readonly problems: readonly YamlProblem[];
  readonly oddities: readonly YamlOddity[];
}

/** How deep values may be nested. */
export const DEEPEST = 64;

/** Gives a value as JSON, typed as the core schema types it. */
export function toJson(node: YamlNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toJson);
    case "map":
      return mapToJson(node);
  }
}

/** Gives a mapping as JSON, typed as the core schema types it. */
export function mapToJson(map: YamlMap): JsonObject {
  const json: Record<string, unknown> = {};
  for (const [key, { value }] of map.entries) json[key] = toJson(value);
  return json;
}

const INTEGER_REGEXP = /^[-+]?[0-9]+$/;
const FLOAT_REGEXP = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const OCTAL_REGEXP = /^0o[0-7]+$/;
const HEXADECIMAL_REGEXP = /^0x[0-9a-fA-F]+$/;

/**
 * Types a plain scalar. Source: YAML 1.2.2, section 10.3.2 (core schema).
 *
 * @param text Without the space around it.
 */
export function typePlain(text: string): YamlScalar["value"] {
  switch (text) {
    case "":
    case "~":
    case "null":
    case "Null":
    case "NULL":
      return null;
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
  }
  // letters begin no number
  if (text.charCodeAt(0) > 0x39) return text;
  if (INTEGER_REGEXP.test(text)) return finiteOr(text, Number.parseInt(text, 10));
  if (FLOAT_REGEXP.test(text)) return finiteOr(text, Number.parseFloat(text));
  if (OCTAL_REGEXP.test(text)) return finiteOr(text, Number.parseInt(text.slice(2), 8));
  if (HEXADECIMAL_REGEXP.test(text)) return finiteOr(text, Number.parseInt(text, 16));
  return text;
}

/** Gives a number, or its text where JSON has none for it. */
export function finiteOr(text: string, value: number): number | string {
  return Number.isFinite(value) ? value : text;
}

/** Gives a JSON value as YAML holds it; `undefined` when it is nested too deep. */
export function nodeOfJson(json: unknown, depth: number = 0): YamlNode | undefined {
  if (depth > DEEPEST) return undefined;
  const line = undefined;
  if (typeof json !== "object" || json === null) {
    const value = json as string | number | boolean | null;
    return { kind: "scalar", text: value === null ? "" : String(value), value, line };
  }
  if (Array.isArray(json)) {
    const items = json.map((item) => nodeOfJson(item, depth + 1));
    return items.includes(undefined) ? undefined : { kind: "list", items: items as YamlNode[], line };
  }
  const entries = new Map<string, YamlEntry>();
  for (const [key, item] of Object.entries(json)) {
    const value = nodeOfJson(item, depth + 1);
    if (value === undefined) return undefined;
    entries.set(key, { line, value });
  }
  return { kind: "map", entries, line };
}
