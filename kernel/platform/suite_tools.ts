/**
 * What the contract suites share.
 *
 * @module
 */
import type { Disposer } from "../plugin.ts";

/** What a suite works on, made anew for each test. */
export interface Provided<T> {
  readonly value: T;
  /** Undoes the making; runs after each test. */
  readonly dispose?: Disposer;
}

/** The assertions that suites use; those of `node:assert`, without narrowing, which needs a declaration of each name. */
export interface Assertions {
  ok(value: unknown, message?: string): void;
  equal(actual: unknown, expected: unknown, message?: string): void;
  deepEqual(actual: unknown, expected: unknown, message?: string): void;
  match(actual: string, expected: RegExp, message?: string): void;
  throws(run: () => unknown, expected: object): void;
  rejects(promise: Promise<unknown>, expected: object, message?: string): Promise<void>;
}

/** What the tests of a suite are given. */
export interface SuiteTools<T> {
  /** Registers a test that runs on a value of its own. */
  test(fact: string, run: (value: T) => Promise<void>): void;
  readonly assert: Assertions;
}

/** Loads the test runner for a suite. */
export async function openSuite<T>(
  name: string,
  make: () => Provided<T> | Promise<Provided<T>>,
): Promise<SuiteTools<T>> {
  const [{ test }, { default: assert }] = await Promise.all([import("node:test"), import("node:assert/strict")]);
  return {
    assert,
    test(fact, run) {
      test(`${name} ${fact}`, async () => {
        const { value, dispose } = await make();
        try {
          await run(value);
        } finally {
          await dispose?.();
        }
      });
    },
  };
}

/** Makes a source of numbers in [0, 1) that a seed repeats. Source: mulberry32 by Tommy Ettinger. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
