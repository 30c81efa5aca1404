/**
 * The evaluation of a value: a budget of steps, the path, the issues, and what is already evaluated for the
 * `unevaluated…` keywords.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { type Issue, MAX_ISSUES, show } from "../issue.ts";
import type { Resource } from "./document.ts";

/** Checks one keyword, or a few that belong together, against a value. */
export type Check = (value: unknown, run: Run, seen: Seen | undefined) => boolean;

/** A compiled subschema. Its checks are filled in after it is made, since schemas refer to each other in circles. */
export interface SchemaNode {
  readonly checks: Check[];
  /** Checks that look at what all others have evaluated. */
  readonly late: Check[];
  readonly resource: Resource | undefined;
  /** What it accepts, such as `string` or `"a" or "b"`, when that says it all in a few words. */
  readonly label: string | undefined;
  /** Whether it accepts nothing at all, as `false` does. */
  readonly isNever: boolean;
}

/** Most steps of one validation; a step costs some 20 to 100 ns. */
const MAX_STEPS = 3_000_000;
/** Most subschemas that are open at a time, so that the stack of the runtime is never used up. */
const MAX_DEPTH = 800;

/** Thrown when a validation has cost too much. */
class Stop extends Error {}

/** Keeps which keys and items have been evaluated at one place of the value. */
export class Seen {
  readonly keys: Set<string> = new Set();
  readonly items: Set<number> = new Set();
  hasAllKeys = false;
  hasAllItems = false;
  /** Items before this index are evaluated. */
  itemsBefore = 0;

  add(other: Seen): void {
    for (const key of other.keys) this.keys.add(key);
    for (const item of other.items) this.items.add(item);
    this.hasAllKeys ||= other.hasAllKeys;
    this.hasAllItems ||= other.hasAllItems;
    this.itemsBefore = Math.max(this.itemsBefore, other.itemsBefore);
  }

  hasItem(index: number): boolean {
    return this.hasAllItems || index < this.itemsBefore || this.items.has(index);
  }
}

/** One validation of one value. */
export class Run {
  readonly path: (string | number)[] = [];
  /** Resources entered so far, outermost first: where `$dynamicRef` looks. */
  readonly scope: Resource[] = [];
  /** `undefined` while only the verdict counts. */
  #issues: Issue[] | undefined = [];
  #steps = 0;
  #depth = 0;

  get issues(): readonly Issue[] {
    return this.#issues ?? [];
  }

  readonly spend = (steps: number): void => {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw new Stop(`checking stopped after ${MAX_STEPS} steps: the schema is too costly for a value of this size`);
    }
  };

  /** Whether issues are wanted still; if not, the verdict is enough. */
  get isReporting(): boolean {
    return this.#issues !== undefined && this.#issues.length < MAX_ISSUES;
  }

  /** Notes an issue at the current place; gives `false`, the verdict. A message that is dear to make is a function. */
  fail(message: string | (() => string)): false {
    if (this.isReporting) {
      this.report([{ path: [...this.path], message: typeof message === "string" ? message : message() }]);
    }
    return false;
  }

  /** Notes issues; those that are noted already, by another way to the same schema, only once. */
  report(issues: readonly Issue[]): void {
    this.spend(issues.length);
    for (const issue of issues) {
      const isKnown = this.#issues?.some((it) => it.message === issue.message && isSame(it.path, issue.path));
      if (this.isReporting && !isKnown) this.#issues!.push(issue);
    }
  }

  /** Applies a schema for its verdict alone. */
  test(node: SchemaNode, value: unknown, seen?: Seen): boolean {
    return this.#with(undefined, () => this.apply(node, value, seen));
  }

  /** Applies a schema for its issues alone. */
  trial(node: SchemaNode, value: unknown): Issue[] {
    const issues: Issue[] = [];
    this.#with(issues, () => this.apply(node, value, undefined));
    return issues;
  }

  #with<T>(issues: Issue[] | undefined, action: () => T): T {
    const outer = this.#issues;
    this.#issues = issues;
    try {
      return action();
    } finally {
      this.#issues = outer;
    }
  }

  /** Applies a schema to a member of the current value. */
  applyAt(key: string | number, node: SchemaNode, value: unknown): boolean {
    this.path.push(key);
    const isValid = this.apply(node, value, undefined);
    this.path.pop();
    return isValid;
  }

  /** Applies a schema to a value; `seen` receives what a successful one has evaluated. */
  apply(node: SchemaNode, value: unknown, seen: Seen | undefined): boolean {
    this.spend(1 + node.checks.length);
    if (++this.#depth > MAX_DEPTH) {
      throw new Stop(`more than ${MAX_DEPTH} schemas deep: the value is nested too deeply, or the schema without end`);
    }
    const isEntering = node.resource !== undefined && node.resource !== this.scope.at(-1);
    if (isEntering) this.scope.push(node.resource!);
    const own = seen !== undefined || node.late.length > 0 ? new Seen() : undefined;
    const isValid = this.#checkAll(node.checks, value, own) && this.#checkAll(node.late, value, own);
    if (isValid && seen !== undefined) {
      this.spend(own!.keys.size + own!.items.size);
      seen.add(own!);
    }
    if (isEntering) this.scope.pop();
    this.#depth--;
    return isValid;
  }

  #checkAll(checks: readonly Check[], value: unknown, own: Seen | undefined): boolean {
    let isValid = true;
    for (const check of checks) {
      if (check(value, this, own)) continue;
      isValid = false;
      if (!this.isReporting) break;
    }
    return isValid;
  }
}

function isSame(a: Issue["path"], b: Issue["path"]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

/** Validates a value; gives the issues, none when it is valid. Never throws. */
export function evaluate(root: SchemaNode, value: unknown): readonly Issue[] {
  const run = new Run();
  try {
    if (run.apply(root, value, undefined)) return [];
    return run.issues.length > 0 ? run.issues : [{ path: [], message: `found ${show(value)}, which does not fit` }];
  } catch (thrown) {
    const message = thrown instanceof Stop ? thrown.message : `cannot be checked: ${messageOf(thrown)}`;
    return [...run.issues.slice(0, MAX_ISSUES - 1), { path: [], message }];
  }
}

/**
 * Writes a value as text that is equal for equal JSON values, whatever the order of keys; this is how `const`, `enum`
 * and `uniqueItems` compare in linear time.
 */
export function canonical(value: unknown, spend: (steps: number) => void): string {
  const parts: string[] = [];
  const write = (item: unknown, depth: number): void => {
    spend(2);
    if (depth > MAX_DEPTH) throw new Stop(`the value is nested more than ${MAX_DEPTH} levels deep`);
    if (Array.isArray(item)) {
      parts.push("[");
      for (const it of item) {
        write(it, depth + 1);
        parts.push(",");
      }
      parts.push("]");
    } else if (typeof item === "object" && item !== null) {
      parts.push("{");
      const keys = Object.keys(item).sort();
      spend(4 * keys.length);
      for (const key of keys) {
        const member = (item as Record<string, unknown>)[key];
        if (member === undefined) continue;
        parts.push(JSON.stringify(key), ":");
        write(member, depth + 1);
        parts.push(",");
      }
      parts.push("}");
    } else {
      if (typeof item === "string") spend(item.length >> 4);
      parts.push(typeof item === "string" ? JSON.stringify(item) : String(item));
    }
  };
  write(value, 0);
  return parts.join("");
}
