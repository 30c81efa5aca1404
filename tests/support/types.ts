/**
 * Types about types: a line that is wrong does not compile.
 *
 * @module
 */

/** Is `true` when two types are the same, `any` and `unknown` told apart. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Accepts `true` alone. */
export type Expect<T extends true> = T;
