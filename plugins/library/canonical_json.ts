/**
 * JSON by which equal values are told.
 *
 * @module
 */

/** Writes a value as JSON in which the order of members says nothing: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) => {
    if (typeof it !== "object" || it === null || Array.isArray(it)) return it;
    // defines each key, even one that has a meaning to objects
    return Object.fromEntries(Object.entries(it).sort(([a], [b]) => a < b ? -1 : 1));
  }) ?? "";
}
