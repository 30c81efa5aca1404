/**
 * Splits texts into the words that a search compares.
 *
 * @module
 */

// scripts without spaces are searched by character
const WORD_REGEXP = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu;
const ASCII_WORD_REGEXP = /[a-z0-9]+/g;
const ASCII_CAMEL_REGEXP = /[a-z0-9][A-Z]|[A-Z]{2}[a-z]/;
// deno-lint-ignore no-control-regex -- all of ASCII is meant
const ASCII_REGEXP = /^[\x00-\x7f]*$/;

/** Splits a text into words in lower case, without diacritics; `camelCase` and `snake_case` into their parts. */
export function wordsOf(text: string): string[] {
  // most texts are in English, and take a third of the time this way
  if (ASCII_REGEXP.test(text)) return splitAsciiCamel(text).toLowerCase().match(ASCII_WORD_REGEXP) ?? [];
  const split = text.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2").replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2");
  return split.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().match(WORD_REGEXP) ?? [];
}

function splitAsciiCamel(text: string): string {
  if (!ASCII_CAMEL_REGEXP.test(text)) return text;
  return text.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
}

// says nothing of what is looked for
const STOP_WORDS: ReadonlySet<string> = new Set(
  "a an and are as at be by for from in is of on or that the this to with".split(" "),
);

/** Gives the words of a text that say something, each in the form in which it is compared. */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const word of wordsOf(text)) if (!STOP_WORDS.has(word)) terms.push(singularOf(word));
  return terms;
}

const NO_PLURAL_REGEXP = /(?:ss|us|is)$/;

// the plural of English as far as its spelling is regular; a word that only looks like one is found all the same, since
// queries are treated alike
function singularOf(word: string): string {
  if (word.length < 4 || !word.endsWith("s") || NO_PLURAL_REGEXP.test(word)) return word;
  return word.length > 4 && word.endsWith("ies") ? `${word.slice(0, -3)}y` : word.slice(0, -1);
}
