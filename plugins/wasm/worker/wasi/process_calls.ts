/**
 * The calls on the run itself: its arguments, chance, and its end by a signal.
 *
 * @module
 */
import type { WasiCalls } from "./calls.ts";
import { RunEnd } from "./errno.ts";
import type { ModuleMemory } from "./memory.ts";

/** Most bytes that the platform's generator gives at once. */
const RANDOM_AT_ONCE = 65_536;

const encoder = new TextEncoder();

/** Ends a run that raised a signal. */
export class SignalRaised extends RunEnd {
  override readonly name = "SignalRaised";
  readonly signal: number;

  constructor(signal: number) {
    super(`signal ${signal}`);
    this.signal = signal;
  }
}

/**
 * Makes the calls; environment and exit are those of the shim.
 *
 * @param run The arguments of whatever runs.
 */
export function processCalls(memory: ModuleMemory, run: { readonly args: readonly string[] }): WasiCalls {
  return {
    // the shim counts characters here, where an argument has bytes
    args_sizes_get: (count: number, size: number) => {
      const { args } = run;
      const bytes = args.reduce((sum, arg) => sum + encoder.encode(arg).length + 1, 0);
      memory.setUint32(count, args.length);
      memory.setUint32(size, bytes);
    },
    random_get: (pointer: number, length: number) => fillRandomly(memory.bytes(pointer, length)),
    proc_raise: (signal: number) => {
      if (signal !== 0) throw new SignalRaised(signal);
    },
  };
}

function fillRandomly(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += RANDOM_AT_ONCE) {
    // not in place, since the generator takes no shared memory
    bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_AT_ONCE, bytes.length - at))), at);
  }
}
