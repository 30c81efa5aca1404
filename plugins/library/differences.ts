/**
 * What differs between two JSON values, by path.
 *
 * @module
 */
import { isObject, type Issue } from "../../kernel/mod.ts";

/** Most differences that are looked for. */
const MOST = 11;
/** Deeper than any value that a person compares, and far from where the stack ends. */
const DEEPEST = 500;
const LONGEST = 80;

/**
 * Compares a value with what was expected: objects by their members in any order, lists by their items in order,
 * numbers by value.
 *
 * @returns The first 11 differences, in the order of what was expected; none when the values are equal.
 */
export function findDifferences(expected: unknown, found: unknown): readonly Issue[] {
  const issues: Issue[] = [];
  compare(expected, found, { path: [], issues });
  return issues;
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly issues: Issue[];
}

function compare(expected: unknown, found: unknown, { path, issues }: Place): void {
  if (issues.length >= MOST || expected === found) return;
  if (path.length > DEEPEST) {
    issues.push({ path: path.slice(0, 3), message: `nested more than ${DEEPEST} deep, which is not compared` });
    return;
  }
  const at = (key: string | number) => ({ path: [...path, key], issues });
  if (Array.isArray(expected) && Array.isArray(found)) {
    for (let i = 0; i < Math.max(expected.length, found.length) && issues.length < MOST; i++) {
      compare(expected[i], found[i], at(i));
    }
  } else if (isObject(expected) && isObject(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      compare(memberOf(expected, key), memberOf(found, key), at(key));
    }
  } else {
    issues.push({ path, message: describe(expected, found) });
  }
}

function memberOf(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function describe(expected: unknown, found: unknown): string {
  if (typeof expected !== "string" || typeof found !== "string" || Math.min(expected.length, found.length) < LONGEST) {
    return `expected ${showValue(expected)}, found ${showValue(found)}`;
  }
  let at = 0;
  while (expected[at] === found[at]) at++;
  const from = Math.max(0, at - 10);
  const [wanted, got] = [expected, found].map((text) => showValue(text.slice(from, from + LONGEST)));
  return `texts differ from character ${at + 1} on: expected … ${wanted}, found … ${got}`;
}

/**
 * Shows a value as JSON, shortened.
 *
 * @param longest Most characters; 80 by default.
 */
export function showValue(value: unknown, longest: number = LONGEST): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
