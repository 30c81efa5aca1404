/**
 * The clocks of WASI. Times are in nanoseconds.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import { WasiFailure } from "./errno.ts";
import type { ModuleMemory } from "./memory.ts";
import type { WasiCalls } from "./calls.ts";

/** Since 1970. */
export function realTime(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function monotonicTime(): bigint {
  return toNanoseconds(performance.now());
}

function toNanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1e6));
}

/** The clocks of a run. */
export class Clocks {
  /** Milliseconds. */
  #start = 0;

  /** Begins a run. */
  start(): void {
    this.#start = performance.now();
  }

  /**
   * Reads a clock. The processor's time is that since the start of the run, which has its thread for itself.
   *
   * @throws {WasiFailure} `INVAL` when there is no such clock.
   */
  now(clock: number): bigint {
    switch (clock) {
      case wasi.CLOCKID_REALTIME:
        return realTime();
      case wasi.CLOCKID_MONOTONIC:
        return monotonicTime();
      case wasi.CLOCKID_PROCESS_CPUTIME_ID:
      case wasi.CLOCKID_THREAD_CPUTIME_ID:
        return toNanoseconds(performance.now() - this.#start);
      default:
        throw new WasiFailure("INVAL");
    }
  }

  /** @throws {WasiFailure} `INVAL` when there is no such clock. */
  resolution(clock: number): bigint {
    if (clock > wasi.CLOCKID_THREAD_CPUTIME_ID) throw new WasiFailure("INVAL");
    return clock === wasi.CLOCKID_REALTIME ? 1_000_000n : 1_000n;
  }
}

/** Makes the calls that read clocks. */
export function clockCalls(memory: ModuleMemory, clocks: Clocks): WasiCalls {
  return {
    clock_res_get: (clock: number, out: number) => memory.setUint64(out, clocks.resolution(clock)),
    clock_time_get: (clock: number, _precision: bigint, out: number) => memory.setUint64(out, clocks.now(clock)),
  };
}
