/**
 * References to other variables in the values of `.env` files: `${NAME}` and `${NAME:-default}`, as python-dotenv 1
 * replaces them.
 *
 * @module
 */

/** A part of a value: text as it stands, or a reference. */
export type ValuePart = string | { readonly name: string; readonly fallback: string };

/** Cuts a value at its references, in linear time. */
export function cutReferences(value: string): readonly ValuePart[] {
  const parts: ValuePart[] = [];
  let done = 0;
  let close = -1;
  let colon = -1;
  for (let at = value.indexOf("${"); at >= 0; at = value.indexOf("${", at)) {
    const start = at + 2;
    if (close < start) close = value.indexOf("}", start);
    if (close < 0) break;
    // one that is not found is beyond the end, so that it is not looked for again
    if (colon < start) colon = indexOrEnd(value, ":", start);
    if (colon < close && value[colon + 1] !== "-") {
      at++;
      continue;
    }
    if (at > done) parts.push(value.slice(done, at));
    const hasFallback = colon < close;
    parts.push({
      name: value.slice(start, hasFallback ? colon : close),
      fallback: hasFallback ? value.slice(colon + 2, close) : "",
    });
    at = done = close + 1;
  }
  if (done < value.length) parts.push(value.slice(done));
  return parts;
}

function indexOrEnd(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at < 0 ? text.length : at;
}
