/**
 * Credentials out of what an API answers: one that echoes requests would show them to whoever called.
 *
 * @module
 */
import { isObject } from "../../../../kernel/mod.ts";

/** Shorter texts would be found anywhere. */
const SHORTEST = 8;

/** Replaces credentials in every text of a JSON value. */
export function withoutCredentials<T>(value: T, credentials: readonly string[]): T {
  const hidden = credentials.flatMap((it) => [it, encodeURIComponent(it)]).filter((it) => it.length >= SHORTEST);
  // the longest first, since one may be within another
  hidden.sort((a, b) => b.length - a.length);
  return hidden.length === 0 ? value : redacted(value, hidden) as T;
}

function redacted(value: unknown, hidden: readonly string[]): unknown {
  if (typeof value === "string") return hidden.reduce((text, it) => text.replaceAll(it, "[credential]"), value);
  if (Array.isArray(value)) return value.map((it) => redacted(it, hidden));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, redacted(it, hidden)]));
}
