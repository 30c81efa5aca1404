/**
 * Variables in the texts of Compose files.
 *
 * Source: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
 *
 * @module
 */

// longest first: `$$` is a dollar, and what stands in braces may have an operator
const VARIABLE_REGEXP = /\$(?:(\$)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** What became of the texts of a file. */
export interface Interpolated {
  readonly value: unknown;
  /** Names of variables that are nowhere set, sorted. */
  readonly missing: readonly string[];
}

/**
 * Puts values in the place of variables, in all texts of a document. The server's own environment is none of its
 * variables.
 */
export function interpolate(document: unknown, variables: Readonly<Record<string, string>>): Interpolated {
  const missing = new Set<string>();
  const fill = (text: string) =>
    text.replace(VARIABLE_REGEXP, (whole, dollar, braced, operator = "", other = "", bare) => {
      if (dollar !== undefined) return "$";
      const name: string = braced ?? bare;
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      const isSet = value !== undefined && !(operator.startsWith(":") && value === "");
      if (operator.endsWith("+")) return isSet ? other : "";
      if (isSet) return value;
      if (operator.endsWith("-")) return other;
      missing.add(name);
      return whole;
    });
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return fill(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return { value: walk(document), missing: [...missing].sort() };
}
