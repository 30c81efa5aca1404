/**
 * Generated lines around the messages, for stdio.
 *
 * @module
 */
import fc, { type Arbitrary } from "fast-check";
import type { JsonObject } from "../../kernel/mod.ts";
import { changed } from "./changes.ts";
import {
  answers,
  brokenTexts,
  handshake,
  LEGACY_REVISIONS,
  legacyMessages,
  type Loose,
  MODERN_REVISION,
  modernMessage,
  modernMessages,
  withIdOfItsOwn,
} from "./messages.ts";

/** A request that any connection of a revision answers. */
export function probe(revision: string, id: string): JsonObject {
  return revision === MODERN_REVISION
    ? modernMessage({ method: "resources/templates/list" }, id)
    : { jsonrpc: "2.0", id, method: "ping" };
}

/** A request that opens a connection of a revision. */
export function opening(revision: string): JsonObject {
  return revision === MODERN_REVISION
    ? probe(revision, "open")
    : { jsonrpc: "2.0", id: "open", method: "initialize", params: handshake(revision) };
}

/** What is written on a connection of a revision: messages right and wrong, batches, lines that are none. */
export function linesOf(revision: string): Arbitrary<Loose[]> {
  const isModern = revision === MODERN_REVISION;
  const messages = changed(isModern ? modernMessages : legacyMessages);
  return written(
    fc.oneof(
      { weight: 12, arbitrary: messages },
      { weight: isModern ? 0 : 2, arbitrary: fc.array(messages, { maxLength: 3 }) },
      { weight: 1, arbitrary: answers },
      { weight: 1, arbitrary: brokenTexts },
    ),
    5,
  );
}

/** What is written on a connection that nobody has opened yet. */
export const openingLines: Arbitrary<Loose[]> = written(
  fc.oneof(
    changed(fc.constantFrom(...LEGACY_REVISIONS, "2099-01-01", "nonsense").map(opening)),
    changed(fc.constant(modernMessage({ method: "server/discover" }, 1))),
    changed(legacyMessages),
    changed(modernMessages),
  ),
  3,
);

function written(items: Arbitrary<Loose>, maxLength: number): Arbitrary<Loose[]> {
  return fc.array(items, { minLength: 1, maxLength }).map((list) =>
    list.map((it, step) =>
      Array.isArray(it) ? it.map((item, i) => withIdOfItsOwn(item, `${step}-${i}`)) : withIdOfItsOwn(it, String(step))
    )
  );
}
