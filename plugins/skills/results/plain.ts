/**
 * What results carry: the values of JSON. Both formats of results write what is made plain here, so that what one can
 * carry the other can as well.
 *
 * @module
 */
import { SkillValueError } from "../catalog/errors.ts";

/** An object of plain values. */
export interface PlainObject {
  [name: string]: Plain;
}

/** A value of JSON, of which nothing is shared. */
export type Plain = null | boolean | number | string | Plain[] | PlainObject;

/** How deep arrays and objects may lie in each other; readers of MessagePack and JSON have limits of their own. */
const MOST_LEVELS = 500;

/** Tells whether a value is an object that is neither an array nor of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // of an object of another realm the prototype is another, and has none either
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** How {@linkcode toPlain} copies. */
export interface ToPlainOptions {
  /** Writes what JSON does not have as text; `false` by default: it is refused. */
  readonly isLenient?: boolean | undefined;
}

/**
 * Copies a value as JSON has it: members that are `undefined` are left out, and what has `toJSON` is replaced by what
 * that gives.
 *
 * @param value The value.
 * @param path Names the value in errors.
 * @param options Whether what JSON does not have becomes text.
 * @throws {SkillValueError} when it lies in itself or deeper than 500 levels; and for what JSON does not have: a
 * `bigint`, a number that is not finite, a function, a symbol, an object of a class, and the name `__proto__`.
 */
export function toPlain(value: unknown, path: string, { isLenient = false }: ToPlainOptions = {}): Plain {
  return new Copier(isLenient).copy(value, path);
}

class Copier {
  readonly #isLenient: boolean;
  /** What the value at hand lies in. */
  readonly #above = new Set<object>();

  constructor(isLenient: boolean) {
    this.#isLenient = isLenient;
  }

  copy(value: unknown, path: string): Plain {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : this.#coerce(value, path, String(value));
      case "object":
        return value === null ? null : this.#copyObject(value, path);
      default:
        return this.#coerce(value, path, `a ${typeof value}`);
    }
  }

  #copyObject(value: object, path: string): Plain {
    if (this.#above.has(value)) throw unserialisable(path, "it lies within itself");
    if (this.#above.size === MOST_LEVELS) throw unserialisable(path, `it lies deeper than ${MOST_LEVELS} levels`);
    this.#above.add(value);
    try {
      if ("toJSON" in value && typeof value.toJSON === "function") return this.copy(value.toJSON(), path);
      if (Array.isArray(value)) return Array.from(value, (item, i) => this.copy(item ?? null, `${path}[${i}]`));
      if (isPlainObject(value)) return this.#copyMembers(value, path);
      return this.#coerce(value, path, `an object of class "${value.constructor?.name}"`);
    } finally {
      this.#above.delete(value);
    }
  }

  #copyMembers(value: Record<string, unknown>, path: string): PlainObject {
    const copies: [string, Plain][] = [];
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      if (name === "__proto__") throw unserialisable(path, 'it has a member "__proto__", which readers refuse');
      copies.push([name, this.copy(member, `${path}.${name}`)]);
    }
    return Object.fromEntries(copies);
  }

  #coerce(value: unknown, path: string, what: string): string {
    if (!this.#isLenient) throw unserialisable(path, `it is ${what}, which JSON does not have`);
    return typeof value === "number" ? String(value) : textOf(value);
  }
}

function unserialisable(path: string, reason: string): SkillValueError {
  return new SkillValueError("DATA_INVALID", `Cannot serialise the result: "${path}": ${reason}`);
}

/** Gives a text for any value: itself, its JSON, or what JavaScript calls it. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value === "bigint" ? String(value) : Object.prototype.toString.call(value);
  }
}
