/**
 * The conditions of skillz: `A == B`, `A != B`, or a value alone that is tested for truth, and `!` before it. A side is
 * a reference, `true`, `false`, `null`, a number as in JSON, a text in quotes, or words without quotes.
 *
 * @module
 */
import { isReferenceAt, readReference, type Reference } from "../references/reference.ts";
import { lookUp, type Values } from "../references/values.ts";

/** One side of a comparison: what it refers to, or its own value. */
type Side = { readonly reference: Reference } | { readonly value: unknown };

/** What is done with the sides. */
type Operator = "==" | "!=" | "truth" | "not";

const SPACE_REGEXP = /\s*/y;
const OPERATOR_REGEXP = /[!=]=/y;
// the grammar of numbers in RFC 8259, as a whole side: `10 apples` are words
const NUMBER_REGEXP = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=\s*(?:[!=]=|$))/y;
// what has a backslash is left to the expressions, which know escapes
const QUOTED_REGEXP = /"([^"\\]*)"|'([^'\\]*)'/y;
// no sign that an expression is made of stands alone or begins a later word, so that a calculation is none of these
const WORDS_REGEXP =
  /(?:[\p{L}\p{N}_]|[/.~@#](?=[^\s!=]))[\p{L}\p{M}\p{N}_/.~@#:-]*(?: +[\p{L}\p{N}_][\p{L}\p{M}\p{N}_/.~@#:-]*)*/uy;
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([["true", true], ["false", false], [
  "null",
  null,
]]);

/** A condition of skillz. */
export class Comparison {
  /** In the order in which they stand. */
  readonly references: readonly Reference[];
  readonly #operator: Operator;
  readonly #sides: readonly Side[];

  private constructor(operator: Operator, sides: readonly Side[]) {
    this.#operator = operator;
    this.#sides = sides;
    this.references = sides.flatMap((side) => "reference" in side ? [side.reference] : []);
  }

  /** Reads a condition; `undefined` when it is not one of skillz. */
  static parse(text: string): Comparison | undefined {
    const reader = new SideReader(text);
    const isNegated = reader.next("!");
    const left = reader.side();
    if (left === undefined) return undefined;
    if (reader.isAtEnd()) return new Comparison(isNegated ? "not" : "truth", [left]);
    const operator = reader.operator();
    const right = operator && reader.side();
    return operator === undefined || right === undefined || isNegated || !reader.isAtEnd()
      ? undefined
      : new Comparison(operator, [left, right]);
  }

  /**
   * Tells whether the condition holds.
   *
   * @throws {ToolError} when a reference has no value.
   */
  holds(values: Values): boolean {
    const [left, right] = this.#sides.map((side) => "reference" in side ? lookUp(side.reference, values) : side.value);
    switch (this.#operator) {
      case "truth":
        return isTruthy(left);
      case "not":
        return !isTruthy(left);
      case "==":
        return isSame(left, right);
      case "!=":
        return !isSame(left, right);
    }
  }
}

class SideReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#take(SPACE_REGEXP);
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  next(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    this.#take(SPACE_REGEXP);
    return true;
  }

  operator(): "==" | "!=" | undefined {
    return this.#take(OPERATOR_REGEXP)?.[0] as "==" | "!=" | undefined;
  }

  side(): Side | undefined {
    if (isReferenceAt(this.#text, this.#at)) {
      const reference = readReference(this.#text, this.#at, "expression");
      if ("message" in reference) return undefined;
      this.#at += reference.text.length;
      this.#take(SPACE_REGEXP);
      return { reference };
    }
    const number = this.#take(NUMBER_REGEXP);
    if (number !== undefined) return { value: Number(number[0]) };
    const quoted = this.#take(QUOTED_REGEXP);
    if (quoted !== undefined) return { value: quoted[1] ?? quoted[2] };
    const words = this.#take(WORDS_REGEXP)?.[0];
    if (words === undefined) return undefined;
    return { value: CONSTANTS.has(words) ? CONSTANTS.get(words) : words };
  }

  #take(regexp: RegExp): RegExpExecArray | undefined {
    regexp.lastIndex = this.#at;
    const found = regexp.exec(this.#text) ?? undefined;
    if (found === undefined) return undefined;
    this.#at = regexp.lastIndex;
    if (regexp !== SPACE_REGEXP) this.#take(SPACE_REGEXP);
    return found;
  }
}

/** Tells whether a value counts as true: all but `false`, `null`, `""`, `0`, `[]` and `{}`. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) {
    for (const key in value) if (Object.hasOwn(value, key)) return true;
    return false;
  }
  return Boolean(value);
}

/** Compares JSON, in linear time; the order of keys does not count. */
export function isSame(left: unknown, right: unknown): boolean {
  // without recursion: values may be nested as deep as anyone likes
  const pairs: [unknown, unknown][] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false;
      pairs.push([(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]]);
    }
  }
  return true;
}
