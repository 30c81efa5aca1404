/**
 * The checks of single values: types, constants, numbers, strings, sizes.
 *
 * @module
 */
import { isObject } from "../content.ts";
import { clip, show, typeName } from "../issue.ts";
import { canonical, type Check } from "./evaluate.ts";
import { FORMATS } from "./formats.ts";
import type { Pattern, Spend } from "./pattern.ts";

/** Makes the check of a keyword from its value. */
export type CheckMaker = (value: never) => Check | undefined;

const free = (): void => {};

/** Words a list of choices: `a`, `a or b`, `a, b or c`. */
export function either(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/** Checks `type`. */
export function checkType(types: readonly string[]): Check {
  const expected = either(types);
  return (value, run) => {
    const type = typeName(value);
    if (types.includes(type) || (type === "number" && types.includes("integer") && Number.isInteger(value))) {
      return true;
    }
    return run.fail(`expected ${expected}, found ${type === "number" ? show(value) : type}`);
  };
}

/** Checks `const` and `enum`. */
export function checkValues(values: readonly unknown[]): Check {
  const wanted = new Set(values.map((it) => canonical(it, free)));
  const label = labelOf(values);
  return (value, run) => wanted.has(canonical(value, run.spend)) || run.fail(`expected ${label}, found ${show(value)}`);
}

/** Words the values of an `enum`; a long list is cut. */
export function labelOf(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((it) => clip(JSON.stringify(it)));
  return values.length > 20 ? `one of ${shown.join(", ")}, …` : either(shown);
}

function ofNumber(isRight: (value: number) => boolean, expected: string): Check {
  return (value, run) =>
    typeof value !== "number" || isRight(value) || run.fail(`expected ${expected}, found ${show(value)}`);
}

function ofSize(
  sizeOf: (value: unknown, spend: Spend) => number | undefined,
  [limit, isMost]: readonly [number, boolean],
  [one, many]: readonly [string, string],
): Check {
  return (value, run) => {
    const size = sizeOf(value, run.spend);
    if (size === undefined || (isMost ? size <= limit : size >= limit)) return true;
    const bound = isMost ? "at most" : "at least";
    return run.fail(`expected ${bound} ${limit} ${limit === 1 ? one : many}, found ${size}`);
  };
}

const ITEMS = ["item", "items"] as const;
const KEYS = ["key", "keys"] as const;
const CHARACTERS = ["character", "characters"] as const;

function itemsOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function keysOf(value: unknown, spend: Spend): number | undefined {
  if (!isObject(value)) return undefined;
  const { length } = Object.keys(value);
  spend(2 * length);
  return length;
}

function charactersOf(value: unknown, spend: Spend): number | undefined {
  if (typeof value !== "string") return undefined;
  spend(value.length >> 4);
  let pairs = 0;
  for (let i = 1; i < value.length; i++) {
    const isPair = (value.charCodeAt(i) & 0xfc00) === 0xdc00 && (value.charCodeAt(i - 1) & 0xfc00) === 0xd800;
    if (isPair) pairs++;
  }
  return value.length - pairs;
}

function checkMultiple(divisor: number): Check {
  return (value, run) =>
    typeof value !== "number" || isMultiple(value, divisor, run.spend) ||
    run.fail(`expected a multiple of ${divisor}, found ${value}`);
}

// in whole numbers, since 0.3 % 0.1 is not 0
function isMultiple(value: number, divisor: number, spend: Spend): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const [digits, exponent] = toDecimal(value);
  const [divisorDigits, divisorExponent] = toDecimal(divisor);
  spend(10 + Math.abs(exponent - divisorExponent));
  const shift = exponent - divisorExponent;
  return shift >= 0
    ? digits * 10n ** BigInt(shift) % divisorDigits === 0n
    : digits % (divisorDigits * 10n ** BigInt(-shift)) === 0n;
}

function toDecimal(value: number): [digits: bigint, exponent: number] {
  const [mantissa = "0", exponent = "0"] = String(Number.isFinite(value) ? Math.abs(value) : 0).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

function checkUnique(isUnique: boolean): Check | undefined {
  if (!isUnique) return undefined;
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    const first = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      run.spend(4);
      const text = canonical(item, run.spend);
      const earlier = first.get(text);
      if (earlier !== undefined) return run.fail(`expected no duplicates, found items ${earlier} and ${index} equal`);
      first.set(text, index);
    }
    return true;
  };
}

