/**
 * Tokens: typed values by which plugins name what they need, offer and announce.
 *
 * A token and the interface it stands for share one name, so that `import { Memory }` brings both. Tokens are
 * compared by `id`, never by identity: a plugin built against another copy of the kernel still matches.
 *
 * @module
 */

declare const TYPE: unique symbol;

/** Names a capability that one plugin provides and others require. */
export interface Contract<T> {
  readonly kind: "contract";
  /** Identifies the contract across copies of the kernel; lower case, words joined by `-`. */
  readonly id: string;
  readonly [TYPE]?: (value: T) => T;
}

/** Names a capability that a plugin uses when it is there; the value is `undefined` otherwise. */
export interface OptionalContract<T> {
  readonly kind: "optional";
  /** Equals the `id` of the contract it was made from. */
  readonly id: string;
  readonly [TYPE]?: (value: T) => T;
}

/** Names something that happens, and the type of what is said about it. */
export interface Event<P> {
  readonly kind: "event";
  /** Has the form `owner:thing-happened`. */
  readonly id: string;
  readonly [TYPE]?: (payload: P) => P;
}

/** Names the contracts that a plugin needs, by the key under which it finds them. */
// deno-lint-ignore no-explicit-any -- contracts of any type stand side by side here; each keeps its own type below
export type Requires = Readonly<Record<string, Contract<any> | OptionalContract<any>>>;

/** Gives the values of a {@linkcode Requires} map: `T` for a contract, `T | undefined` for an optional one. */
export type Resolved<R extends Requires> = {
  readonly [K in keyof R]: R[K] extends Contract<infer T> ? T
    : R[K] extends OptionalContract<infer T> ? T | undefined
    : never;
};

/**
 * Makes the token of a contract.
 *
 * @example Declare a contract
 * ```ts
 * import { type Contract, contract } from "collet";
 *
 * interface Greeter { greet(name: string): string }
 * const Greeter: Contract<Greeter> = contract("greeter");
 * if (Greeter.id !== "greeter") throw new Error("unexpected id");
 * ```
 */
export function contract<T>(id: string): Contract<T> {
  return Object.freeze({ kind: "contract" as const, id });
}

/** Makes the token by which a plugin asks for a contract that may be absent. */
export function optional<T>(of: Contract<T>): OptionalContract<T> {
  return Object.freeze({ kind: "optional" as const, id: of.id });
}

/** Makes the token of an event. */
export function event<P>(id: string): Event<P> {
  return Object.freeze({ kind: "event" as const, id });
}
