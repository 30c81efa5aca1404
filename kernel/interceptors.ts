/**
 * The interceptors of a kernel.
 *
 * @module
 */
import type { Disposer, Interceptor } from "./plugin.ts";

/** Interceptors, the first to come outermost. */
export class Interceptors {
  // replaced, not changed: a call that runs goes through those that were there when it began
  #list: readonly Interceptor[] = [];

  get list(): readonly Interceptor[] {
    return this.#list;
  }

  /** Adds one; the disposer takes it away. */
  add(interceptor: Interceptor): Disposer {
    // an object of its own, so that one function may be added twice and taken away once
    const own: Interceptor = (invocation, next) => interceptor(invocation, next);
    this.#list = [...this.#list, own];
    return () => {
      this.#list = this.#list.filter((it) => it !== own);
    };
  }
}
