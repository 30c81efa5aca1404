/**
 * Places within a document, as the fragments of references name them.
 *
 * @module
 */

/** Reads the fragment of a URI; a stray `%` stands for itself. */
export function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Follows a JSON pointer (RFC 6901); gives `undefined` where it leads to nothing. */
export function followPointer(root: unknown, pointer: string): unknown {
  let at = root;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
