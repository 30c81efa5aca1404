/**
 * How a module ends whose thread cannot be ended from outside: it was rewritten to count its work, and to call this each
 * time it has done much.
 *
 * @module
 */
import { FUEL_EXPORT, SPENT_EXPORT } from "../binary/meter_exports.ts";
import type { ModuleHost } from "./hosts.ts";

/** What a processor does in some milliseconds. */
const FUEL_AT_ONCE = 4_000_000n;

/**
 * A module that takes a function from outside and exports it, since tables hold functions of modules only:
 * `(module (import "" "f" (func)) (export "f" (func 0)))`.
 */
const PASSING = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  ...[0x02, 0x06, 0x01, 0x00, 0x01, 0x66, 0x00, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
]);

/** The run that has the thread: there is one at a time. */
let running: { readonly fuel: WebAssembly.Global<"i64">; readonly host: ModuleHost } | undefined;
/** Made when it is first needed, and once, since to make it takes as long as a short run. */
let refill: unknown;

/** Gives a module fuel until nobody waits for its run any more; does nothing to one that was not rewritten so. */
export function refillWhenSpent(exports: Readonly<Record<string, unknown>>, host: ModuleHost): void {
  const { [FUEL_EXPORT]: fuel, [SPENT_EXPORT]: spent } = exports;
  if (!(fuel instanceof WebAssembly.Global) || !(spent instanceof WebAssembly.Table)) return;
  running = { fuel: fuel as WebAssembly.Global<"i64">, host };
  refill ??= new WebAssembly.Instance(new WebAssembly.Module(PASSING), { "": { f: goOn } }).exports["f"];
  spent.set(0, refill);
  goOn();
}

// without fuel the module traps, which it cannot catch, as it could what is thrown here
function goOn(): void {
  if (running !== undefined && !running.host.isEnded()) running.fuel.value = FUEL_AT_ONCE;
}
