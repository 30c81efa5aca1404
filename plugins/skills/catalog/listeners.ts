/**
 * Those who are told of changes.
 *
 * @module
 */
import type { Disposer } from "../../../kernel/mod.ts";

/** Tells listeners, each of them, whatever another throws. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Adds a listener; the disposer takes it away. */
  add(listener: (value: T) => void): Disposer {
    // a wrapper of its own, so that one function may listen twice and be removed once
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells all of them. What one throws is thrown after this turn: whoever made the change has no part in it. */
  tell(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
