/**
 * Lists in pages: what some words match, from where the last page ended.
 *
 * @module
 */

// a page is read by a model
const PAGE_SIZE = 50;

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Number of all that match. */
  readonly total: number;
  /** Begins the next page; `undefined` when this is the last. */
  readonly nextCursor: string | undefined;
}

/** Which page is asked for. */
export interface PageRequest<T> {
  readonly query: string;
  readonly cursor: string;
  /** Orders the list and tells where a page ends. */
  key(item: T): string;
  /** Gives the texts that the words of the query are looked for in. */
  texts(item: T): readonly (string | undefined)[];
}

/** Gives one page of what all words of a query match, sorted by key. */
export function pageOf<T>(items: readonly T[], { query, cursor, key, texts }: PageRequest<T>): Page<T> {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const matching = items.filter((item) => {
    const text = texts(item).join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const sorted = matching.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  // the key of the last item: a page stays right when items come and go between requests
  const rest = sorted.filter((item) => key(item) > cursor);
  const page = rest.slice(0, PAGE_SIZE);
  return {
    items: page,
    total: matching.length,
    nextCursor: rest.length > page.length ? key(page.at(-1)!) : undefined,
  };
}

/** Writes a page for a model, a line for each item. */
export function pageText<T>(
  { items, total, nextCursor }: Page<T>,
  { line, empty }: { line(item: T): string; readonly empty: string },
): string {
  if (items.length === 0) return empty;
  const more = nextCursor === undefined ? [] : [`\n[${items.length} of ${total}; more with cursor "${nextCursor}"]`];
  return [...items.map((item) => `- ${line(item)}`), ...more].join("\n");
}
