/**
 * What a table of WASI calls is, and how its functions become imports.
 *
 * @module
 */
import { errnoOf } from "./errno.ts";
import type { ModuleMemory } from "./memory.ts";

/**
 * Functions by the names of WASI. They get numbers without a sign, throw when they fail, and give nothing, or a number of
 * `errno` where that comes from the shim.
 */
// deno-lint-ignore no-explicit-any -- each call has parameters of its own
export type WasiCalls = Record<string, (...args: any[]) => unknown>;

/** Makes imports of calls. */
export function importsOf(calls: WasiCalls, memory: ModuleMemory): Record<string, (...args: Value[]) => number> {
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guarded(call, memory)]));
}

type Value = number | bigint;

function guarded(call: (...args: Value[]) => unknown, memory: ModuleMemory): (...args: Value[]) => number {
  return (...args) => {
    try {
      // the shim's own functions fail without a word when there is no memory yet
      void memory.buffer;
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
