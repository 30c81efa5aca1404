/**
 * How words and variables that name paths of this machine are written for a confined process.
 *
 * @module
 */
import type { Confined } from "./confinement.ts";

/** Variables that list folders. */
export const FOLDER_LISTS: ReadonlySet<string> = new Set([
  ...["PATH", "PYTHONPATH", "NODE_PATH", "RUBYLIB", "GEM_PATH", "LD_LIBRARY_PATH"],
]);
const OPTION_REGEXP = /^(--?[A-Za-z][\w-]*=)(\/.*)$/;

/** Writes a word for the inside: a path, or an option with one. What is not moved stays as it is. */
export function wordInside(word: string, { path }: Pick<Confined, "path">): string {
  if (word.startsWith("/")) return path(word);
  const [, option, value] = OPTION_REGEXP.exec(word) ?? [];
  return option === undefined ? word : `${option}${path(value!)}`;
}

/** Writes variables for the inside: those that are a path, or list some. */
export function variablesInside(
  variables: Readonly<Record<string, string>>,
  { path }: Pick<Confined, "path">,
): Readonly<Record<string, string>> {
  const entries = Object.entries(variables).map(([name, value]) => {
    if (FOLDER_LISTS.has(name)) return [name, value.split(":").map(path).join(":")];
    return [name, value.startsWith("/") ? path(value) : value];
  });
  return Object.fromEntries(entries);
}
