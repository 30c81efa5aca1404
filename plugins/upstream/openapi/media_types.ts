/**
 * What media types mean.
 *
 * @module
 */

const TEXT_REGEXP =
  /^(?:text\/|application\/(?:xml|yaml|x-yaml|javascript|ecmascript|x-www-form-urlencoded|graphql|sql|toml|x-ndjson|jsonl)\b|[^;]*\+(?:xml|yaml)\b)/i;

/** Tells whether content of a type is JSON. */
export function isJsonType(mediaType: string): boolean {
  // one way to read it alone: types are somebody else's words, and as long as these like
  return /^(?:application\/json|text\/json|[^;/]+\/[^;]*\+json)\s*(?:;|$)/i.test(mediaType);
}

/** Tells whether content of a type is text that is no JSON. */
export function isTextType(mediaType: string): boolean {
  return !isJsonType(mediaType) && TEXT_REGEXP.test(mediaType);
}
