/**
 * MiniSearch as the searches of tools and skills use it: filled at once, measured exactly.
 *
 * @module
 */
import MiniSearch from "minisearch";

/** An item, and what it says. */
export interface IndexedItem {
  readonly id: string;
  /** By field. */
  readonly texts: Readonly<Record<string, string | undefined>>;
}

/** How often a word stands in each item, by the number of its field and of the item. */
type Places = Map<number, Map<number, number>>;

const ID_FIELD = "\0id";
// Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; MiniSearch adds `d`, which is BM25+
const BM25 = { k: 1.2, b: 0.75, d: 0 };

/** Knows in which fields of which items words stand. */
export class InvertedIndex extends MiniSearch<IndexedItem> {
  readonly #fields: readonly string[];
  readonly #termsOf: (text: string) => string[];

  /**
   * @param weights How much a word counts, by the field it stands in.
   * @param termsOf Splits a text into the words that are compared.
   */
  constructor(weights: Readonly<Record<string, number>>, termsOf: (text: string) => string[]) {
    super({
      fields: Object.keys(weights),
      idField: ID_FIELD,
      extractField: ({ id, texts }, field) => field === ID_FIELD ? id : texts[field] || undefined,
      tokenize: termsOf,
      processTerm: (term) => term,
      autoVacuum: false,
      // an item that says something else now leaves words behind, which searches pass over
      logger: () => {},
      searchOptions: { boost: { ...weights }, bm25: BM25, tokenize: (words) => words.split(" ") },
    });
    this.#fields = Object.keys(weights);
    this.#termsOf = termsOf;
  }

  /**
   * Adds items. Many in an empty index take half of the time that they would take one after another: all items of a
   * word are written at once, and not all over the memory.
   */
  override addAll(items: readonly IndexedItem[]): void {
    if (this.documentCount > 0) return super.addAll(items);
    const numbers = new Map<string, number[][]>();
    for (const item of items) this.#note(item, numbers);
    for (const [term, byField] of numbers) {
      const places: Places = new Map();
      byField.forEach((items, field) => places.set(field, countEach(items)));
      this._index.set(term, places);
    }
  }

  /** Notes where the words of an item stand: the number of the item, as often as each stands in each field. */
  #note({ id, texts }: IndexedItem, numbers: Map<string, number[][]>): void {
    const number = this._nextId++;
    this._documentIds.set(number, id);
    this._idToShortId.set(id, number);
    this._documentCount++;
    const lengths: number[] = [];
    this.#fields.forEach((name, field) => {
      const text = texts[name];
      if (text === undefined || text === "") return;
      const terms = this.#termsOf(text);
      for (const term of terms) {
        let byField = numbers.get(term);
        if (byField === undefined) numbers.set(term, byField = []);
        (byField[field] ??= []).push(number);
      }
      lengths[field] = new Set(terms).size;
    });
    this._fieldLength.set(number, lengths);
  }

  /** Computes the average length of each field: that which is kept drifts where items without a field come and go. */
  measure(): void {
    const [sums, counts]: [number[], number[]] = [[], []];
    for (const lengths of this._fieldLength.values()) {
      lengths.forEach((length, field) => {
        sums[field] = (sums[field] ?? 0) + length;
        counts[field] = (counts[field] ?? 0) + 1;
      });
    }
    this._avgFieldLength = sums.map((sum, field) => sum / counts[field]!);
  }

  /** Gives in how many items a word stands, in the field that has it most often. */
  frequencyOf(word: string): number {
    const fields: Places | undefined = this._index.get(word);
    return fields === undefined ? 0 : Math.max(...Array.from(fields.values(), (items) => items.size));
  }
}

function countEach(numbers: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}
