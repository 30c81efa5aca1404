/**
 * JSON merge patch. Source: RFC 7386, section 2.
 *
 * @module
 */
import type { Json } from "../../kernel/mod.ts";

/** Tells whether a JSON value is an object. */
export function isJsonObject(value: unknown): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Applies a merge patch: members of objects are merged, `null` removes a member, all else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  // a map: `__proto__` is a member like any other
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [name, change] of Object.entries(patch)) {
    if (change === undefined || change === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), change));
  }
  return Object.fromEntries(merged);
}
