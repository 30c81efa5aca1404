/**
 * Kinds of value that a setting can have: how it is read from a word, and its JSON Schema.
 *
 * @module
 */
import type { JsonSchema } from "../schema.ts";

/** One kind of value. */
export interface Kind<T> {
  /** Stands for the value in help, such as `PORT`; absent for a switch. */
  readonly placeholder?: string;
  /** Completes "expected …". */
  readonly expected: string;
  readonly choices?: readonly string[];
  readonly schema: JsonSchema;
  /** Reads a word; `undefined` when it does not fit. */
  parse(text: string, expand: (path: string) => string): T | undefined;
}

/** One of several words; aliases are read as the word they stand for. */
export function oneOf<const T extends string>(
  words: readonly T[],
  aliases: Readonly<Record<string, NoInfer<T>>> = {},
): Kind<T> {
  const choices = [...words, ...Object.keys(aliases)];
  return {
    placeholder: choices.join("|"),
    expected: `one of ${choices.join(", ")}`,
    choices,
    schema: { type: "string", enum: choices },
    parse: (text) => words.find((word) => word === text) ?? (Object.hasOwn(aliases, text) ? aliases[text] : undefined),
  };
}

/** A whole number within bounds. */
export function numberFrom(least: number, most: number): Kind<number> {
  return {
    placeholder: "NUMBER",
    expected: `a whole number from ${least} to ${most}`,
    schema: { type: "integer", minimum: least, maximum: most },
    parse(text) {
      const number = /^\d+$/.test(text) ? Number(text) : NaN;
      return number >= least && number <= most ? number : undefined;
    },
  };
}

/** A text that is not empty. */
export function text(placeholder: string): Kind<string> {
  return {
    placeholder,
    expected: "a text that is not empty",
    schema: { type: "string", minLength: 1 },
    parse: (text) => text.trim() === "" ? undefined : text,
  };
}

/** A path, made absolute. */
export function path(placeholder: string): Kind<string> {
  return {
    placeholder,
    expected: "a path",
    schema: { type: "string", minLength: 1 },
    parse: (text, expand) => text === "" ? undefined : expand(text),
  };
}

const ON: readonly string[] = ["true", "1", "yes", "on"];
const OFF: readonly string[] = ["false", "0", "no", "off"];

/** On or off; in few words where a mistaken one would open what was meant to be closed. */
export function switched({ isStrict = false }: { readonly isStrict?: boolean } = {}): Kind<boolean> {
  const [on, off] = isStrict ? [ON.slice(0, 2), OFF.slice(0, 2)] : [ON, OFF];
  return {
    expected: isStrict ? "1, true, 0 or false" : "true or false",
    schema: { type: "boolean" },
    parse: (text) => on.includes(text.toLowerCase()) ? true : off.includes(text.toLowerCase()) ? false : undefined,
  };
}

/** Several texts, with commas between them. */
export function listOf(placeholder: string): Kind<readonly string[]> {
  return {
    placeholder,
    expected: "texts with commas between them",
    schema: { type: "array", items: { type: "string", minLength: 1 } },
    parse(text) {
      const items = text.split(",").map((item) => item.trim());
      return items.includes("") ? undefined : items;
    },
  };
}
