/**
 * What references read: the values of a run by name, and the way into them.
 *
 * @module
 */
import { didYouMean, isObject, ToolError } from "../../../kernel/mod.ts";
import { formatReference, type Reference } from "./reference.ts";

/** The values that references may read, by name; a `Map` is one. Values are JSON, and nobody changes them. */
export interface Values extends Pick<ReadonlyMap<string, unknown>, "get" | "has" | "keys"> {
  /** Says why a name that is known has no value, such as `it was skipped`. */
  readonly explain?: ((name: string) => string | undefined) | undefined;
}

/** Names that are listed in a message. */
const MOST_LISTED = 10;
/** Names among which near ones are looked for. */
const MOST_COMPARED = 1_000;
/** Characters of a name, or of a reference, that are shown; longer names are not compared. */
const MOST_SHOWN = 100;
const INDEX_REGEXP = /^(?:0|[1-9]\d{0,14})$/;

/**
 * Reads the value of a reference. Only what an object itself has is found, never what all objects inherit.
 *
 * @throws {ToolError} that names the step, the way, and what there is, when there is no such value.
 */
export function lookUp(reference: Reference, values: Values): unknown {
  const { name, keys } = reference;
  if (!values.has(name)) throw noValue(reference, values);
  let value = values.get(name);
  for (const [depth, key] of keys.entries()) {
    const next = readKey(value, key);
    if (next === undefined) throw noKey(reference, depth, value);
    value = next;
  }
  return value ?? null;
}

/** Tells whether a reference has a value. */
export function hasValue({ name, keys }: Reference, values: Values): boolean {
  if (!values.has(name)) return false;
  let value = values.get(name);
  return keys.every((key) => (value = readKey(value, key)) !== undefined);
}

function readKey(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return isIndex(key) ? value[Number(key)] : undefined;
  // a key in digits is a name where there is an object
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

// `.0` is an index where there is a list
function isIndex(key: string | number): boolean {
  return typeof key === "number" || INDEX_REGEXP.test(key);
}

function noValue({ name, text }: Reference, values: Values): ToolError {
  const why = values.explain?.(name);
  if (why !== undefined) return new ToolError(`Cannot read ${clip(text)}: "${clip(name)}" has no value, ${why}`);
  const names = first(values.keys(), MOST_COMPARED);
  return new ToolError(
    `Cannot read ${clip(text)}: nothing named "${clip(name)}" has a value here; there is ` +
      `${list(names.map((it) => `$${it}`))}${near(name, names)}; write $$ in place of $ if no reference is meant`,
  );
}

function noKey({ name, keys, text }: Reference, depth: number, value: unknown): ToolError {
  const key = keys[depth]!;
  const whole = formatReference(name, keys.slice(0, depth));
  return new ToolError(`Cannot read ${clip(text)}: ${clip(whole)} ${describeLack(value, key)}`);
}

function describeLack(value: unknown, key: string | number): string {
  const wanted = clip(JSON.stringify(key));
  if (Array.isArray(value)) {
    if (!isIndex(key)) return `is a list of ${value.length}, which has no ${wanted}; write an index, such as [0]`;
    return value.length === 0
      ? "is an empty list"
      : `is a list of ${value.length}, which has no [${key}]; its indexes are 0 to ${value.length - 1}`;
  }
  if (!isObject(value)) {
    return `is ${kindOf(value)}, not ${typeof key === "number" ? "a list" : "an object"}: ` +
      `it has no ${wanted}`;
  }
  const names = first(keysOf(value), MOST_COMPARED);
  if (names.length === 0) return `is an empty object: it has no ${wanted}`;
  const quoted = names.map((it) => JSON.stringify(it));
  return `has no ${wanted}; it has ${list(quoted)}${near(String(key), names)}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}

// without a list of all keys, of which there may be many
function* keysOf(value: Readonly<Record<string, unknown>>): Iterable<string> {
  for (const key in value) if (Object.hasOwn(value, key)) yield key;
}

function first(names: Iterable<string>, most: number): string[] {
  const found: string[] = [];
  for (const name of names) {
    if (found.length === most) break;
    found.push(name);
  }
  return found;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, MOST_LISTED).map(clip);
  return names.length > MOST_LISTED ? `${shown.join(", ")} and more` : shown.join(", ");
}

// long names are compared for longer than anyone gains by it
function near(name: string, names: readonly string[]): string {
  return name.length > MOST_SHOWN ? "" : didYouMean(name, names.filter((it) => it.length <= MOST_SHOWN));
}

function clip(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}
