/**
 * The checks that apply subschemas: to members and items, as alternatives, on conditions, and by reference.
 *
 * @module
 */
import { isObject } from "../content.ts";
import { type Issue, show } from "../issue.ts";
import { didYouMean } from "../near_names.ts";
import { either, hasKey } from "./checks.ts";
import { type Check, type Run, type SchemaNode, Seen } from "./evaluate.ts";
import type { Pattern } from "./pattern.ts";

const MAX_CANDIDATES = 200;
const MAX_KEY_LENGTH = 64;

/** The subschemas for the members of an object. */
export interface Members {
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly patterns: readonly { readonly pattern: Pattern; readonly node: SchemaNode }[];
  /** For members that no other names. */
  readonly additional: SchemaNode | undefined;
}

/** Says that a key is not known, and which ones are near. */
export function unknownKey(key: string, known: Iterable<string>): string {
  const isLong = key.length > MAX_KEY_LENGTH;
  const candidates = isLong ? [] : [...known].filter((it) => it.length <= MAX_KEY_LENGTH).slice(0, MAX_CANDIDATES);
  return `unknown key ${show(key)}${didYouMean(key, candidates)}`;
}

/** Checks `properties`, `patternProperties` and `additionalProperties`. */
export function checkMembers({ properties, patterns, additional }: Members): Check {
  return (value, run, seen) => {
    if (!isObject(value)) return true;
    let isValid = true;
    for (const key of Object.keys(value)) {
      run.spend(2);
      if (value[key] === undefined) continue;
      const nodes = patterns.filter(({ pattern }) => pattern.test(key, run.spend)).map(({ node }) => node);
      const named = properties.get(key);
      if (named !== undefined) nodes.push(named);
      if (nodes.length > 0) seen?.keys.add(key);
      else if (additional?.isNever) isValid = run.fail(() => unknownKey(key, properties.keys()));
      else if (additional !== undefined) nodes.push(additional);
      for (const node of nodes) isValid = run.applyAt(key, node, value[key]) && isValid;
      if (!isValid && !run.isReporting) return false;
    }
    if (additional !== undefined && seen !== undefined) seen.hasAllKeys = true;
    return isValid;
  };
}

/** Checks `unevaluatedProperties`, after all others. */
export function checkOtherMembers(node: SchemaNode): Check {
  return (value, run, seen) => {
    if (!isObject(value) || seen!.hasAllKeys) return true;
    let isValid = true;
    for (const key of Object.keys(value)) {
      run.spend(2);
      if (!isValid && !run.isReporting) return false;
      if (seen!.keys.has(key) || value[key] === undefined) continue;
      if (node.isNever) isValid = run.fail(() => unknownKey(key, seen!.keys));
      else isValid = run.applyAt(key, node, value[key]) && isValid;
    }
    seen!.hasAllKeys = true;
    return isValid;
  };
}

/** Checks `propertyNames`. */
export function checkNames(node: SchemaNode): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    let isValid = true;
    for (const key of Object.keys(value)) {
      if (run.test(node, key)) continue;
      const [issue] = run.isReporting ? run.trial(node, key) : [];
      isValid = run.fail(`the key ${show(key)} is not allowed: ${issue?.message ?? "it does not fit"}`);
      if (!run.isReporting) return false;
    }
    return isValid;
  };
}

/** Checks `dependentSchemas`. */
export function checkDependents(dependents: ReadonlyMap<string, SchemaNode>): Check {
  return (value, run, seen) => {
    if (!isObject(value)) return true;
    let isValid = true;
    for (const [key, node] of dependents) {
      run.spend(1);
      if (!isValid && !run.isReporting) return false;
      if (hasKey(value, key)) isValid = run.apply(node, value, seen) && isValid;
    }
    return isValid;
  };
}

/** Checks `prefixItems` and `items`. */
export function checkItems(prefix: readonly SchemaNode[], rest: SchemaNode | undefined): Check {
  return (value, run, seen) => {
    if (!Array.isArray(value)) return true;
    const end = rest === undefined ? Math.min(prefix.length, value.length) : value.length;
    let isValid = true;
    for (let index = 0; index < end; index++) {
      const node = prefix[index] ?? rest!;
      if (node.isNever) return run.fail(`expected at most ${index} items, found ${value.length}`);
      isValid = run.applyAt(index, node, value[index]) && isValid;
      if (!isValid && !run.isReporting) return false;
    }
    if (seen !== undefined) {
      seen.itemsBefore = Math.max(seen.itemsBefore, end);
      seen.hasAllItems ||= rest !== undefined;
    }
    return isValid;
  };
}

