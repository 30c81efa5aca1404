/**
 * What JSON Schemas say of keys.
 *
 * @module
 */
import { isObject, type JsonSchema } from "../../../kernel/mod.ts";
import type { Path } from "../problems.ts";

/** A key that a schema does not name. */
export interface MissingKey {
  readonly key: string;
  /** The keys that it names. */
  readonly known: readonly string[];
  /** Whether there can be no others. */
  readonly isClosed: boolean;
}

/** Keywords by which a value may have keys that `properties` does not name. */
const OPENING: readonly string[] = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties"];

/** Follows keys through a schema, to the first one that it does not name; `undefined` where it names all, or leaves it open. */
export function missingKey(schema: JsonSchema, keys: Path): MissingKey | undefined {
  let at: unknown = schema;
  for (const key of keys) {
    if (!isObject(at) || hasOwnKeyword(at, OPENING)) return undefined;
    const { properties, additionalProperties: others, items } = at;
    if (typeof key === "number") at = items;
    else if (!isObject(properties) || Object.keys(properties).length === 0) return undefined;
    else if (Object.hasOwn(properties, key)) at = properties[key];
    else if (others !== undefined && others !== false) return undefined;
    else return { key, known: Object.keys(properties), isClosed: others === false };
  }
  return undefined;
}

/** Tells whether a keyword is anywhere in a schema. */
export function hasKeyword(schema: unknown, keywords: readonly string[]): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return hasOwnKeyword(schema, keywords) || Object.values(schema).some((it) => hasKeyword(it, keywords));
}

function hasOwnKeyword(schema: object, keywords: readonly string[]): boolean {
  return keywords.some((it) => Object.hasOwn(schema, it));
}
