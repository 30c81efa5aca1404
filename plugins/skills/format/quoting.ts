/**
 * Shows in a message what a hostile file holds.
 *
 * @module
 */

const LONGEST = 80;
// control characters, those that turn or hide text, line breaks of their own, and halves of a character
const UNSEEN_REGEXP = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Puts a text in quotes: cut short, with what cannot be seen as `\u{…}`. */
export function inQuotes(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `"${visible(short)}"`;
}

/** Writes what cannot be seen as `\u{…}`, so that a terminal shows a text and does nothing else. */
export function visible(text: string): string {
  return text.replace(UNSEEN_REGEXP, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
