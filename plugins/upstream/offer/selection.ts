/**
 * Which tools of a server are offered.
 *
 * @module
 */

/** Patterns of names; `*` stands for any characters, also none. */
export interface Selection {
  /** All by default. */
  readonly include?: readonly string[];
  /** None by default; wins over `include`. */
  readonly exclude?: readonly string[];
}

/** Tells whether a tool of that name, as the server knows it, is offered. */
export function isSelected(name: string, { include, exclude = [] }: Selection): boolean {
  if (exclude.some((pattern) => matches(name, pattern))) return false;
  return include === undefined || include.some((pattern) => matches(name, pattern));
}

// in time linear in the name for each part of the pattern, which a regular expression of many `*` is not
function matches(name: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
