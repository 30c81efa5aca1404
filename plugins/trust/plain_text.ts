/**
 * What others wrote, as it can be shown to a person who decides by it.
 *
 * @module
 */

const UNSEEN_REGEXP = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Writes all that is not seen, or turns what is seen around, as escapes; tabs stay. */
export function plainText(text: string): string {
  return text.replace(UNSEEN_REGEXP, (it) => it === "\t" ? it : `\\u{${it.codePointAt(0)!.toString(16)}}`);
}
