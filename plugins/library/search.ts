/**
 * Finds tools by what they say of themselves: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
 * 2009) over weighted fields, with prefixes counted as part of a match.
 *
 * @module
 */

/** What is known of a tool for a search. */
export interface Searchable {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly tags?: readonly string[] | undefined;
  /** Names of its parameters. */
  readonly parameters?: readonly string[] | undefined;
}

/** A tool that was found; a higher score is a better match. */
export interface Ranked<T> {
  readonly item: T;
  readonly score: number;
}

// how often a word counts, by where it stands; what follows the first paragraph of a description is examples and such
const WEIGHTS = { name: 4, title: 3, tags: 3, parameters: 1.5, description: 1, details: 0.25 } as const;
const SATURATION = 1.2;
const LENGTH_INFLUENCE = 0.5;
const LONGER_WORD = 0.6;
const SHORTER_WORD = 0.4;

// scripts without spaces are searched by character
const WORD_REGEXP = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu;

/** Splits a text into words in lower case, without diacritics; `camelCase` and `snake_case` into their parts. */
export function wordsOf(text: string): string[] {
  const split = text.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2").replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2");
  return split.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().match(WORD_REGEXP) ?? [];
}

/** Ranks what matches at least one word of a query, best first; equal scores by name. */
export function rank<T extends Searchable>(query: string, items: readonly T[]): Ranked<T>[] {
  const wanted = [...new Set(wordsOf(query))];
  const documents = items.map((item) => ({ item, words: countWords(item) }));
  const lengths = documents.map(({ words }) => sum(words.values()));
  const average = sum(lengths) / Math.max(1, lengths.length) || 1;
  const scores = documents.map(({ item }) => item.name === query.trim() ? 100 : 0);
  for (const word of wanted) {
    const frequencies = documents.map(({ words }) => frequencyOf(word, words));
    const matching = frequencies.filter((it) => it > 0).length;
    const rarity = Math.log(1 + (documents.length - matching + 0.5) / (matching + 0.5));
    frequencies.forEach((frequency, i) => {
      const norm = SATURATION * (1 - LENGTH_INFLUENCE + LENGTH_INFLUENCE * lengths[i]! / average);
      scores[i]! += rarity * frequency * (SATURATION + 1) / (frequency + norm);
    });
  }
  return documents.map(({ item }, i) => ({ item, score: scores[i]! }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.item.name < b.item.name ? -1 : 1));
}

function countWords({ name, title = "", description, tags = [], parameters = [] }: Searchable): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (text: string, weight: number) => {
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + weight);
  };
  add(name, WEIGHTS.name);
  add(title, WEIGHTS.title);
  add(tags.join(" "), WEIGHTS.tags);
  add(parameters.join(" "), WEIGHTS.parameters);
  const [first = "", ...details] = description.split(/\n\s*\n/);
  add(first, WEIGHTS.description);
  add(details.join(" "), WEIGHTS.details);
  return counts;
}

/** Adds up how often a word stands there, as it is, or as the beginning of a longer or the rest of a shorter one. */
function frequencyOf(word: string, counts: ReadonlyMap<string, number>): number {
  let frequency = 0;
  for (const [found, count] of counts) {
    if (found === word) frequency += count;
    else if (word.length > 1 && found.startsWith(word)) frequency += count * LONGER_WORD;
    else if (found.length > 3 && word.startsWith(found)) frequency += count * SHORTER_WORD;
  }
  return frequency;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
