/**
 * Reads the fields of what `toJSON()` once gave, and compares such values.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";

/** Gives a field that is a text, else the other text. */
export function textField(json: JsonObject, key: string, otherwise = ""): string {
  const value = json[key];
  return typeof value === "string" ? value : otherwise;
}

/** Gives the texts of a field that is a list. */
export function textsField(json: JsonObject, key: string): string[] {
  return listField(json, key).filter((it) => typeof it === "string");
}

/** Gives the items of a field that is a list. */
export function listField(json: JsonObject, key: string): readonly unknown[] {
  const value = json[key];
  return Array.isArray(value) ? value : [];
}

/** Gives a field that is an object. */
export function objectField(json: JsonObject, key: string): JsonObject | undefined {
  const value = json[key];
  return isObject(value) ? value : undefined;
}

/** Leaves out what says nothing: absent values, empty texts, lists and objects, and `false`. */
export function withoutEmpty(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Tells whether two JSON values are the same; the order of keys does not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((it, index) => isSameJson(it, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameJson(a[key], b[key]));
}