function checkFormat(name: string): Check | undefined {
  const format = FORMATS.get(name);
  if (format === undefined) return undefined;
  return (value, run) => {
    if (typeof value !== "string") return true;
    run.spend(value.length >> 2);
    return format(value) || run.fail(`expected the format "${name}", found ${show(value)}`);
  };
}

function checkRequired(keys: readonly string[]): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    run.spend(keys.length);
    const missing = keys.filter((key) => !hasKey(value, key));
    for (const key of missing) failMissing(key, "missing", run);
    return missing.length === 0;
  };
}

/** Tells whether an object has a key of its own; an undefined value is no value, as in JSON. */
export function hasKey(value: Record<string, unknown>, key: string): boolean {
  return Object.hasOwn(value, key) && value[key] !== undefined;
}

function failMissing(key: string, message: string, run: Parameters<Check>[1]): false {
  run.path.push(key);
  run.fail(message);
  run.path.pop();
  return false;
}

/** Checks `dependentRequired`, and the lists of the older `dependencies`. */
export function checkDependentRequired(dependents: Readonly<Record<string, unknown>>): Check {
  const entries = Object.entries(dependents).filter((it): it is [string, string[]] => Array.isArray(it[1]));
  return (value, run) => {
    if (!isObject(value)) return true;
    let isValid = true;
    for (const [given, keys] of entries) {
      run.spend(1 + keys.length);
      if (!hasKey(value, given)) continue;
      for (const key of keys) {
        if (!hasKey(value, key)) isValid = failMissing(key, `missing, needed beside "${given}"`, run);
      }
    }
    return isValid;
  };
}

/** Checks `pattern`. */
export function checkPattern(pattern: Pattern, source: string): Check {
  return (value, run) =>
    typeof value !== "string" || pattern.test(value, run.spend) ||
    run.fail(`expected a match of the pattern ${show(source).slice(1, -1)}, found ${show(value)}`);
}

/** Checks of keywords that stand for themselves. */
export const SIMPLE_CHECKS: ReadonlyMap<string, CheckMaker> = new Map<string, CheckMaker>([
  ["type", (types: string | string[]) => checkType([types].flat())],
  ["const", (value: unknown) => checkValues([value])],
  ["enum", checkValues],
  ["multipleOf", checkMultiple],
  ["minLength", (limit: number) => ofSize(charactersOf, [limit, false], CHARACTERS)],
  ["maxLength", (limit: number) => ofSize(charactersOf, [limit, true], CHARACTERS)],
  ["minItems", (limit: number) => ofSize(itemsOf, [limit, false], ITEMS)],
  ["maxItems", (limit: number) => ofSize(itemsOf, [limit, true], ITEMS)],
  ["minProperties", (limit: number) => ofSize(keysOf, [limit, false], KEYS)],
  ["maxProperties", (limit: number) => ofSize(keysOf, [limit, true], KEYS)],
  ["uniqueItems", checkUnique],
  ["format", checkFormat],
  ["required", checkRequired],
  ["dependentRequired", checkDependentRequired],
]);

/** Checks the limits of numbers; the exclusive ones of draft 4 are booleans beside `minimum` and `maximum`. */
export function limitChecks(schema: Readonly<Record<string, unknown>>): Check[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const checks: Check[] = [];
  const above = exclusiveMinimum === true ? minimum : exclusiveMinimum;
  const below = exclusiveMaximum === true ? maximum : exclusiveMaximum;
  if (typeof above === "number") checks.push(ofNumber((it) => it > above, `a number above ${above}`));
  if (typeof below === "number") checks.push(ofNumber((it) => it < below, `a number below ${below}`));
  if (typeof minimum === "number") checks.push(ofNumber((it) => it >= minimum, `at least ${minimum}`));
  if (typeof maximum === "number") checks.push(ofNumber((it) => it <= maximum, `at most ${maximum}`));
  return checks;
}
