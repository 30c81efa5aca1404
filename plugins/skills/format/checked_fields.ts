/**
 * Checks the fields that a program makes a value of: what is there has its type, and what is not has its default.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";

const MAX_SHOWN = 40;

/**
 * Gives a name as it is.
 *
 * @param action What fails without one, such as `declare a tool`.
 * @throws {TypeError} when it is missing, or no text.
 */
export function requireName(name: unknown, action: string): string {
  if (typeof name === "string") return name;
  throw new TypeError(`Cannot ${action}: "name" is ${name === undefined ? "missing" : "no text"}`);
}

/** The fields that a value is made of. Each way to read one throws a TypeError when it is of another type. */
export class CheckedFields {
  readonly #fields: JsonObject;
  readonly #action: string;

  /** @param action What fails when a field is wrong, such as `declare tool "a"`. */
  constructor(fields: object, action: string) {
    this.#fields = fields as JsonObject;
    this.#action = action;
  }

  /** Gives a text; an empty one by default. */
  text(key: string): string {
    return this.#read(key, { isFit: isText, wanted: "a text" }) ?? "";
  }

  /** Gives a flag; `false` by default. */
  flag(key: string): boolean {
    return this.#read(key, { isFit: isFlag, wanted: "true or false" }) ?? false;
  }

  /** Gives a whole number from 0 on. */
  count(key: string): number | undefined {
    return this.#read(key, { isFit: isCount, wanted: "a whole number from 0 on" });
  }

  /** Gives texts in a list of their own; an empty one by default. */
  texts(key: string): string[] {
    return [...this.#read(key, { isFit: isTexts, wanted: "a list of texts" }) ?? []];
  }

  /** Gives an object as it is. */
  object<T extends object = JsonObject>(key: string): T | undefined {
    return this.#read(key, { isFit: (value): value is T => isObject(value), wanted: "an object" });
  }

  #read<T>(
    key: string,
    { isFit, wanted }: { readonly isFit: (value: unknown) => value is T; readonly wanted: string },
  ): T | undefined {
    const value = this.#fields[key] ?? undefined;
    if (value === undefined || isFit(value)) return value;
    throw new TypeError(`Cannot ${this.#action}: "${key}" is ${show(value)}; expected ${wanted}`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function show(value: unknown): string {
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  if (typeof value === "function") return "a function";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
