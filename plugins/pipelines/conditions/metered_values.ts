/**
 * Views of values that count how often they are read, so that an expression over them ends.
 *
 * The library for expressions bounds how long an expression is, but not how long it runs: loops in loops over long lists
 * take as long as they like. It reaches what it works on through these views alone, between two readings it visits each
 * part of the expression once at most, and so the number of readings bounds the time, whatever the machine.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** Parts of the expression that are visited, in all: about 30 ms. */
const MOST_WORK = 500_000;
/** Characters that a function of texts looks at in the time that one part takes. */
const CHARACTERS_PER_PART = 128;
/** Levels of lists and objects; the library gives each a type of its own. */
const MOST_LEVELS = 100;

/** The size of an expression. */
export interface ExpressionSize {
  /** Parts of which it is made. */
  readonly parts: number;
  /** Those among them whose time depends on the length of a text; one that is slow counts several times. */
  readonly textParts: number;
}

/** Counts the work of one run of an expression. */
export class Meter {
  readonly #size: ExpressionSize;
  #left = MOST_WORK;
  /** The longest text that a loop may have in hand. */
  #longestItem = 0;

  constructor(size: ExpressionSize) {
    this.#size = size;
  }

  /**
   * Counts that a value is read, and gives what the expression sees of it.
   *
   * @throws {ToolError} when it was too much.
   */
  view(
    value: unknown,
    { level = 0, isItem = false }: { readonly level?: number; readonly isItem?: boolean } = {},
  ): unknown {
    const length = typeof value === "string" ? value.length : 0;
    if (isItem) this.#longestItem = Math.max(this.#longestItem, length);
    this.charge(length);
    if (typeof value !== "object" || value === null) return value ?? null;
    if (level === MOST_LEVELS) {
      throw new ToolError(`Cannot evaluate the condition: it reads values nested deeper than ${MOST_LEVELS} levels`);
    }
    return Array.isArray(value)
      ? new Proxy(value, new MeteredList(this, level + 1))
      : new MeteredMap(value as Readonly<Record<string, unknown>>, this, level + 1);
  }

  /**
   * Counts readings.
   *
   * @param length Of the text that is read.
   * @param extra Further units of work, each of which takes as long as one part.
   */
  charge(length = 0, extra = 0): void {
    const { parts, textParts } = this.#size;
    this.#left -= parts + extra + textParts * (length + this.#longestItem) / CHARACTERS_PER_PART;
    if (this.#left < 0) {
      throw new ToolError(
        "Cannot evaluate the condition: it takes too long for values of this size; " +
          "let a tool answer the question, and test its answer",
      );
    }
  }
}

class MeteredList implements ProxyHandler<readonly unknown[]> {
  readonly #meter: Meter;
  readonly #level: number;

  constructor(meter: Meter, level: number) {
    this.#meter = meter;
    this.#level = level;
  }

  get(list: readonly unknown[], key: string | symbol): unknown {
    if (typeof key === "symbol" || !Object.hasOwn(list, key)) return Reflect.get(list, key);
    return this.#meter.view(Reflect.get(list, key), { level: this.#level, isItem: true });
  }
}

/** An object, as the map that expressions know; what an object inherits is not in it. */
class MeteredMap extends Map<string, unknown> {
  static {
    // the library tells types by this property
    Object.defineProperty(this.prototype, "constructor", { value: Map });
  }

  readonly #object: Readonly<Record<string, unknown>>;
  readonly #meter: Meter;
  readonly #level: number;

  constructor(object: Readonly<Record<string, unknown>>, meter: Meter, level: number) {
    super();
    this.#object = object;
    this.#meter = meter;
    this.#level = level;
  }

  override get size(): number {
    return this.#ownKeys().length;
  }

  override has(key: unknown): boolean {
    this.#meter.charge();
    return typeof key === "string" && Object.hasOwn(this.#object, key);
  }

  override get(key: unknown): unknown {
    if (typeof key !== "string" || !Object.hasOwn(this.#object, key)) return undefined;
    return this.#meter.view(this.#object[key], { level: this.#level });
  }

  /** Refuses loops, which alone ask for keys: they would run over a copy that nothing counts. */
  override keys(): never {
    throw new ToolError("Cannot evaluate the condition: a loop runs over a list, and this is an object");
  }

  override *entries(): MapIterator<[string, unknown]> {
    for (const key of this.#ownKeys()) yield [key, this.get(key)];
  }

  override [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.entries();
  }

  #ownKeys(): readonly string[] {
    const keys = Object.keys(this.#object);
    this.#meter.charge(0, keys.length);
    return keys;
  }
}
