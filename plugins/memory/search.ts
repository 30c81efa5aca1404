/**
 * Search in keys and values, page by page, in bounded steps.
 *
 * @module
 */
import type { Json } from "../../kernel/mod.ts";
import type { Entry } from "../store/contract.ts";
import type { ToolMemory } from "./contract.ts";

/** Most entries that one search looks at, and most characters of text; the next one goes on from there. */
const MOST_ENTRIES = 5_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;
const ENTRIES_AT_ONCE = 200;

/** What is searched for. */
export interface SearchOptions {
  /** Words; an entry has to have them all. */
  readonly query: string;
  readonly prefix?: string | undefined;
  /** Most entries to find. */
  readonly limit: number;
  /** Goes on after the key at which the search before ended. */
  readonly cursor?: string | undefined;
  readonly signal: AbortSignal;
}

/** What was found. */
export interface Found {
  readonly entries: readonly Entry[];
  /** How many entries were looked at. */
  readonly searched: number;
  /** Goes on with the search; `undefined` when all was looked at. */
  readonly cursor: string | undefined;
}

/** Finds the entries of which key and value together have all words of a query; upper and lower case are alike. */
export async function searchMemory(memory: ToolMemory, options: SearchOptions): Promise<Found> {
  const { query, prefix = "", limit, signal } = options;
  const words = query.toLowerCase().split(/\s+/).filter((it) => it !== "");
  const entries: Entry[] = [];
  let after = options.cursor;
  let searched = 0;
  let characters = 0;
  while (true) {
    signal.throwIfAborted();
    const page = await memory.entries({ prefix, limit: ENTRIES_AT_ONCE, ...(after !== undefined && { after }) });
    for (const [place, entry] of page.items.entries()) {
      const text = textOfEntry(entry);
      searched++;
      characters += text.length;
      after = entry.key;
      if (words.every((word) => text.includes(word))) entries.push(entry);
      const isLast = page.cursor === undefined && place === page.items.length - 1;
      const isEnough = entries.length === limit || searched === MOST_ENTRIES || characters >= MOST_CHARACTERS;
      if (isEnough && !isLast) return { entries, searched, cursor: after };
    }
    if (page.cursor === undefined) return { entries, searched, cursor: undefined };
  }
}

/** Writes the key, and the names and scalars of the value, on a line each, in lower case. */
function textOfEntry({ key, value }: Entry): string {
  const lines = [key];
  const open: Json[] = [value];
  while (open.length > 0) {
    const next = open.pop()!;
    if (typeof next !== "object" || next === null) {
      lines.push(String(next));
      continue;
    }
    for (const [name, member] of Object.entries(next)) {
      if (!Array.isArray(next)) lines.push(name);
      if (member !== undefined) open.push(member as Json);
    }
  }
  return lines.join("\n").toLowerCase();
}
