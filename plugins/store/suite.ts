/**
 * The contract suite of `Store`, for whoever provides it. Call it at the top level of a test file.
 *
 * ```ts ignore
 * import { testStore } from "./suite.ts";
 * import { memoryStore } from "./mod.ts";
 *
 * testStore("memory", () => {
 *   const store = memoryStore();
 *   return { value: store, dispose: () => store.close() };
 * });
 * ```
 *
 * @module
 */
import { describe, test } from "node:test";
import type { Disposer } from "../../kernel/mod.ts";
import type { Store } from "./contract.ts";
import { testChanges, testExpiry, testNamespaces, testScans } from "./reads_suite.ts";
import type { Check } from "./suite_tools.ts";
import { testConditions, testLimits, testValues } from "./writes_suite.ts";

/** A store to test, empty. */
export interface ProvidedStore {
  readonly value: Store;
  /** Undoes the making; runs after each test. */
  readonly dispose?: Disposer;
}

/**
 * Registers the tests that every provider of `Store` passes.
 *
 * @param name Names the provider in the titles.
 * @param make Makes a new, empty store for one test.
 */
export function testStore(name: string, make: () => ProvidedStore | Promise<ProvidedStore>): void {
  const check: Check = (title, run) =>
    void test(title, async () => {
      const { value, dispose } = await make();
      try {
        await run(value.namespace("suite"), value);
      } finally {
        await dispose?.();
      }
    });
  describe(`Store contract: ${name}`, () => {
    testValues(check);
    testConditions(check);
    testScans(check);
    testExpiry(check);
    testLimits(check);
    testChanges(check);
    testNamespaces(check);
  });
}
