/**
 * What the parts of the contract suite share.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isToolError } from "../../kernel/mod.ts";
import type { Namespace, OverQuota, ScanOptions, Store } from "./contract.ts";

/** Registers a test on an empty store; `namespace` is one of it. */
export type Check = (title: string, run: (namespace: Namespace, store: Store) => Promise<void>) => void;

/** Lists keys. */
export async function keysOf(namespace: Namespace, options: ScanOptions = {}): Promise<readonly string[]> {
  const { items } = await namespace.keys({ limit: 1000, ...options });
  return items.map(({ key }) => key);
}

/** Expects a `ToolError`. */
export async function refuses(promise: Promise<unknown>, message: RegExp, data?: OverQuota): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(isToolError(error), `not a ToolError: ${error}`);
    assert.match(error.message, message);
    if (data !== undefined) assert.deepEqual(error.data, data);
    return true;
  });
}

/** Waits until something holds, 10 s at most. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!await holds()) {
    assert.ok(performance.now() < end, `not within 10 s: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
