/**
 * Splits a command line into words.
 *
 * @module
 */

const QUOTE_REGEXP = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)|[^]/g;

/**
 * Splits a line into words as a shell does it, with quotes and backslashes, and nothing else of a shell: `$`, `|` and `>`
 * are letters like others.
 *
 * @returns `undefined` when a quote is not closed, or a backslash ends the line.
 */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (const [whole, single, double, escaped, plain] of line.matchAll(QUOTE_REGEXP)) {
    const part = single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? "") + part;
    else if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else return undefined;
  }
  return word === undefined ? words : [...words, word];
}
