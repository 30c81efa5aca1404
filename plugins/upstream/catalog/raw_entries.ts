/**
 * What a server listed, before it is decided what of it is offered.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { ListKind } from "../connection/connection.ts";

/** The lists of a server. */
export const LIST_KINDS: readonly ListKind[] = Object.freeze(["tools", "resources", "templates", "prompts"]);

/** What a server listed. */
export type RawEntries = Readonly<Record<ListKind, readonly JsonObject[]>>;

/** What names an entry of each list. */
const KEYS: Readonly<Record<ListKind, string>> = {
  tools: "name",
  resources: "uri",
  templates: "uriTemplate",
  prompts: "name",
};

// beyond any that a client takes
const LONGEST_KEY = 2_048;

/** Gives the name of an entry. */
export function keyOf(kind: ListKind, entry: JsonObject): string {
  return String(entry[KEYS[kind]]);
}

/** Which entries of a list can be offered. */
export interface UsableEntries {
  readonly entries: readonly JsonObject[];
  /** What was left out, as the end of a sentence; `undefined` when all is there. */
  readonly problem: string | undefined;
}

/** Takes of a list what has a name, each name once, `most` entries at most. */
export function usableEntries(kind: ListKind, listed: readonly unknown[], most: number): UsableEntries {
  const entries = new Map<string, JsonObject>();
  let dropped = 0;
  for (const entry of listed) {
    const key = isObject(entry) ? entry[KEYS[kind]] : undefined;
    const isUsable = typeof key === "string" && key !== "" && key.length <= LONGEST_KEY && !entries.has(key);
    if (!isUsable) dropped++;
    else if (entries.size < most) entries.set(key, entry as JsonObject);
  }
  const problems = [
    ...(dropped === 0 ? [] : [`${dropped} ${kind} have no usable ${KEYS[kind]}, or one that another has`]),
    ...(entries.size + dropped === listed.length ? [] : [`there are more than ${most} ${kind}, which are left out`]),
  ];
  return { entries: [...entries.values()], problem: problems.length === 0 ? undefined : problems.join("; ") };
}

/** Reads what an earlier process wrote; `undefined` when it is of another shape. */
export function readRawEntries(value: unknown): RawEntries | undefined {
  if (!isObject(value)) return undefined;
  const isWhole = LIST_KINDS.every((kind) => Array.isArray(value[kind]) && value[kind].every(isObject));
  return isWhole ? value as unknown as RawEntries : undefined;
}
