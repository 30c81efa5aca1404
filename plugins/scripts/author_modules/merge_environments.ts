/**
 * Merges environments in which several parts say where packages and modules are.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import { FOLDER_LISTS } from "../../sandbox/contract.ts";

/** Variables that list options, none of which has a space. */
const OPTION_LISTS: ReadonlySet<string> = new Set(["NODE_OPTIONS", "RUBYOPT"]);

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/**
 * Merges environments: of a variable that lists folders or options, what each has to say, in the order given and each
 * word once; of any other variable, what the last has to say.
 */
export function mergeEnvironments(
  environments: readonly (Variables | undefined)[],
  { os }: Pick<Environment, "os">,
): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of environments.flatMap((it) => Object.entries(it ?? {}))) {
    const separator = separatorOf(name, os);
    merged[name] = separator === undefined ? value : joinLists([merged[name], value], separator);
  }
  return merged;
}

function separatorOf(name: string, os: Environment["os"]): string | undefined {
  if (FOLDER_LISTS.has(name)) return os === "windows" ? ";" : ":";
  return OPTION_LISTS.has(name) ? " " : undefined;
}

function joinLists(lists: readonly (string | undefined)[], separator: string): string {
  const words = lists.flatMap((list) => list?.split(separator) ?? []).filter((word) => word !== "");
  return [...new Set(words)].join(separator);
}
