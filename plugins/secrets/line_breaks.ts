/**
 * A text without its line breaks, for encodings that programs break into lines.
 *
 * @module
 */
import { SHORTEST_FORM } from "./forms.ts";
import type { Matcher, Span } from "./matcher.ts";

// as they are or as JSON writes them, and what may become one with the next piece of the text
const BREAKS_REGEXP = /(?:[\r\n]|\\[rn]|\\$)+[ \t]{0,8}/g;
/** Longer ones end a form: what a stream holds back is bounded. */
const LONGEST_BREAK = 16;

/** Finds forms that are broken into lines, as {@linkcode Matcher.find} finds those that are not. */
export function findBroken(matcher: Matcher, text: string, spans: Span[]): number {
  const pieces: string[] = [];
  /** Where each piece begins, joined and in the text. */
  const places: { readonly joined: number; readonly start: number }[] = [];
  let joined = 0;
  let start = 0;
  const take = (end: number) => {
    places.push({ joined, start });
    pieces.push(text.slice(start, end));
    joined += end - start;
  };
  for (const found of text.matchAll(BREAKS_REGEXP)) {
    if (found[0].length > LONGEST_BREAK) continue;
    take(found.index);
    start = found.index + found[0].length;
  }
  if (pieces.length === 0) return text.length;
  take(text.length);
  const place = (at: number) => {
    const before = places.findLast((it) => it.joined <= at)!;
    return before.start + at - before.joined;
  };
  const inJoined: Span[] = [];
  const open = matcher.find(pieces.join(""), inJoined);
  for (const span of inJoined) spans.push({ ...span, start: place(span.start), end: place(span.end - 1) + 1 });
  // a line that ends with a letter or two of a form is what most lines are, and is not held back
  return joined - open < SHORTEST_FORM ? text.length : place(open);
}
