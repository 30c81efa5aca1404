/**
 * Texts that are forged of real ones: tokens, ids, states.
 *
 * @module
 */
import fc from "fast-check";

/** What is done to a text to forge another. */
export interface Forging {
  readonly kind: "replace" | "insert" | "remove" | "cut" | "swap case" | "other end" | "repeat" | "anything";
  readonly at: number;
  readonly char: string;
  readonly text: string;
}

const TOKEN_CHARS = "ABCXYZabcxyz0189+/=-_.~ ";

/** Makes what is done to a text, step by step. */
export function forgings(): fc.Arbitrary<readonly Forging[]> {
  const forging = fc.record({
    kind: fc.constantFrom<Forging["kind"][]>(
      ...["replace", "replace", "insert", "remove", "cut", "swap case", "other end", "repeat", "anything"] as const,
    ),
    at: fc.integer({ min: 0, max: 999 }),
    char: fc.constantFrom(...TOKEN_CHARS),
    text: fc.oneof(
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
      fc.constantFrom("", "__proto__", "constructor", "null", "a.b", "a.b.c", "A".repeat(9_000), "1_x", "-1_x", "../x"),
      fc.uuid(),
      fc.base64String({ maxLength: 90 }),
    ),
  });
  return fc.array(forging, { minLength: 1, maxLength: 3 });
}

/** Forges a text of real ones. */
export function forged(text: string, other: string, list: readonly Forging[]): string {
  return list.reduce((before, { kind, at, char, text: anything }) => {
    const place = Math.floor(before.length * at / 1_000);
    const [head, tail] = [before.slice(0, place), before.slice(place)];
    switch (kind) {
      case "replace":
        return head + char + tail.slice(1);
      case "insert":
        return head + char + tail;
      case "remove":
        return head + tail.slice(1);
      case "cut":
        return head;
      case "swap case":
        return head +
          (tail[0]?.toUpperCase() === tail[0] ? tail.slice(0, 1).toLowerCase() : tail.slice(0, 1).toUpperCase()) +
          tail.slice(1);
      case "other end":
        return head + other.slice(place);
      case "repeat":
        return before + before;
      case "anything":
        return anything;
    }
  }, text);
}
