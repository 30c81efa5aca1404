/**
 * What a table of WASI calls is, and how its functions become imports.
 *
 * @module
 */
import { errnoOf } from "./errno.ts";

/**
 * Functions by the names of WASI. They get numbers without a sign, throw when they fail, and give nothing, or a number of
 * `errno` where that comes from the shim.
 */
// deno-lint-ignore no-explicit-any -- each call has parameters of its own
export type WasiCalls = Record<string, (...args: any[]) => unknown>;

/**
 * Makes imports of calls.
 *
 * @param check Runs before each of them, and throws where it must not be made.
 */
export function importsOf(calls: WasiCalls, check: () => void): Record<string, (...args: Value[]) => number> {
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guarded(call, check)]));
}

type Value = number | bigint;

function guarded(call: (...args: Value[]) => unknown, check: () => void): (...args: Value[]) => number {
  return (...args) => {
    try {
      check();
      const errno = call(...args.map(withoutSign));
      return typeof errno === "number" ? errno : 0;
    } catch (error) {
      return errnoOf(error);
    }
  };
}

function withoutSign(value: Value): Value {
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : value >>> 0;
}
