/**
 * Changes that make right messages wrong: a value anywhere in the JSON is taken away, replaced or renamed, or gets
 * company.
 *
 * @module
 */
import fc, { type Arbitrary } from "fast-check";
import { junk, type Loose } from "./messages.ts";

type Change =
  | { readonly op: "drop" | "rename"; readonly at: number }
  | { readonly op: "replace" | "add"; readonly at: number; readonly value: Loose };

const change: Arbitrary<Change> = fc.oneof(
  fc.record({ op: fc.constantFrom("drop" as const, "rename" as const), at: fc.nat(40) }),
  fc.record({ op: fc.constantFrom("replace" as const, "add" as const), at: fc.nat(40), value: junk }),
);

/** Makes about half of the messages wrong. */
export function changed(messages: Arbitrary<Loose>): Arbitrary<Loose> {
  const changes = fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
  );
  // an initialize without id is neither a handshake nor a notification of anything
  return fc.tuple(messages, changes).map(([message, list]) => list.reduce(apply, message))
    .filter(({ method, id }) => method !== "initialize" || id !== undefined);
}

function apply(message: Loose, change: Change): Loose {
  const copy = structuredClone(message);
  const places = [...placesOf(copy)];
  const place = places[change.at % Math.max(places.length, 1)];
  if (place === undefined) return copy;
  const { owner, key } = place;
  if (change.op === "replace") owner[key] = change.value;
  else if (change.op === "add") owner[Array.isArray(owner) ? owner.length : "extra"] = change.value;
  else {
    if (change.op === "rename") owner[Array.isArray(owner) ? owner.length : `${key}X`] = owner[key];
    if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else delete owner[key];
  }
  return copy;
}

interface Place {
  readonly owner: Loose;
  readonly key: string;
}

function* placesOf(value: Loose): Generator<Place, void> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    yield { owner: value, key };
    yield* placesOf(value[key]);
  }
}
