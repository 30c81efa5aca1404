/**
 * The tools that code reaches, by all their names.
 *
 * @module
 */
import type { CodeTool } from "../../contract.ts";

/** How many near names an error tells. */
const MOST_NEAR = 3;

/** The table that was made last: most runs have the same tools. */
let last: { readonly json: string; readonly table: ToolTable } | undefined;

/** Gives the table of a list of {@linkcode CodeTool} as JSON. */
export function tableOf(json: string): ToolTable {
  if (last?.json !== json) last = { json, table: new ToolTable(json) };
  return last.table;
}

/** Finds tools. */
export class ToolTable {
  readonly #names = new Set<string>();
  readonly #identifiers = new Map<string, string>();
  /** Names of tools by member, by namespace. */
  readonly #spaces = new Map<string, Map<string, string>>();

  /** @param json A list of {@linkcode CodeTool}. */
  constructor(json: string) {
    for (const { name, identifier, namespace, member } of JSON.parse(json) as readonly CodeTool[]) {
      this.#names.add(name);
      if (identifier !== undefined) this.#identifiers.set(identifier, name);
      if (namespace === undefined || member === undefined) continue;
      const space = this.#spaces.get(namespace) ?? new Map<string, string>();
      this.#spaces.set(namespace, space.set(member, name));
    }
  }

  /** Tells whether there is a tool of a name. */
  isTool(name: string): boolean {
    return this.#names.has(name);
  }

  /** Tells whether a key of `tools` is a namespace. */
  isSpace(key: string): boolean {
    return this.#spaces.has(key);
  }

  /** Gives the tools that have one of these words as their identifier: identifier, then name. */
  withIdentifiers(words: ReadonlySet<string>): readonly (readonly [string, string])[] {
    return [...this.#identifiers].filter(([identifier]) => words.has(identifier));
  }

  /** Finds the name of a tool by a key of `tools`, or of a namespace of it. */
  find(space: string | undefined, key: string): string | undefined {
    if (space !== undefined) return this.#spaces.get(space)?.get(key);
    return this.#names.has(key) ? key : this.#identifiers.get(key);
  }

  /** Lists the tools, or the members of a namespace. */
  names(space: string | undefined): readonly string[] {
    return [...(space === undefined ? this.#names : this.#spaces.get(space)?.keys() ?? [])];
  }

  /** Says that there is no such tool, and what was maybe meant. */
  missing(space: string | undefined, key: string): string {
    const place = space === undefined ? "tools" : `tools.${space}`;
    const all = space === undefined ? [...this.#names, ...this.#identifiers.keys(), ...this.#spaces.keys()] : undefined;
    const meant = meantOf(nearNames(key, new Set(all ?? this.names(space))));
    return `There is no tool ${JSON.stringify(key.slice(0, 200))} in here${meant} (Object.keys(${place}) lists them)`;
  }

  /** Says which tool was maybe meant by a global that is not there; empty if none is near. */
  meant(identifier: string): string {
    return meantOf(nearNames(identifier, new Set(this.#identifiers.keys())));
  }
}

function meantOf(near: readonly string[]): string {
  return near.length === 0 ? "" : `; did you mean ${near.map((it) => JSON.stringify(it)).join(" or ")}?`;
}

// the kernel has this as well, and is not needed for anything else in a worker
function nearNames(name: string, candidates: ReadonlySet<string>): readonly string[] {
  const wanted = name.slice(0, 100).toLowerCase();
  const most = Math.max(2, Math.floor(wanted.length / 3));
  return [...candidates]
    .map((candidate) => {
      const text = candidate.toLowerCase();
      const isPart = wanted.length > 2 && text.includes(wanted);
      return { candidate, distance: isPart ? 0 : editDistance(wanted, text, most) };
    })
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, MOST_NEAR)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance, row by row; what is more than the limit is somewhat more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