/** Checks `unevaluatedItems`, after all others. */
export function checkOtherItems(node: SchemaNode): Check {
  return (value, run, seen) => {
    if (!Array.isArray(value) || seen!.hasAllItems) return true;
    let isValid = true;
    for (const [index, item] of value.entries()) {
      run.spend(1);
      if (!isValid && !run.isReporting) return false;
      if (!seen!.hasItem(index)) isValid = run.applyAt(index, node, item) && isValid;
    }
    seen!.hasAllItems = true;
    return isValid;
  };
}

/** Checks `contains` with its bounds. */
export function checkContains(node: SchemaNode, min: number, max: number): Check {
  return (value, run, seen) => {
    if (!Array.isArray(value)) return true;
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (!run.test(node, item)) continue;
      count++;
      seen?.items.add(index);
    }
    if (count >= min && count <= max) return true;
    const what = node.label === undefined ? "fit" : `be ${node.label}`;
    const bound = count < min ? `at least ${min}` : `at most ${max}`;
    return run.fail(`expected ${bound} of the items to ${what}, found ${count}`);
  };
}

/** Checks `allOf`, and references: every schema applies to the same value. */
export function checkAll(nodes: readonly SchemaNode[]): Check {
  return (value, run, seen) => {
    let isValid = true;
    for (const node of nodes) {
      isValid = run.apply(node, value, seen) && isValid;
      if (!isValid && !run.isReporting) return false;
    }
    return isValid;
  };
}

/** Checks `anyOf`. */
export function checkAny(nodes: readonly SchemaNode[]): Check {
  return (value, run, seen) => {
    let isValid = false;
    for (const node of nodes) {
      // without `unevaluated…` above, one that fits is enough
      if (isValid && seen === undefined) break;
      isValid = run.test(node, value, seen) || isValid;
    }
    return isValid || failAlternatives(nodes, value, run);
  };
}

/** Checks `oneOf`. */
export function checkOne(nodes: readonly SchemaNode[]): Check {
  return (value, run, seen) => {
    const fitting: Seen[] = [];
    for (const node of nodes) {
      const own = new Seen();
      if (run.test(node, value, own)) fitting.push(own);
    }
    if (fitting.length === 0) return failAlternatives(nodes, value, run);
    if (fitting.length > 1) return run.fail(`fits ${fitting.length} of the alternatives, expected exactly one`);
    seen?.add(fitting[0]!);
    return true;
  };
}

function failAlternatives(nodes: readonly SchemaNode[], value: unknown, run: Run): false {
  if (!run.isReporting) return false;
  const labels = [...new Set(nodes.map((it) => it.label))].filter((it) => it !== undefined);
  const isPlain = nodes.every((it) => it.label !== undefined);
  if (isPlain && labels.length > 0) return run.fail(`expected ${either(labels)}, found ${show(value)}`);
  // the alternative with the fewest complaints is most likely the one that was meant
  let nearest: { readonly issues: Issue[]; readonly index: number } | undefined;
  for (const [index, node] of nodes.entries()) {
    const issues = run.trial(node, value);
    if (nearest === undefined || issues.length < nearest.issues.length) nearest = { issues, index };
  }
  run.fail(`fits none of the ${nodes.length} alternatives; the nearest is number ${(nearest?.index ?? 0) + 1}`);
  run.report(nearest?.issues ?? []);
  return false;
}

/** Checks `not`. */
export function checkNot(node: SchemaNode): Check {
  return (value, run) =>
    !run.test(node, value) ||
    run.fail(`found ${show(value)}, expected anything but ${node.label ?? "what the schema excludes"}`);
}

/** Checks `if`, `then` and `else`. */
export function checkIf(condition: SchemaNode, then: SchemaNode | undefined, otherwise: SchemaNode | undefined): Check {
  return (value, run, seen) => {
    const branch = run.test(condition, value, seen) ? then : otherwise;
    return branch === undefined || run.apply(branch, value, seen);
  };
}

/** Checks `$dynamicRef`: `find` looks for the anchor in the resources on the way here. */
export function checkDynamic(target: SchemaNode, find: (run: Run) => SchemaNode | undefined): Check {
  return (value, run, seen) => run.apply(find(run) ?? target, value, seen);
}
