/**
 * What was used last, of which so many are kept. The server and a worker both keep such a list of what the worker has,
 * and since both see the same uses, the lists are equal without a word about it.
 *
 * @module
 */

/** How many modules, and how many bundles, a worker keeps. */
export const MOST_KEPT = 32;

/** Keeps the items that were used last. */
export class Kept<T> {
  readonly #items = new Map<string, T>();
  readonly #most: number;

  constructor(most: number = MOST_KEPT) {
    this.#most = most;
  }

  /** Tells whether an item is kept; this is no use of it. */
  has(key: string): boolean {
    return this.#items.has(key);
  }

  /**
   * Uses an item, and keeps it if it is given and was not kept.
   *
   * @returns The item; `undefined` when it is neither kept nor given.
   */
  use(key: string, given: T | undefined): T | undefined {
    const item = this.#items.get(key) ?? given;
    if (item === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, item);
    if (this.#items.size > this.#most) this.#items.delete(this.#items.keys().next().value!);
    return item;
  }
}
