/**
 * Finds items by what they say of themselves: BM25 over weighted fields (by MiniSearch), with the beginnings of words,
 * and with typos where a word is found nowhere. The searches of tools and of skills share it.
 *
 * @module
 */
import { nearNames } from "../../kernel/mod.ts";
import { InvertedIndex } from "./inverted_index.ts";
import { termsOf } from "./words.ts";

/** The texts of an item, by field; what is left out is empty. */
export type ItemTexts<F extends string> = { readonly [field in F]?: string | undefined };

/** What a {@linkcode TextIndex} is made of. */
export interface TextIndexOptions<T, F extends string> {
  /** How much a word counts, by the field it stands in. */
  readonly weights: Readonly<Record<F, number>>;
  /** Gives the texts of an item, when it is indexed. */
  texts(item: T): ItemTexts<F>;
}

/** An item that was found. */
export interface TextMatch {
  readonly id: string;
  /** Higher is better. */
  readonly score: number;
  /** Words of the query that it matches. */
  readonly queryTerms: readonly string[];
  /** Words of the item that they match, and the fields with each. */
  readonly match: Readonly<Record<string, readonly string[]>>;
}

/** One word of a query, and where an item has it. */
export interface MatchReason {
  /** As the index compares it: in lower case, in the singular. */
  readonly word: string;
  /** What stands there: the same, a longer word, or one that is spelt alike. */
  readonly found: string;
  readonly fields: readonly string[];
}

// what a model writes is shorter; more would only cost time
const MAX_WORDS = 32;
const MIN_PREFIX = 2;
// in so many items, a word that half of them have takes long to rank by, and tells them hardly apart
const MANY_ITEMS = 1000;
const MAX_TYPOS = 2;
/** Letters from which a word with two typos is still that word. */
const LONG_WORD = 8;

/**
 * Keeps texts of items, and ranks items by a query. Nothing is indexed before the first search; then, what changed.
 *
 * @example Find by the beginning of a word, and by one that is misspelt
 * ```ts
 * import { TextIndex } from "./text_index.ts";
 *
 * const index = new TextIndex({ weights: { name: 2, text: 1 }, texts: (item: { name: string; text: string }) => item });
 * index.put("a", { name: "resize_image", text: "Change the size of a picture" });
 * const ids = (query: string) => index.search(query).map((it) => it.id);
 * if (ids("pict").join() !== "a" || ids("immage").join() !== "a") throw new Error("unexpected");
 * ```
 */
export class TextIndex<T, F extends string> {
  readonly #options: TextIndexOptions<T, F>;
  readonly #items = new Map<string, T>();
  /** The items as they are in the index. */
  readonly #indexed = new Map<string, T>();
  readonly #unsettled = new Set<string>();
  #index: InvertedIndex | undefined;

  constructor(options: TextIndexOptions<T, F>) {
    this.#options = options;
  }

  /** Adds an item, or replaces the one of that id. */
  put(id: string, item: T): void {
    this.#items.set(id, item);
    this.#unsettled.add(id);
  }

  /** Takes an item away, if it is there. */
  remove(id: string): void {
    if (this.#items.delete(id)) this.#unsettled.add(id);
  }

  /** Ranks what matches at least one word of a query, best first; equal scores by id. */
  search(query: string): readonly TextMatch[] {
    const all = [...new Set(termsOf(query))].slice(0, MAX_WORDS);
    if (all.length === 0 || this.#items.size === 0) return [];
    const index = this.#settle();
    const words = withoutCommon(all, index);
    let typos: ReadonlyMap<string, number> = new Map();
    let matches = searchWords(index, words, typos);
    for (let distance = 1; distance <= MAX_TYPOS; distance++) {
      const missing = missingWords(words, matches).filter((word) => maxTypos(word) >= distance);
      if (missing.length === 0) break;
      typos = new Map([...typos, ...missing.map((word) => [word, distance] as const)]);
      matches = searchWords(index, words, typos);
    }
    return matches.filter((match) => isSpeltAlike(match, typos))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  /** Brings the index in step with the items. */
  #settle(): InvertedIndex {
    const { weights } = this.#options;
    const index = this.#index ??= new InvertedIndex(weights, termsOf);
    if (this.#unsettled.size === 0) return index;
    const read = (id: string, item: T) => ({ id, texts: this.#options.texts(item) });
    const added = new Map<string, T>();
    for (const id of this.#unsettled) {
      const [before, item] = [this.#indexed.get(id), this.#items.get(id)];
      if (before !== undefined) index.remove(read(id, before));
      this.#indexed.delete(id);
      if (item !== undefined) added.set(id, item);
    }
    index.addAll(Array.from(added, ([id, item]) => read(id, item)));
    for (const [id, item] of added) this.#indexed.set(id, item);
    this.#unsettled.clear();
    index.measure();
    return index;
  }
}

/** Leaves out the words that most of many items have, unless there are no others. */
function withoutCommon(words: readonly string[], index: InvertedIndex): readonly string[] {
  if (index.documentCount < MANY_ITEMS) return words;
  const rarer = words.filter((word) => index.frequencyOf(word) < index.documentCount / 2);
  return rarer.length === 0 ? words : rarer;
}

function searchWords(index: InvertedIndex, words: readonly string[], typos: ReadonlyMap<string, number>): TextMatch[] {
  return index.search(words.join(" "), {
    prefix: (word) => word.length >= MIN_PREFIX,
    fuzzy: (word) => typos.get(word) ?? false,
  }) as unknown as TextMatch[];
}

/** Gives the words that no match has. */
function missingWords(words: readonly string[], matches: readonly TextMatch[]): readonly string[] {
  const missing = new Set(words);
  for (const { queryTerms } of matches) {
    for (const term of queryTerms) missing.delete(term);
    if (missing.size === 0) break;
  }
  return [...missing];
}

// looking for typos takes memory by the square of the length
function maxTypos({ length }: string): number {
  return length < 4 || length > 64 ? 0 : length < 5 ? 1 : MAX_TYPOS;
}

/** Tells whether a match is more than two typos in short words, which make other words of them: `sphere` is not `where`. */
function isSpeltAlike({ queryTerms, match }: TextMatch, typos: ReadonlyMap<string, number>): boolean {
  return queryTerms.some((word) =>
    word.length >= LONG_WORD || typos.get(word) !== MAX_TYPOS ||
    Object.keys(match).some((found) => hasSameLetters(word, found))
  );
}

/** Two letters that changed places are two typos. */
function hasSameLetters(one: string, other: string): boolean {
  return one.length === other.length && [...one].sort().join("") === [...other].sort().join("");
}

/** Says why an item was found, in the order of the query's words. */
export function reasonsOf({ queryTerms, match }: TextMatch): readonly MatchReason[] {
  const reasons = Object.entries(match).map(([found, fields]) => {
    const word = queryTerms.find((term) => term === found) ??
      queryTerms.find((term) => found.startsWith(term)) ??
      nearNames(found, queryTerms)[0] ?? found;
    return { word, found, fields };
  });
  return reasons.sort((a, b) => queryTerms.indexOf(a.word) - queryTerms.indexOf(b.word));
}
